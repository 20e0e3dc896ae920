"""Redis loses its last second, or everything: the views are made whole by themselves, and no listener misses a change."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from projections.store import RefusedError
from reads.errors import ViewRebuilding
from shop.beside import beside
from shop.views import Order, lease
from tests.crash.forking import forking
from tests.crash.listening import Ear, Subscriber, changes_after
from tests.crash.own_redis import own_redis
from tests.crash.shops import SHORT_LEASE, following_reader, random_views, under_load, working


@pytest.fixture
def server(tmp_path):
    with own_redis(tmp_path / "redis") as one:
        yield one


@pytest.fixture
async def views(server, sqlite_databases, tmp_path):
    async with random_views(sqlite_databases.new(tmp_path), server.address) as one:
        yield one


def _power_cut(server, size):
    server.kill()
    server.loses_what_follows(size)
    server.start()


@pytest.mark.parametrize("meanwhile", ["idle", "under load"])
@pytest.mark.parametrize("lost", [0.02, 0.35, 0.7, 1.0])
async def test_a_redis_that_lost_its_last_second_is_made_whole_and_every_change_is_heard_once(views, server, lost, meanwhile):
    ear = Ear()
    async with working(views.worker()), following_reader(views) as source:
        with source.feed.listening(ear):
            begun = source.feed.position
            await views.shop.does(40)
            await views.caught_up()
            kept = server.written()
            await views.shop.does(40)
            await views.caught_up()
            size = server.written()

            async with AsyncExitStack() as stack:
                if meanwhile == "under load":
                    await stack.enter_async_context(under_load(views.shop))
                _power_cut(server, size - int((size - kept) * lost))
                await asyncio.sleep(0.5)
            await views.caught_up()

            assert [] == views.differences()
            assert [] == views.feed_faults()
            expected = changes_after(views, begun)
            await _heard(ear, expected)
            assert (expected, []) == (ear.heard, ear.ended)


async def _heard(ear, expected):
    """Give the feed its time."""
    for _ in range(3000):
        if expected <= ear.heard or ear.ended:
            return
        await asyncio.sleep(0.01)


async def test_a_lease_whose_number_went_back_with_redis_does_not_let_its_earlier_owner_write(views, server):
    before = server.written()
    early = views.worker("early")
    await early.catch_up()
    _power_cut(server, before)
    late = views.worker("late")
    await late.catch_up()
    leases = [lease(text.decode()) for text in views.redis.hvals(views.keys.leases(0))]
    assert {1} == {one.number for one in leases}, "the numbers are those that the early one had"
    await views.shop.does(20)

    with pytest.raises(RefusedError):
        await early._present.advance(list(early._lines_present()))

    await late.catch_up()
    assert [] == views.differences()
    assert [] == views.feed_faults()


async def test_an_emptied_redis_is_filled_again_while_commands_go_on_and_subscribers_are_told(views):
    async with working(views.worker()), following_reader(views) as source:
        epoch, _ = await views.tail.head()
        subscriber = Subscriber(source, epoch)
        async with beside(subscriber.follow()):
            async with under_load(views.shop):
                await _some_orders(subscriber)

                told = await _emptied_while_commands_go_on(views, source)

                assert all(0 <= one["applied"] <= one["total"] for one in told)
            await views.caught_up()

            assert [] == views.differences()
            assert [] == views.feed_faults()
            assert {"VIEW_REBUILDING"} == {reason.code for reason in subscriber.told}
            orders = await _orders(views, source)
            assert orders == await _held(subscriber, orders)


async def test_a_redis_that_is_emptied_under_an_idle_shop_is_filled_again(views):
    await views.shop.does(60)
    async with working(views.worker()):
        await views.caught_up()
        views.redis.flushall()
        await views.caught_up()

        assert [] == views.differences()


async def _some_orders(subscriber):
    async with asyncio.timeout(30):
        while len(subscriber.orders) < 3:
            await asyncio.sleep(0.02)


async def _emptied_while_commands_go_on(views, source):
    """Empty Redis, again where the views were made before a command came; what was said meanwhile."""
    async with asyncio.timeout(60):
        while True:
            accepted = views.shop.accepted.total()
            views.redis.flushall()
            told = await _progress(source)
            if views.shop.accepted.total() > accepted:
                return told


async def _progress(source):
    """Read until the views answer again; what was said meanwhile."""
    told = []
    async with asyncio.timeout(30):
        while True:
            try:
                reading = await source.reading()
                await reading.reached(Order)
                if told:
                    return told
            except ViewRebuilding as rebuilding:
                told.append(rebuilding.details)
            await asyncio.sleep(0.001)


async def _orders(views, source):
    ids = [row.id for row in views.shop.rows("SELECT id FROM orders")]
    reading = await source.reading()
    return dict(zip(ids, await reading.many(Order, ids), strict=True))


async def _held(subscriber, expected):
    """What a subscriber holds at last."""
    for _ in range(3000):
        if expected == subscriber.orders:
            break
        await asyncio.sleep(0.01)
    return subscriber.orders


@pytest.fixture(scope="module")
def workers():
    with forking() as helper:
        yield helper


async def test_listeners_are_told_of_a_gap_in_any_view_also_where_a_worker_died_between_two_switches(views, workers):
    worker = {"database": str(views.shop.database.address), "socket": views.socket, "segments": views.keys.segments}
    await views.catch_up()
    async with following_reader(views) as source:
        for step in range(33, 63, 3):
            ear, begun = Ear(), (await views.tail.head())[1]
            while source.feed.position < begun:
                await asyncio.sleep(0.01)
            with source.feed.listening(ear):
                views.redis.flushall()
                workers.ended(workers.start(**worker, name="here", lease_seconds=SHORT_LEASE, dies_before=step))
                await views.shop.does(8)
                await views.catch_up()

                expected = changes_after(views, begun)
                await _heard(ear, expected)
                assert ear.ended or expected == ear.heard, f"missed when it died before step {step}"
