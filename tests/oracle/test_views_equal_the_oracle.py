"""Random shops: whatever happens in them, the views show what the tables say, however and how often they are folded."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from shop import events, log
from tests.oracle.conftest import SHOPS
from tests.oracle.states import STATES, entered
from writes.handlers import HANDLERS

_COMMANDS = 150
_MOST_SHOPS = 60
_SEEDS = range(SHOPS)


@pytest.mark.parametrize("seed", _SEEDS)
async def test_whatever_happens_the_views_show_what_the_tables_say(random_shop, seed):
    async with random_shop(seed) as one:
        worker = one.worker()

        for some in _parts(one.shop.random, _COMMANDS):
            await one.shop.does(some)
            await worker.catch_up()

            assert [] == one.differences()


@pytest.mark.parametrize("place", [("sqlite", 1)], indirect=True, ids=str)  # what is drawn is the same on both databases
async def test_random_shops_reach_every_event_every_command_and_every_state(random_shop):
    not_yet = {kind.__name__ for kind in (*events.ALL, *HANDLERS)} | STATES
    for seed in range(_MOST_SHOPS):
        async with random_shop(seed) as one:
            await one.shop.does(2 * _COMMANDS)  # some come late in an order's life
            not_yet -= {recorded.type for recorded in _log(one)} | one.shop.accepted.keys() | entered(_log(one))
        if not not_yet:
            break

    assert set() == not_yet


async def test_folding_in_one_go_gives_the_same_views_as_folding_step_by_step(random_shop):
    async with random_shop(100) as one:
        worker = one.worker()
        for some in _parts(one.shop.random, _COMMANDS):
            await one.shop.does(some)
            await worker.catch_up()
        step_by_step = one.views()
        one.redis.flushall()

        await one.worker().catch_up()

        assert step_by_step == one.views()


async def test_a_worker_that_did_not_notice_its_commit_doubles_nothing(random_shop):
    async with random_shop(101) as one:
        stale, ahead = one.worker(), one.worker()  # of one name: the second takes over
        await stale.catch_up()
        await one.shop.does(60)
        await ahead.catch_up()
        before = one.dump()

        await stale.step()

        assert before == one.dump()
        assert [] == one.differences()


async def test_a_batch_that_is_folded_again_changes_nothing(random_shop):
    """What remains when Redis broke in the middle of a script: all is written, the checkpoint is not."""
    async with random_shop(102) as one:
        await one.worker().catch_up()
        checkpoints = one.checkpoints()
        await one.shop.does(60)
        await one.worker().catch_up()
        before = one.dump()
        for segment, checkpoint in checkpoints.items():
            one.redis.hset(one.keys.checkpoints(segment), mapping=checkpoint)

        await one.worker().catch_up()

        assert before == one.dump()


async def test_two_workers_at_once_give_the_same_views_as_one(random_shop):
    async with random_shop(103) as one:
        async with _at_work(one, 2):
            for some in _parts(one.shop.random, _COMMANDS):
                await one.shop.does(some)
            await _caught_up(one)
        together = one.views()
        assert [] == one.differences()
        one.redis.flushall()

        await one.worker().catch_up()

        assert together == one.views()


async def test_the_feed_has_each_change_once_at_rising_positions(random_shop):
    async with random_shop(104) as one:
        workers = [one.worker(), one.worker()]
        await workers[0].catch_up()  # from the first answer on the feed is whole
        begun = len(_log(one))
        for some in _parts(one.shop.random, _COMMANDS):
            await one.shop.does(some)
            await asyncio.gather(*(worker.catch_up() for worker in workers), return_exceptions=True)
        await one.worker().catch_up()

        told = []
        for feed in one.feed():
            positions = [int(entry.partition("-")[0]) for entry, content in feed if content["type"] != "ViewSwitched"]
            assert sorted(set(positions)) == positions
            told += [(int(entry.partition("-")[0]), *named) for entry, content in feed for named in _named(content)]
        assert len(told) == len({(at, ordinal) for at, ordinal, _, _ in told})
        assert {(at, root) for at, _, _, root in told} == {
            (recorded.position, root) for recorded in _log(one)[begun:] for root in _shown_roots(recorded)
        }


def _parts(chance, count):
    """Cut a number into random parts."""
    while count:
        part = min(count, chance.randint(1, 40))
        yield part
        count -= part


def _log(one):
    return one.shop.database.read(lambda connection: log.after(connection, 0, 100_000))


def _named(content):
    """(ordinal, view, root) of each document that a feed entry names."""
    for ordinal, view, document_id in content["documents"]:
        yield ordinal, view, document_id.partition(":")[0]


def _shown_roots(recorded):
    """The documents that an event changes, as the event itself names them.

    A shortfall is shown nowhere, and a checkout that is open again only in its own document.
    """
    event = recorded.event
    if isinstance(event, events.StockShortfallFound):
        return set()
    return {event.checkout_id} if isinstance(event, events.CheckoutReopened) else event.roots()


@asynccontextmanager
async def _at_work(one, count):
    """So many workers that follow the log, until the block ends, however it ends."""
    workers = [asyncio.create_task(one.worker().run()) for _ in range(count)]
    try:
        yield
    finally:
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)


async def _caught_up(one):
    async with asyncio.timeout(20):
        while any(":checkpoints " in line for line in one.differences()):
            await asyncio.sleep(0.1)
