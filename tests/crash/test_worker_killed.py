"""Kill -9 of workers: before every single step of a batch, of a rebuild, of a beginning, and at random under load."""

import asyncio
import os
import random

import pytest

from tests.crash.forking import forking
from tests.crash.shops import SHORT_LEASE, random_views, under_load

_KILLS = int(os.environ.get("TRADEWIND_KILLS", "200"))
_LONGEST_LIFE = 0.15


@pytest.fixture(scope="module")
def workers():
    with forking() as helper:
        yield helper


@pytest.fixture
async def views(sqlite_databases, tmp_path, redis_address):
    async with random_views(sqlite_databases.new(tmp_path), redis_address) as one:
        yield one


def _options(views):
    return {
        "database": str(views.shop.database.address),
        "socket": views.socket,
        "segments": views.keys.segments,
        "lease_seconds": SHORT_LEASE,
    }


async def _nothing_more(_views):
    pass


async def _a_rebuild(views):
    await views.rebuild()


async def _an_emptied_redis(views):
    views.redis.flushall()


@pytest.mark.parametrize("with_", [_nothing_more, _a_rebuild, _an_emptied_redis])
async def test_before_whichever_step_a_worker_dies_the_next_one_goes_on(views, workers, with_):
    await views.catch_up()
    steps, survived = 0, False
    while not survived:
        steps += 1
        await views.shop.does(8)
        await with_(views)

        survived = workers.ended(workers.start(**_options(views), name="here", dies_before=steps))
        await views.catch_up()

        assert (steps, []) == (steps, views.differences())
        assert (steps, []) == (steps, views.feed_faults())
    assert steps > 15, "a batch has more steps than that"


async def test_workers_that_are_killed_at_random_under_load_lose_nothing_and_double_nothing(views, workers):
    chance = random.Random(os.environ.get("TRADEWIND_CRASH_SEED", "1"))
    await views.catch_up("0")

    def another():
        """Half of them come under the name of one before, whose leases they take at once; the others wait for them."""
        name = str(chance.choice([0, 1, number]))
        return workers.start(**_options(views), name=name)

    number = 2
    alive = [another(), another()]
    async with under_load(views.shop):
        for number in range(2, _KILLS + 2):
            await asyncio.sleep(chance.uniform(0, _LONGEST_LIFE))
            workers.kill(alive.pop(chance.randrange(2)))
            alive.append(another())
            if number % 20 == 0:
                await views.rebuild()
    await views.caught_up()
    for pid in alive:
        workers.kill(pid)

    assert [] == views.differences()
    assert [] == views.feed_faults()
