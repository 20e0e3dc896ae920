"""Clients that ask two API processes in turn see nothing go back while orders are placed and every view is made anew twice."""

import asyncio
import itertools
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tests.crash.order_book import write_book
from tests.crash.running import HOME, free_port
from tests.journeys.client import Shop

READS = int(os.environ.get("TRADEWIND_SWITCH_READS", "10000"))
CLIENTS = 6
_QUERY = """query ($id: ID!) { position orders(first: 1) { totalCount }
  order(id: $id) { version status lines { status } } }"""
_DONE = ["PENDING_PAYMENT", "PLACED", "COMPLETED", "CANCELED"]


@pytest.fixture
async def second(operated) -> AsyncIterator[Shop]:
    """Another API process on the same data."""
    port = free_port()
    environment = operated.environment | {"TRADEWIND_PORT": str(port)}
    process = subprocess.Popen([sys.executable, "-m", "server", "api", "--dev"], cwd=HOME, env=environment)
    shop = Shop(f"http://127.0.0.1:{port}")
    try:
        await _until_it_answers(shop)
        yield shop
    finally:
        await shop.http.aclose()
        process.terminate()
        process.wait(20)


async def _until_it_answers(shop: Shop) -> None:
    async with asyncio.timeout(30):
        while True:
            try:
                if (await shop.http.get("/health")).status_code == httpx.codes.OK:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.1)


class Client:
    """Asks one API process after the other for the newest orders, and notes what goes back."""

    def __init__(self, shops: list[Shop], orders: list[str]) -> None:
        self._shops = shops
        self._orders = orders
        self._seen: dict[str, tuple[int, ...]] = {}
        self.wrong: list[str] = []

    async def reads(self, left: Any) -> None:
        for number, shop in zip(left, itertools.cycle(self._shops), strict=False):
            order_id = self._orders[-1 - number % min(len(self._orders), 5)]
            answer = await shop.ask(_QUERY, id=order_id)
            if "errors" in answer:
                self.wrong.append(str(answer["errors"]))
                continue
            data = answer["data"]
            self._note("position", tuple(map(int, data["position"].split(".")[1:])))
            self._note("orders", (data["orders"]["totalCount"],))
            if data["order"] is not None or order_id in self._seen:
                self._note(order_id, _place(data["order"]))

    def _note(self, name: str, place: tuple[int, ...]) -> None:
        if place < self._seen.get(name, ()):
            self.wrong.append(f"{name} was at {self._seen[name]}, then at {place}")
        self._seen[name] = place


def _place(order: dict[str, Any] | None) -> tuple[int, ...]:
    return () if order is None else (order["version"], _DONE.index(order["status"]))


async def test_ten_thousand_reads_across_two_switches_never_go_back(operated, front, second, tmp_path):
    write_book(tmp_path / "book.csv", 8, invoices=500)
    imported = operated.says("import", "orders", str(tmp_path / "book.csv"), "--channel", "switched", "--currency", "GBP")
    assert 0 == imported.returncode, imported.stderr
    variant_id = await _in_stock(front)
    orders = [(await front.buy(variant_id))["orderId"] for _ in range(5)]
    before = {view["name"]: view["generation"] for view in await front.until_caught_up()}
    clients = [Client([front, second], orders) for _ in range(CLIENTS)]
    left, began = iter(range(READS)), time.monotonic()

    reading = asyncio.gather(*(client.reads(left) for client in clients))
    buying = asyncio.create_task(_buys(front, variant_id, orders, reading))
    rebuilt = [await asyncio.to_thread(operated.says, "rebuild") for _ in range(2)]
    still_reading = not reading.done()
    await reading
    await buying
    after = {view["name"]: view["generation"] for view in await front.until_caught_up()}
    print(f"{READS} reads, {len(orders)} orders in {time.monotonic() - began:.1f} s")

    assert [] == [wrong for client in clients for wrong in client.wrong][:5]
    assert [0, 0] == [told.returncode for told in rebuilt]
    assert {name: number + 2 for name, number in before.items()} == after
    assert still_reading, "both switches are to come while clients read: ask for more reads"
    assert len(orders) > 20
    assert [] == operated.differences()


async def _in_stock(shop: Shop) -> str:
    """A variant with enough on the shelf for all who buy."""
    variant, found = await shop.a_variant(), await shop.data("{ warehouses { id } }")
    change = {"warehouseId": found["warehouses"][0]["id"], "reason": "RECEIVED", "idempotencyKey": os.urandom(16).hex()}
    change["changes"] = [{"variantId": variant["id"], "delta": 10_000}]
    done = await shop.data("mutation ($i: StockAdjustInput!) { stockAdjust(input: $i) { errors { message } } }", i=change)
    assert done["stockAdjust"]["errors"] == []
    return str(variant["id"])


async def _buys(shop: Shop, variant_id: str, orders: list[str], reading: "asyncio.Future[Any]") -> None:
    while not reading.done():
        bought = await shop.buy(variant_id)
        assert bought["errors"] == []
        orders.append(bought["orderId"])
