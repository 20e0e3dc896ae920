"""Categories may be called and filed otherwise; the tree stays a tree, and no deeper than ten."""

import asyncio

import pytest

from shop import events
from shop.events import Media
from writes import tables as t
from writes.catalog import CreateCategory
from writes.categories import UpdateCategory
from writes.refusals import Invalid, NotFound, Taken, VersionConflict


async def filed(shop, name, parent=None):
    return (await shop.given(CreateCategory(name, parent_id=parent)))["category_id"]


async def chain(shop, name, length, below=None):
    """Given categories one below the other; their ids, from the top."""
    found = []
    for depth in range(length):
        found.append(await filed(shop, f"{name} {depth}", found[-1] if found else below))
    return found


@pytest.fixture
async def cups(shop):
    return await filed(shop, "Cups")


async def test_a_change_tells_what_a_category_is_called_and_where_it_stands(shop, cups):
    kitchen, picture = await filed(shop, "Kitchen"), Media("https://example.com/cup.png")
    await shop.when(UpdateCategory(cups, name=" Mugs ", slug="mugs", image=picture, parent_id=kitchen, position=2))
    assert [
        events.CategoryRenamed(category_id=cups, slug="mugs", name="Mugs", image=picture),
        events.CategoryMoved(category_id=cups, parent_id=kitchen, position=2),
    ] == shop.happened
    row = shop.row(t.categories, cups)
    assert ("mugs", "Mugs", kitchen, 2) == (row.slug, row.name, row.parent_id, row.position)


async def test_a_change_that_changes_nothing_writes_nothing(shop, cups):
    await shop.when(UpdateCategory(cups, name="Cups", slug="cups", parent_id=None, image=None, position=0))
    assert (None, []) == (shop.answer.position, shop.happened)


async def test_a_category_without_a_parent_is_a_root(shop, cups):
    below = await filed(shop, "Saucers", cups)
    await shop.when(UpdateCategory(below, parent_id=None))
    assert [events.CategoryMoved(category_id=below)] == shop.happened
    assert shop.row(t.categories, below).parent_id is None


async def test_a_change_is_refused_where_the_input_is_to_blame(shop, cups):
    await filed(shop, "Plates")
    for command, kind, path in (
        (UpdateCategory("cat_0", name="Mugs"), NotFound, ["id"]),
        (UpdateCategory(cups, expected_version=9, name="Mugs"), VersionConflict, ["expectedVersion"]),
        (UpdateCategory(cups, name=" "), Invalid, ["input", "name"]),
        (UpdateCategory(cups, slug="No Slug"), Invalid, ["input", "slug"]),
        (UpdateCategory(cups, slug="plates"), Taken, ["input", "slug"]),
        (UpdateCategory(cups, parent_id="cat_0"), NotFound, ["input", "parentId"]),
        (UpdateCategory(cups, parent_id=cups), Invalid, ["input", "parentId"]),
    ):
        await shop.when(command)
        assert (kind, path) == (type(shop.refused), shop.refused.path), command


async def test_a_category_is_not_moved_below_itself(shop):
    top, _, bottom = await chain(shop, "Depth", 3)
    await shop.when(UpdateCategory(top, parent_id=bottom))
    assert Invalid is type(shop.refused)


async def test_a_category_is_not_moved_so_deep_that_what_is_below_it_is_too_deep(shop):
    seven, four = await chain(shop, "Seven", 7), await chain(shop, "Four", 4)
    await shop.when(UpdateCategory(four[0], parent_id=seven[-1]))
    assert Invalid is type(shop.refused)
    await shop.when(UpdateCategory(four[0], parent_id=seven[-2]))
    assert shop.refused is None


async def test_a_slug_that_a_category_gave_up_may_be_anothers(shop, cups):
    await shop.given(UpdateCategory(cups, slug="mugs"), CreateCategory("Others", slug="cups"))


async def test_two_that_move_below_each_other_at_the_same_time_make_no_circle(shop):
    for n in range(5):
        one, other = await filed(shop, f"One {n}"), await filed(shop, f"Other {n}")
        moves = [UpdateCategory(one, parent_id=other), UpdateCategory(other, parent_id=one)]
        answers = await asyncio.gather(*map(shop.bus.send, moves))
        assert 1 == [type(answer.refused) for answer in answers].count(Invalid)
