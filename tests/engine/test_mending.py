"""Parked documents are mended by an operator's wish: folded on, folded anew, or without the event that is bad."""

import pytest

from shop.views import Wish
from tests.engine import seen, two_products
from writes import catalog


@pytest.mark.parametrize("resume", [True, False])
async def test_a_document_whose_fold_was_mended_is_folded_on_or_anew(shop, monkeypatch, resume):
    await two_products.park(shop, monkeypatch)
    monkeypatch.undo()

    await shop.generations.wish(Wish("product", 1, shop.bad, resume=resume))
    await two_products.catch_up(shop)

    assert {} == seen.parked(shop)
    assert [] == shop.differences()


async def test_a_wish_that_helps_nothing_leaves_the_document_parked(shop, monkeypatch):
    await two_products.park(shop, monkeypatch)
    [before] = seen.parked(shop).values()

    await shop.generations.wish(Wish("product", 1, shop.bad))
    await two_products.catch_up(shop)

    [after] = seen.parked(shop).values()
    assert (before.position, before.waiting) == (after.position, after.waiting)
    assert 0 == sum(shop.redis.hlen(shop.keys.wishes(segment)) for segment in range(4))


async def test_an_event_is_left_out_where_an_operator_wishes_it_and_the_next_ones_follow(shop, monkeypatch):
    await two_products.park(shop, monkeypatch)
    [stuck] = seen.parked(shop).values()

    await shop.generations.wish(Wish("product", 1, shop.bad, resume=True, without=stuck.position))
    await two_products.catch_up(shop)

    assert {} == seen.parked(shop)
    assert [] == shop.differences()  # the next events overwrote all that the bad one said
    assert two_products.stored(shop, shop.bad).version > stuck.waiting


async def test_only_the_event_that_was_wished_away_is_left_out(shop, monkeypatch):
    two_products.breaks_at(monkeypatch, shop.bad, "wrong")
    await two_products.rename(shop, "wrong")
    await shop.shop.bus.send(catalog.UpdateProduct(shop.bad, slug="a-new-slug"))
    await two_products.catch_up(shop)
    [stuck] = seen.parked(shop).values()

    await shop.generations.wish(Wish("product", 1, shop.bad, without=stuck.position))
    await two_products.catch_up(shop)

    assert ("a-new-slug", False) == (
        two_products.stored(shop, shop.bad).slug,
        two_products.stored(shop, shop.bad).name == "wrong",
    )


async def test_a_stored_document_that_cannot_be_read_parks_and_is_folded_anew(shop):
    shop.redis.set(two_products.key(shop, shop.bad), b'{"id":')
    await two_products.rename(shop, "last")

    await two_products.catch_up(shop)

    [stuck] = seen.parked(shop).values()
    assert (shop.bad, 0) == (stuck.document_id, stuck.waiting)
    assert "last" == two_products.stored(shop, shop.good).name
    await shop.generations.wish(Wish("product", 1, shop.bad))
    await two_products.catch_up(shop)
    assert {} == seen.parked(shop)
    left = [line for line in shop.differences() if "expected no entry" not in line]
    assert [] == left  # which entries it had nobody knows any more: the oracle finds them, and a wish may name them


async def test_a_next_generation_with_more_parked_does_not_answer_until_it_is_mended(shop, monkeypatch):
    await two_products.rename(shop, "wrong")
    await two_products.catch_up(shop)
    two_products.breaks_at(monkeypatch, shop.bad, "wrong")
    await shop.generations.rebuild((await shop.tail.head())[0], ["product"])
    await two_products.catch_up(shop)
    segment = shop.keys.segment(shop.bad)

    assert [f"product.2:{shop.bad}"] == list(seen.parked(shop))
    assert {s: b"1" if s == segment else b"2" for s in range(4)} == two_products.answers(shop)
    await two_products.rename(shop, "goes on")
    await two_products.catch_up(shop)
    assert b"1" == two_products.answers(shop)[segment]
    assert "goes on" == two_products.stored(shop, shop.bad).name

    monkeypatch.undo()
    await shop.generations.wish(Wish("product", 2, shop.bad))
    await two_products.catch_up(shop)
    assert {b"2"} == set(two_products.answers(shop).values())
    assert [] == shop.differences()
