"""`tradewind show`: a document as it is, as it was at a position or a moment, and what is said where there is none."""

import datetime as dt
import json
import re

import pytest

from tests.journeys.test_operating import a_new_name


@pytest.fixture
async def twice(front):
    """A product that was given two descriptions: its id, and the position of each."""
    product_id, first = await a_new_name(front)
    again, second = await a_new_name(front)
    assert product_id == again
    return product_id, first, second


def _shown(operated, *arguments):
    told = operated.says("show", *arguments)
    assert (0, "") == (told.returncode, told.stderr)
    return json.loads(told.stdout)


async def test_a_document_is_shown_as_the_views_have_it(operated, front, twice):
    product_id, *_ = twice
    await front.until_caught_up()
    generation = (await front.view("product"))["generation"]

    assert json.loads(operated.redis.get(f"{{tw0}}:product.{generation}:{product_id}")) == _shown(
        operated, f"product:{product_id}"
    )


@pytest.mark.parametrize("form", ["the position as clients have it", "its number"])
async def test_a_document_is_shown_as_it_was_at_a_position(operated, front, twice, form):
    product_id, first, second = twice
    number = int(first.split(".")[1])

    was = _shown(operated, f"product:{product_id}", "--at", first if form.endswith("it") else str(number))

    now = _shown(operated, f"product:{product_id}", "--at", second)
    assert number == was["folded_position"]
    assert was["version"] + 1 == now["version"]
    assert was["description"] != now["description"]


async def test_a_document_is_shown_as_it_was_at_a_moment(operated, front):
    product_id, first = await a_new_name(front)
    moment = dt.datetime.now(dt.UTC)
    await a_new_name(front)

    was = _shown(operated, f"product:{product_id}", "--at", moment.isoformat())
    elsewhere = moment.astimezone(dt.timezone(dt.timedelta(hours=5)))

    assert int(first.split(".")[1]) == was["folded_position"]
    assert was == _shown(operated, f"product:{product_id}", "--at", elsewhere.isoformat())
    assert was == _shown(operated, f"product:{product_id}", "--at", moment.replace(tzinfo=None).isoformat())


async def test_what_was_not_there_yet_is_told_in_one_line(operated, front, twice):
    product_id, *_ = twice

    for at in ("1", "2001-01-01T00:00:00Z"):
        told = operated.says("show", f"product:{product_id}", "--at", at)

        assert (1, "") == (told.returncode, told.stdout)
        assert f"tradewind: there was no product {product_id} then.\n" == told.stderr


async def test_what_never_was_is_told_in_one_line(operated, front):
    told = operated.says("show", "product:prd_never")

    assert (1, "", "tradewind: there is no product prd_never.\n") == (told.returncode, told.stdout, told.stderr)


@pytest.mark.parametrize("at", ["nonsense", "00000000.00000000000001.00000", "2026-13-01"])
async def test_a_moment_that_is_none_is_refused_in_one_line(operated, front, twice, at):
    told = operated.says("show", f"product:{twice[0]}", "--at", at)

    assert (1, "") == (told.returncode, told.stdout)
    assert f"tradewind: {at!r} is neither a position of this log nor a moment such as 2026-01-31T12:00:00Z.\n" == told.stderr


@pytest.mark.parametrize("key", ["nonsense", "nonsense:prd_1", "product:"])
async def test_a_key_that_is_none_is_refused_in_one_line(operated, key):
    told = operated.says("show", key)

    assert (1, "") == (told.returncode, told.stdout)
    assert re.fullmatch(rf"tradewind: '{key}' is no document: write view:id, the view one of .*\bproduct\b.*\.\n", told.stderr)
