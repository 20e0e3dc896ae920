"""Endless work beside a block ends with the block."""

import asyncio
import time

from shop.beside import beside


async def _swallows(cancelations):
    while True:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            if not cancelations:
                raise
            cancelations.pop()


async def test_work_under_which_a_driver_swallows_a_cancelation_ends_nevertheless():
    left, began = ["one"], time.monotonic()

    async with asyncio.timeout(5), beside(_swallows(left)):
        await asyncio.sleep(0.01)

    assert [] == left
    assert time.monotonic() - began < 3
