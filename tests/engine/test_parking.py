"""A document that cannot be folded stands parked, alone: all else goes on, and who reads it is told."""

import pytest

from reads.errors import ViewBehind
from reads.reading import Views
from shop.position import Position
from shop.views import Product
from tests.engine import seen, two_products


async def test_a_fold_that_raises_parks_its_document_and_what_follows_and_nothing_else(shop, monkeypatch):
    two_products.breaks_at(monkeypatch, shop.bad, "wrong")
    for name in ("right", "wrong", "after", "last"):
        await two_products.rename(shop, name)
    await shop.shop.does(30)

    await two_products.catch_up(shop)

    [stuck] = seen.parked(shop).values()
    assert ("product", 1, shop.bad, "ProductDescribed") == (stuck.view, stuck.generation, stuck.document_id, stuck.event)
    assert "ValueError: a fault" == stuck.error
    assert stuck.waiting >= 2
    assert "right" == two_products.stored(shop, shop.bad).name
    assert stuck.position > two_products.stored(shop, shop.bad).folded_position
    wrong = shop.differences()
    assert wrong
    assert all(shop.bad in line for line in wrong)


async def test_events_of_later_batches_wait_too(shop, monkeypatch):
    """Even where they could be folded: out of their order they would make another document."""
    two_products.breaks_at(monkeypatch, shop.bad, "wrong")
    await two_products.rename(shop, "wrong")
    await two_products.catch_up(shop)
    monkeypatch.undo()
    before = two_products.stored(shop, shop.bad)
    for name in ("after", "last"):
        await two_products.rename(shop, name)
        await two_products.catch_up(shop)

    assert [2] == [stuck.waiting for stuck in seen.parked(shop).values()]
    assert before == two_products.stored(shop, shop.bad)
    assert "last" == two_products.stored(shop, shop.good).name


async def test_who_reads_a_parked_document_is_told_that_it_is_old(shop, monkeypatch):
    await two_products.park(shop, monkeypatch)
    read = Views(shop.async_redis, shop.keys, shop.tail)

    reading = await read.reading()
    assert "last" == (await reading.get(Product, shop.good)).name
    assert not reading.stale
    assert "wrong" != (await reading.get(Product, shop.bad)).name
    assert reading.stale


async def test_who_asks_for_a_later_place_is_refused_the_parked_document_alone(shop, monkeypatch):
    await two_products.park(shop, monkeypatch)
    reading = await Views(shop.async_redis, shop.keys, shop.tail).reading()
    await reading.at_least(Position(*await shop.tail.head()), 100)

    assert "last" == (await reading.get(Product, shop.good)).name
    with pytest.raises(ViewBehind):
        await reading.get(Product, shop.bad)


async def test_who_asks_for_an_earlier_place_is_given_the_parked_document(shop, monkeypatch):
    epoch, before = await shop.tail.head()
    await two_products.park(shop, monkeypatch)
    reading = await Views(shop.async_redis, shop.keys, shop.tail).reading()
    await reading.at_least(Position(epoch, before), 100)

    assert shop.bad == (await reading.get(Product, shop.bad)).id
    assert reading.stale
