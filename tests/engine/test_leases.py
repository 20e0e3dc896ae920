"""Who works on what: segments are shared fairly, handed over at once, and taken from the dead once their leases ran out."""

import asyncio
import time
from collections import Counter

import pytest

from projections import generations, leases
from projections.generations import VERSIONS, Generations
from projections.store import RefusedError
from projections.worker import Worker
from tests.engine import seen
from tests.engine.working import working
from writes import catalog

_SEGMENTS = 16
_NEWER = VERSIONS["product"] + 1  # of the fold of products


@pytest.mark.parametrize(("names", "shares"), [("a", [16]), ("ab", [8, 8]), ("abc", [4, 6, 6])])
async def test_workers_share_the_segments_fairly(random_shop, names, shares):
    async with random_shop(1, _SEGMENTS) as one:
        workers = [_worker(one, name) for name in names]

        for worker in workers * 2:  # what one gives back at a renewal, another takes at its next
            await worker.catch_up()

        holders = seen.holders(one)
        assert shares == sorted(Counter(name for held in holders.values() for name in held).values())
        assert {1} == {len(held) for held in holders.values()}


async def test_a_worker_alone_again_takes_everything(random_shop):
    async with random_shop(2, _SEGMENTS) as one:
        a, b = _worker(one, "a"), _worker(one, "b")
        for worker in (a, b, a, b):
            await worker.catch_up()

        await a._leases.release()
        await b.catch_up()

        assert [{"b"}] * _SEGMENTS == list(seen.holders(one).values())


async def test_a_worker_that_stops_hands_over_at_once(random_shop):
    """Its leases would last a minute more, and the other would look around in twelve seconds: it is told."""
    async with random_shop(3, _SEGMENTS) as one:
        leaving, staying = _worker(one, "leaving", 60), _worker(one, "staying", 60)
        for worker in (leaving, staying, leaving, staying):
            await worker.catch_up()
        async with working(staying):
            gone = asyncio.create_task(leaving.run())
            await asyncio.sleep(0.2)
            assert 8 == seen.held_by(one, "leaving")
            began = time.monotonic()

            leaving.stop()

            async with asyncio.timeout(5):
                while seen.held_by(one, "staying") < _SEGMENTS:
                    await asyncio.sleep(0.01)
            assert time.monotonic() - began < 1
            await gone


async def test_a_worker_that_dies_is_replaced_when_its_leases_ran_out_and_not_before(random_shop):
    async with random_shop(4, 4) as one:
        await _worker(one, "dead", 1).catch_up()  # and never again: so it looks from outside
        until = max(lease.until for segment in range(4) for lease in seen.leases(one, segment).values())
        began = time.monotonic()

        heir = _worker(one, "heir", 1)
        while not seen.held_by(one, "heir"):
            assert time.monotonic() - began < 5
            await heir.catch_up()
            assert seen.is_over(one, until) or not seen.held_by(one, "heir")
            await asyncio.sleep(0.05)

        assert [{"heir"}] * 4 == list(seen.holders(one).values())


async def test_a_worker_of_the_same_name_takes_over_at_once(random_shop):
    """It is the next process of a worker that was killed; what that one may still send is refused."""
    async with random_shop(5, 4) as one:
        before, after = _worker(one, "w", 60), _worker(one, "w", 60)
        await before.catch_up()
        await one.shop.does(10)

        await after.catch_up()

        assert [] == one.differences()
        assert {2} == {lease.number for segment in range(4) for lease in seen.leases(one, segment).values()}
        await one.shop.does(10)
        with pytest.raises(RefusedError):
            await before._present.advance(list(before._lines_present()))


async def test_an_older_and_a_newer_program_each_move_their_own_and_nothing_else(random_shop, monkeypatch):
    async with random_shop(6, 4) as one:
        old, new = _worker(one, "old", 60), _worker(one, "new", 60)
        await old.catch_up()
        await _carrying(monkeypatch, new, product=_NEWER)
        where = seen.checkpoint(one, 0, "product.1")
        await one.shop.does(30)

        await old.catch_up()
        behind = one.differences()
        await _carrying(monkeypatch, new, product=_NEWER)

        assert all("product.2: expected" in line or ":product.2" in line for line in behind)
        assert behind
        assert [] == one.differences()
        assert where == seen.checkpoint(one, 0, "product.1")
        owners = {(name, lease.owner[:3], lease.number) for s in range(4) for name, lease in seen.leases(one, s).items()}
        assert {(f"{view}.1", "old", 1) for view in VERSIONS} | {("product.2", "new", 1)} == owners


async def test_what_only_a_newer_program_can_make_is_left_to_it_and_what_answers_moves_on(random_shop, monkeypatch):
    async with random_shop(7, 4) as one:
        old = _worker(one, "old")
        await old.catch_up()
        epoch, _ = await one.tail.head()
        _carries(monkeypatch, product=_NEWER)
        for segment in range(4):
            await Generations(one.async_redis, one.keys).begin(segment, epoch, ["product"])
        monkeypatch.undo()
        await one.shop.does(30)

        await old.catch_up()

        assert [] == one.differences()
        assert {0} == {seen.checkpoint(one, segment, "product.2").position for segment in range(4)}


async def test_a_worker_reads_every_event_once_however_many_segments_it_holds(random_shop):
    async with random_shop(8, _SEGMENTS) as one:
        await one.shop.does(40)
        counted = Counted(one.tail)
        worker = Worker(counted, one.async_redis, one.keys)

        await worker.catch_up()
        _, made = await one.tail.head()
        assert made == counted.rows
        await one.shop.does(40)
        await worker.catch_up()

        _, head = await one.tail.head()
        assert head == counted.rows


async def test_after_each_event_a_worker_asks_the_log_for_the_new_ones_alone(random_shop):
    async with random_shop(9, _SEGMENTS) as one:
        counted = Counted(one.tail)
        worker = Worker(counted, one.async_redis, one.keys)
        await worker.catch_up()
        before = counted.rows

        for name in ("Tea", "Rum", "Salt"):
            await one.shop.bus.send(catalog.CreateCategory(name))
            await worker.catch_up()

        assert 3 == counted.rows - before


class Counted:
    """The log, and how many events were read from it."""

    def __init__(self, tail):
        self.rows = 0
        self._tail = tail

    def __getattr__(self, name):
        return getattr(self._tail, name)

    async def following(self, position, event_id, limit):
        found = await self._tail.following(position, event_id, limit)
        self.rows += len(found)
        return found


def _worker(one, name, seconds=5.0):
    return Worker(one.tail, one.async_redis, one.keys, name=name, lease_seconds=seconds)


def _carries(monkeypatch, **versions):
    for module in (generations, leases):
        monkeypatch.setattr(module, "VERSIONS", {**VERSIONS, **versions})


async def _carrying(monkeypatch, worker, **versions):
    """Let a worker catch up as a program would that carries other folds."""
    _carries(monkeypatch, **versions)
    worker._leases._carries = "other"
    await worker.catch_up()
    monkeypatch.undo()
