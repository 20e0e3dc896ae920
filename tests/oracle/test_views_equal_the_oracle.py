"""Random shops: whatever happens in them, the views show what the tables say, however and how often they are folded."""

import asyncio
from collections import Counter

import pytest

from projections.store import CheckpointMovedError
from shop import events, log
from tests.oracle.conftest import SHOPS

_COMMANDS = 150
# What the commands of now never cause.
_NEVER: set[type] = set()


@pytest.mark.parametrize("segments", [1, 4])
@pytest.mark.parametrize("seed", range(SHOPS))
async def test_whatever_happens_the_views_show_what_the_tables_say(random_shop, seed, segments):
    async with random_shop(seed, segments) as one:
        worker = one.worker()
        left = _COMMANDS
        while left:
            some = min(left, one.shop.random.randint(1, 40))
            await one.shop.does(some)
            await worker.catch_up()
            left -= some

            assert [] == one.differences()
