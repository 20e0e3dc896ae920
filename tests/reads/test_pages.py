"""Pages of a list: the same entries whichever way and in whatever steps one goes through them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reads.errors import BadCursor
from reads.pages import Window, cursor, member, page_of
from shop.views import Warehouse

LIST = [Warehouse(id=f"wh_{n}", code=f"{n:03d}", name="") for n in range(25)]


def _page(window):
    return page_of(LIST, window, lambda one: one.code)


@given(st.integers(1, 30))
def test_going_forward_in_any_steps_shows_each_entry_once(step):
    seen, after = [], None
    while True:
        page = _page(Window(first=step, after=after))
        seen += page.nodes
        after = page.page_info.end_cursor
        if not page.page_info.has_next_page:
            break

    assert LIST == seen


@given(st.integers(1, 30))
def test_going_backward_in_any_steps_shows_each_entry_once(step):
    seen, before = [], None
    while True:
        page = _page(Window(last=step, before=before))
        seen = page.nodes + seen
        before = page.page_info.start_cursor
        if not page.page_info.has_previous_page:
            break

    assert LIST == seen


def test_a_list_knows_its_size_on_every_page():
    assert 25 == _page(Window(first=3)).total_count


@pytest.mark.parametrize(
    "window",
    [
        Window(first=1, last=1),
        Window(first=-1),
        Window(first=101),
        Window(first=1, before="x"),
        Window(last=1, after="x"),
        Window(first=1, after="no cursor"),
    ],
)
def test_a_window_that_makes_no_sense_is_refused(window):
    with pytest.raises(BadCursor):
        _page(window)


def test_a_cursor_is_the_member_it_points_at():
    assert "name\0prod_1" == member(cursor("name\0prod_1"))
