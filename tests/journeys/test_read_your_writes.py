"""A client that bought sees its order at the position it was told: every time, under load."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journeys.client import Shop

HOME = Path(__file__).parents[2]
TRIES = int(os.environ.get("TRADEWIND_READ_TRIES", "1000"))
AT_ONCE = 8

_KNOWING = "query ($id: ID!, $at: LogPosition) @atLeast(position: $at, timeoutMs: 10000) { order(id: $id) { id status } }"
_PLAIN = "query ($id: ID!) { order(id: $id) { id status } }"


@pytest.fixture
def load(running: tuple[str, Path]) -> Iterator[subprocess.Popen[str]]:
    """50 writers, 200 commands a second in all, in another process than the reads."""
    command = [sys.executable, "-m", "tests.journeys.load", running[0], "200"]
    writers = subprocess.Popen(command, cwd=HOME, stdout=subprocess.PIPE, text=True)
    yield writers
    writers.kill()
    writers.wait()
    assert writers.stdout is not None
    writers.stdout.close()


async def _in_stock(shop: Shop) -> str:
    """A variant with enough on the shelf for all tries."""
    variant = await shop.a_variant()
    found = await shop.data("{ warehouses { id } }")
    change = {"warehouseId": found["warehouses"][0]["id"], "reason": "RECEIVED", "idempotencyKey": os.urandom(16).hex()}
    change["changes"] = [{"variantId": variant["id"], "delta": 3 * TRIES}]
    done = await shop.data(
        "mutation ($i: StockAdjustInput!) { stockAdjust(input: $i) { errors { message } levels { onHand } } }", i=change
    )
    assert done["stockAdjust"]["errors"] == []
    return str(variant["id"])


async def _missed(shop: Shop, tries: int, *, knowing: bool) -> int:
    """Buy and read back; count how often the order was not there."""
    variant_id, left = await _in_stock(shop), iter(range(tries))

    async def buyer() -> int:
        missed = 0
        for _ in left:
            bought = await shop.buy(variant_id)
            assert bought["errors"] == []
            at = {"at": bought["position"]} if knowing else {}
            seen = await shop.data(_KNOWING if knowing else _PLAIN, id=bought["orderId"], **at)
            missed += seen["order"] is None or seen["order"]["status"] != "PLACED"
        return missed

    return sum(await asyncio.gather(*(buyer() for _ in range(AT_ONCE))))


async def test_an_order_is_there_at_its_position_every_time_under_load(shop: Shop, load: subprocess.Popen[str]) -> None:
    assert 0 == await _missed(shop, TRIES, knowing=True)
    assert load.poll() is None
    assert load.stdout is not None
    written = int(load.stdout.readline())
    assert written > 0


async def test_the_same_check_fails_without_at_least(shop: Shop, load: subprocess.Popen[str]) -> None:
    for _ in range(20):
        if await _missed(shop, 100, knowing=False):
            return
    pytest.fail("every order was there at once: the check above proves nothing")
