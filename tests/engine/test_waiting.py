"""A read waits on the segments that it reads, and on no others."""

import time

import pytest

from reads.errors import ViewBehind
from reads.reading import Views
from shop import views
from shop.position import Position
from tests.engine import two_products
from writes.catalog import CreateProduct

_PHANTOM = "99 nobody#1 9999999999999"


@pytest.fixture
async def behind(shop):
    """A shop with one product in a segment that stands still: its leases are held by a worker that is not there."""
    shop.still = shop.keys.segment(shop.bad)
    shop.other = await _a_product_elsewhere(shop)
    for generation in shop.redis.hkeys(shop.keys.leases(shop.still)):
        shop.redis.hset(shop.keys.leases(shop.still), generation, _PHANTOM)
    await shop.shop.does(10)
    await two_products.catch_up(shop)
    epoch, head = await shop.tail.head()
    shop.head = Position(epoch, head)
    return shop


async def _a_product_elsewhere(shop):
    """A product of another segment than the one that is to stand still: made until one lies there, ids are random."""
    while True:
        made = await shop.shop.bus.send(CreateProduct("Elsewhere"))
        product_id = made.ids["product_id"]
        if shop.keys.segment(product_id) != shop.still:
            return product_id


async def reading(one, *, or_stale=False):
    opened = await Views(one.async_redis, one.keys, one.tail).reading()
    await opened.at_least(one.head, 200, or_stale=or_stale)
    return opened


async def test_what_has_been_reached_is_read_at_once_whatever_stands_still(behind):
    read = await reading(behind)
    began = time.monotonic()

    found = await read.get(views.Product, behind.other)

    assert found.id == behind.other
    assert behind.head == read.position
    assert not read.stale
    assert time.monotonic() - began < 0.15


async def test_what_stands_still_is_waited_for_and_then_refused(behind):
    read = await reading(behind)

    with pytest.raises(ViewBehind):
        await read.get(views.Product, behind.bad)
    assert read.waited_ms >= 200


async def test_a_list_is_of_all_segments_and_waits_for_all(behind):
    read = await reading(behind)

    with pytest.raises(ViewBehind):
        await read.counts(views.Product, [views.EVERY])


async def test_who_takes_old_answers_is_told_that_they_are(behind):
    read = await reading(behind, or_stale=True)

    found = await read.get(views.Product, behind.bad)

    assert found.id == behind.bad
    assert read.stale
    assert read.position < behind.head
