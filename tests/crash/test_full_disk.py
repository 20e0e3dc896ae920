"""No room left, in the database or in Redis: what was acknowledged stands, what failed left no trace, and room heals it."""

import asyncio

import pytest
import sqlalchemy as sa

from tests.crash.own_redis import own_redis
from tests.crash.shops import random_views, under_load, working
from writes import catalog, variants

_COMMANDS = 300
_TASKS = 8
_PAGES_LEFT = 25
_NO_LIMIT = 2**30


@pytest.fixture
async def views(sqlite_databases, tmp_path):
    with own_redis(tmp_path / "redis") as server:
        async with random_views(sqlite_databases.new(tmp_path), server.address) as one:
            yield one


def _pages(shop, most):
    """Let the writer's file grow to so many pages."""
    connection = shop.writer._connection.connection.dbapi_connection
    connection.execute(f"PRAGMA max_page_count={most}")


def _command(number):
    price = variants.PriceIn("uk", "1.00", "GBP")
    return catalog.CreateProduct(f"full-{number}", variants=[variants.VariantIn(f"full-{number}", [price])])


async def _send_all(shop):
    """Several tasks at once, each command under a key of its own; the answer to each, or the error."""
    numbers, outcomes = iter(range(_COMMANDS)), {}

    async def send():
        for number in numbers:
            try:
                outcomes[number] = await shop.bus.send(_command(number), key=f"key-{number}")
            except sa.exc.OperationalError as error:
                outcomes[number] = error

    await asyncio.gather(*(send() for _ in range(_TASKS)))
    return outcomes


def _traces(shop, number):
    """How often a command's work stands in the tables: product, variant, event, key."""
    return [
        shop.value(f"SELECT count(*) FROM {where}")
        for where in (
            f"products WHERE name = 'full-{number}'",
            f"variants WHERE sku = 'full-{number}'",
            f"events WHERE type = 'ProductCreated' AND data LIKE '%\"full-{number}\"%'",
            f"idempotency_keys WHERE key = 'key-{number}'",
        )
    ]


async def test_a_database_that_is_full_keeps_what_it_acknowledged_and_nothing_else(views):
    shop = views.shop
    _pages(shop, shop.value("PRAGMA page_count") + _PAGES_LEFT)

    first = await _send_all(shop)

    failed = {number for number, outcome in first.items() if isinstance(outcome, Exception)}
    assert 10 < len(failed) < _COMMANDS - 10, "it was to be full in the middle"
    assert all("full" in str(first[number]) for number in failed)
    for number in range(_COMMANDS):
        assert (number, [int(number not in failed)] * 4) == (number, _traces(shop, number))
    assert shop.value("SELECT position FROM log_head") == shop.value("SELECT count(*) FROM events")

    _pages(shop, _NO_LIMIT)
    second = await _send_all(shop)

    assert failed == {number for number, answer in second.items() if not answer.replayed}
    assert all(answer.refused is None for answer in second.values())
    kept = [number for number in range(_COMMANDS) if number not in failed]
    assert [first[number].ids for number in kept] == [second[number].ids for number in kept]
    for number in range(_COMMANDS):
        assert (number, [1] * 4) == (number, _traces(shop, number))
    await views.catch_up()
    assert [] == views.differences()


async def test_a_worker_waits_while_redis_has_no_memory_left_and_goes_on(views):
    async with working(views.worker()), under_load(views.shop):
        await asyncio.sleep(0.3)
        for seconds in (0.1, 0.4, 0.2):
            views.redis.config_set("maxmemory", 1)
            full = views.redis.hgetall(views.keys.checkpoints(0))
            accepted = views.shop.accepted.total()
            await asyncio.sleep(seconds)

            assert full == views.redis.hgetall(views.keys.checkpoints(0)), "something was written without room"
            assert views.shop.accepted.total() > accepted
            views.redis.config_set("maxmemory", 0)
            await asyncio.sleep(0.5)
    await views.catch_up()

    assert [] == views.differences()
    assert [] == views.feed_faults()
