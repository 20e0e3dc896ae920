"""However events come: unannounced, twice, with answers that are lost, through outages. Each is folded once, none is lost."""

import asyncio
import time
from contextlib import asynccontextmanager

import msgspec
import pytest
import redis.exceptions

from projections.store import Batch, RefusedError
from projections.worker import Worker
from shop.tail import LogUnavailableError
from tests.engine import seen
from tests.engine.working import working
from writes import catalog


async def test_an_event_that_nobody_was_nudged_for_is_in_the_views_within_a_second(random_shop):
    """The random shops nudge nobody."""
    async with random_shop(50, 4) as one:
        worker = _worker(one)
        await worker.catch_up()
        async with working(worker):
            await asyncio.sleep(0.5)  # long enough that it polls as seldom as it ever does
            await one.shop.bus.send(catalog.CreateCategory("Tea"))
            began = time.monotonic()

            async with asyncio.timeout(5):
                while one.differences():
                    await asyncio.sleep(0.02)

            assert time.monotonic() - began < 1


async def test_events_that_are_delivered_again_change_nothing(random_shop):
    """As if Redis had lost the checkpoint alone: everything behind it comes a second time."""
    async with random_shop(51, 4) as one:
        await _worker(one).catch_up()
        keys = [one.keys.checkpoints(segment) for segment in range(4)]
        before = {key: one.redis.hgetall(key) for key in keys}
        await one.shop.does(60)
        await _worker(one).catch_up()
        after = seen.content(one)
        for key, checkpoints in before.items():
            one.redis.hset(key, mapping=checkpoints)

        await _worker(one).catch_up()

        assert after == seen.content(one)
        assert [] == one.differences()


async def test_views_that_stand_apart_in_a_segment_meet_again(random_shop):
    """One view's checkpoint is set back: its events come again, the others' do not."""
    async with random_shop(52, 2) as one:
        await _worker(one).catch_up()
        key = one.keys.checkpoints(0)
        before = one.redis.hget(key, "product.1")
        await one.shop.does(60)
        await _worker(one).catch_up()
        one.redis.hset(key, "product.1", before)

        await _worker(one).catch_up()

        assert [] == one.differences()
        assert seen.checkpoint(one, 0, "order.1") == seen.checkpoint(one, 0, "product.1")


@pytest.mark.parametrize("lost", ["answer", "request"])
async def test_a_batch_is_tried_again_when_its_answer_is_lost_and_doubles_nothing(random_shop, lost):
    async with random_shop(53, 4) as one:
        worker = _worker(one)
        await worker.catch_up()
        await one.shop.does(60)
        script, left = worker._store._commit, [3]

        async def failing(**batch):
            left[0] -= 1
            if left[0] < 0 or lost == "answer":
                answer = await script(**batch)
            if left[0] >= 0:
                raise redis.exceptions.ConnectionError("the line broke")
            return answer

        worker._store._commit = failing
        async with _running(worker, one):
            pass

        assert left[0] < 0
        assert [] == one.differences()
        assert seen.due(one) == sorted(seen.told(one))


async def test_a_batch_that_was_written_is_refused_a_second_time(random_shop):
    """By who does not look anew: its lease is good, and its checkpoint is not."""
    async with random_shop(56) as one:
        worker = _worker(one)
        await worker.catch_up()
        await one.shop.does(20)
        before = [msgspec.structs.replace(unit) for line in worker._lines_present() for unit in line.units.values()]
        await worker._present.advance(list(worker._lines_present()))
        after = one.dump()

        with pytest.raises(RefusedError, match="not at"):
            await worker._store.commit(0, before, before[0].checkpoint, Batch())

        assert after == one.dump()


async def test_connections_that_break_all_the_time_park_nothing(random_shop):
    async with random_shop(54, 4) as one:
        worker = _worker(one)
        await one.shop.does(30)
        async with _running(worker, one):
            for _ in range(10):
                one.redis.client_kill_filter(_type="normal", skipme=True)
                await one.shop.does(3)

        assert {} == seen.parked(one)
        assert seen.due(one) == sorted(seen.told(one))


async def test_a_log_that_is_away_for_a_while_parks_nothing(random_shop):
    async with random_shop(55, 4) as one:
        log = Flaky(one.tail)
        worker = Worker(log, one.async_redis, one.keys)
        async with _running(worker, one):
            for _ in range(3):
                log.is_away = True
                await one.shop.does(10)
                await asyncio.sleep(0.05)
                assert one.differences()
                log.is_away = False

        assert {} == seen.parked(one)
        assert seen.due(one) == sorted(seen.told(one))


class Flaky:
    """The log, away at times."""

    def __init__(self, tail):
        self.is_away = False
        self._tail = tail

    def __getattr__(self, name):
        if self.is_away:
            raise LogUnavailableError("the database is being started again")
        return getattr(self._tail, name)


def _worker(one):
    return Worker(one.tail, one.async_redis, one.keys, name="w")


@asynccontextmanager
async def _running(worker, one):
    """Let the worker run beside the block, and until it has caught up."""
    async with working(worker):
        yield
        async with asyncio.timeout(20):
            while one.differences():
                await asyncio.sleep(0.05)
