"""How long views stand still when a worker goes: `python -m bench.takeover [ROUNDS]`, some two minutes for five rounds.

Real processes, killed for real. Each clock starts with the signal and stops when the first event that is written after it has
passed all views, as a reader hears it from the change feed. Asked to end (SIGTERM), a worker hands its segments to one that
stands by. Killed, it cannot: its segments are free when its leases have run out, and whoever stands by looks once a renewal.
Under `tradewind serve` it is started again by the same name, and takes its own leases over without waiting for their end.
"""

import asyncio
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import msgspec
import sqlalchemy as sa

from projections.worker import LEASE_SECONDS
from reads.reading import Views
from reads.status import Status
from server import parts, redis_server
from server.demo import load_demo
from server.settings import Settings
from shop.beside import beside
from shop.position import Position
from shop.tail import open_tail
from tests.crash.running import HOME, Tradewind, running
from writes.bus import Bus
from writes.database import open_database, up_to_date
from writes.stock import AdjustStock, StockChange

_RENEWAL = LEASE_SECONDS / 5
_HAND_OVER_LIMIT = 1.0
_STEADY = 5.0  # seconds: who was started again sooner than that ago is made to wait by `serve`


class Shop(msgspec.Struct, frozen=True):
    """What a measurement writes with, and what it looks at."""

    bus: Bus
    views: Views
    change: AdjustStock


def main() -> None:
    rounds = int(sys.argv[1]) if sys.argv[1:] else 5
    with tempfile.TemporaryDirectory() as apart, tempfile.TemporaryDirectory() as together:
        handed_over, killed = asyncio.run(standing_by(Path(apart), rounds))
        with running(Path(together)) as serving:
            restarted = asyncio.run(under_serve(serving, rounds))
    print(f"{rounds} rounds each, leases of {LEASE_SECONDS:.1f} s: from the signal until an event after it is in all views")
    tell("SIGTERM, another stands by", handed_over, _HAND_OVER_LIMIT)
    tell("kill -9, another stands by", killed, LEASE_SECONDS + _RENEWAL)
    tell("kill -9 under serve", restarted, LEASE_SECONDS)


def tell(what: str, took: list[float], limit: float) -> None:
    verdict = "" if max(took) <= limit else "  ABOVE THE LIMIT"
    print(f"{what:28s} median {statistics.median(took):5.2f} s  worst {max(took):5.2f} s  limit {limit:.1f} s{verdict}")


async def standing_by(folder: Path, rounds: int) -> tuple[list[float], list[float]]:
    """Two workers share 16 segments; by turns one is asked to end, and one is killed."""
    settings = Settings(data=folder, REDIS_URL=redis_server.url(folder))
    environment = os.environ | {"TRADEWIND_DATA": str(folder), "REDIS_URL": settings.redis_url}
    start = partial(subprocess.Popen, [sys.executable, "-m", "server", "worker"], cwd=HOME, env=environment)
    server, took = redis_server.child(folder), {signal.SIGTERM: list[float](), signal.SIGKILL: list[float]()}
    await server.start()
    await redis_server.ready(settings.redis_url)
    workers: list[subprocess.Popen[bytes]] = []
    try:
        async with opened(settings, load=True) as shop:
            workers += [start(stderr=subprocess.DEVNULL), start(stderr=subprocess.DEVNULL)]
            for number in [signal.SIGTERM, signal.SIGKILL] * rounds:
                await until_shared(shop, workers)
                going = workers.pop(0)
                took[number].append(await until_seen(shop, partial(going.send_signal, number)))
                going.wait()
                workers.append(start(stderr=subprocess.DEVNULL))
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()
        await server.stop()
    return took[signal.SIGTERM], took[signal.SIGKILL]


async def under_serve(serving: Tradewind, rounds: int) -> list[float]:
    """The one worker of a machine is killed and started again."""
    took = []
    async with opened(Settings(data=serving.data), load=False) as shop:
        for _ in range(rounds):
            await asyncio.sleep(_STEADY)
            took.append(await until_seen(shop, serving.child("worker").kill))
    return took


async def until_shared(shop: Shop, workers: list["subprocess.Popen[bytes]"]) -> None:
    """Wait until both workers move as many segments."""
    status, half = Status(shop.views), shop.views.store.keys.segments // 2
    while True:
        [one, *_] = await status.views()
        owners = Counter(part.owner.partition("#")[0].rpartition(":")[2] for part in one.segments if part.owner)
        if owners == {str(worker.pid): half for worker in workers}:
            return
        await asyncio.sleep(0.05)


async def until_seen(shop: Shop, go: Callable[[], None]) -> float:
    """Seconds from the signal, which falls anywhere between two renewals, until an event after it is in all views."""
    await asyncio.sleep(random.uniform(0, _RENEWAL))
    began = time.perf_counter()
    go()
    answer = await shop.bus.send(shop.change)
    assert isinstance(answer.position, Position), answer
    with shop.views.feed.watching() as moved:
        while shop.views.feed.position < answer.position.position:
            await moved.wait(1)
    return time.perf_counter() - began


@asynccontextmanager
async def opened(settings: Settings, *, load: bool) -> AsyncIterator[Shop]:
    """The demo shop, its bus and a reader in this process; the workers are elsewhere."""
    database = open_database(settings.database())
    await up_to_date(database)
    async with (
        parts.open_redis(settings) as client,
        open_tail(settings.database()) as tail,
        parts.open_bus(settings, database, parts.nudge(client)) as bus,
    ):
        _ = load and await load_demo(bus)
        read = Views(client, await parts.layout(client, settings), tail)
        with sa.create_engine(f"sqlite:///{settings.database()}").connect() as connection:
            variant, warehouse = connection.execute(sa.text("SELECT variant_id, warehouse_id FROM stock_levels")).first()
        async with beside(read.follow()):
            yield Shop(bus, read, AdjustStock(warehouse, "RECEIVED", [StockChange(variant, delta=1)]))


if __name__ == "__main__":
    main()
