"""A worker that slept past its lease: whatever it still sends is refused, and what its heir wrote stands."""

import asyncio
import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from projections.store import RefusedError
from projections.worker import Worker
from tests.engine import seen

HOME = Path(__file__).parents[2]


@pytest.mark.parametrize("segments", [1, 4])
async def test_a_process_that_was_stopped_past_its_lease_writes_nothing(random_shop, redis_address, segments):
    async with random_shop(20, segments) as one:
        _, made = await one.tail.head()
        with _process(one, redis_address, stop_at=made) as sleeper:
            await _until(lambda: not one.differences())
            await one.shop.does(20)
            await _until(lambda: _is_stopped(sleeper))
            heir = Worker(one.tail, one.async_redis, one.keys, name="heir", lease_seconds=1)
            await _until(lambda: _catches_up(heir, one))
            await one.shop.does(20)
            await heir.catch_up()
            before = seen.content(one)

            sleeper.send_signal(signal.SIGCONT)

            assert "worker_looks_anew" in await asyncio.to_thread(sleeper.stdout.readline)
            sleeper.send_signal(signal.SIGTERM)
            await asyncio.to_thread(sleeper.wait, 10)
        assert before == seen.content(one)
        assert [] == one.differences()
        assert seen.due(one) == sorted(seen.told(one))


async def test_a_batch_held_back_past_its_lease_is_refused_and_changes_nothing(random_shop):
    async with random_shop(21) as one:
        late, heir = (Worker(one.tail, one.async_redis, one.keys, name=name, lease_seconds=0.3) for name in ("late", "heir"))
        await late.catch_up()
        held, go_on = _held_back(late)
        await one.shop.does(20)
        written = asyncio.create_task(late._present.advance(list(late._lines_present())))
        await held.wait()
        await _until(lambda: _catches_up(heir, one))
        await one.shop.does(20)
        await heir.catch_up()
        before = one.dump()

        go_on.set()

        with pytest.raises(RefusedError, match="heir"):
            await written
        assert before == one.dump()
        assert [] == one.differences()


async def test_a_batch_held_back_is_refused_where_its_heir_has_not_written_yet(random_shop):
    """The checkpoint still stands where it did: the lease alone tells that it is another's."""
    async with random_shop(22) as one:
        late, heir = (Worker(one.tail, one.async_redis, one.keys, name=name, lease_seconds=0.3) for name in ("late", "heir"))
        await late.catch_up()
        held, go_on = _held_back(late)
        await one.shop.does(20)
        written = asyncio.create_task(late._present.advance(list(late._lines_present())))
        await held.wait()
        while not seen.held_by(one, "heir"):
            await heir._renew()
        before = one.dump()

        go_on.set()

        with pytest.raises(RefusedError, match="heir"):
            await written
        assert before == one.dump()


async def test_a_worker_that_was_refused_looks_anew_and_goes_on(random_shop):
    async with random_shop(23) as one:
        late, heir = (Worker(one.tail, one.async_redis, one.keys, name=name, lease_seconds=0.3) for name in ("late", "heir"))
        await late.catch_up()
        await one.shop.does(10)
        await _until(lambda: _catches_up(heir, one))
        await heir._leases.release()
        await one.shop.does(10)

        late._renew_after = 60  # it does not look before it writes
        assert await late.step()
        await late.catch_up()

        assert [] == one.differences()
        assert seen.due(one) == sorted(seen.told(one))


def _held_back(worker):
    """Let the worker's next batch wait right before its script, until it may go on."""
    held, go_on, commit = asyncio.Event(), asyncio.Event(), worker._store.commit

    async def waiting(*batch):
        held.set()
        await go_on.wait()
        await commit(*batch)

    worker._store.commit = waiting
    return held, go_on


@contextmanager
def _process(one, redis_address, stop_at):
    arguments = [one.shop.database.address, redis_address, one.keys.segments, 1, stop_at]
    whole = [sys.executable, "-m", "tests.engine.one_worker", *map(str, arguments)]
    with subprocess.Popen(whole, cwd=HOME, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def _is_stopped(process):
    pid, status = os.waitpid(process.pid, os.WUNTRACED | os.WNOHANG)
    return pid == process.pid and os.WIFSTOPPED(status)


async def _catches_up(worker, one):
    await worker.catch_up()
    return not one.differences()


async def _until(is_so):
    async with asyncio.timeout(20):
        while True:
            answer = is_so()
            if await answer if asyncio.iscoroutine(answer) else answer:
                return
            await asyncio.sleep(0.05)
