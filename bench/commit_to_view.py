"""How long after its COMMIT a command is to be seen in the views: `python -m bench.commit_to_view [COMMANDS_A_SECOND]`.

One process has it all, as the aim says: the bus, the worker, and a reader that is woken by the change feed; SQLite and Redis
write to the disk as `tradewind serve` has them. Each command's clock starts when its answer is there (after COMMIT) and
stops when the reader has heard that the views have passed its position. The floor is what the same way costs with nothing on
it: a nudge from and to Redis, a read of the log, one script, and the feed's entry read back, one after the other.
"""

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import sqlalchemy as sa
from redis.asyncio import Redis

from projections.worker import Worker
from reads.reading import Views
from server import parts, redis_server
from server.demo import load_demo
from server.settings import Settings
from shop.beside import beside
from shop.position import Position
from shop.tail import Tail, open_tail
from writes.bus import Bus
from writes.database import open_database, up_to_date
from writes.stock import AdjustStock, StockChange

_AIM_MS = (2.0, 15.0)  # p50, p99
_SECONDS = 10.0
_ROUNDS = 3


class Shop(msgspec.Struct, frozen=True):
    """The demo shop with everything that serves it."""

    bus: Bus
    views: Views
    redis: Redis
    tail: Tail
    levels: list[tuple[str, str]]  # variant and warehouse


def main() -> None:
    """Print p50 and p99 by round, beside the floor."""
    rate = float(sys.argv[1]) if sys.argv[1:] else 200.0
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(measure(Path(folder), rate))


async def measure(folder: Path, rate: float) -> None:
    async with opened(folder) as shop:
        floor = sorted([await the_floor(shop) for _ in range(300)])
        await sold(shop, rate, seconds=2.0)  # the first are of a cold start
        rounds = [await sold(shop, rate, _SECONDS) for _ in range(_ROUNDS)]
    print(f"{rate:.0f} commands a second, one process, rounds of {_SECONDS:.0f} s; aim p50 {_AIM_MS[0]} p99 {_AIM_MS[1]} ms")
    print(f"floor   p50 {at(floor, 50):6.2f}  p99 {at(floor, 99):6.2f} ms")
    for number, took in enumerate(rounds, 1):
        print(f"round {number} p50 {at(took, 50):6.2f}  p99 {at(took, 99):6.2f} ms  ({len(took):,} commands)")
    middle = [statistics.median(at(took, part) for took in rounds) for part in (50, 99)]
    print(f"median  p50 {middle[0]:6.2f}  p99 {middle[1]:6.2f} ms: p50 is {middle[0] / at(floor, 50):.1f} times the floor")


def at(times: list[float], percent: int) -> float:
    """A percentile of sorted seconds, in ms."""
    return times[min(len(times) - 1, len(times) * percent // 100)] * 1000


async def sold(shop: Shop, rate: float, seconds: float) -> list[float]:
    """Send stock adjustments at a steady rate, whatever the answers take; return how long each took to be seen."""
    tasks, began = [], time.perf_counter()
    for number in range(int(rate * seconds)):
        await asyncio.sleep(max(0.0, began + number / rate - time.perf_counter()))
        tasks.append(asyncio.create_task(seen(shop, number)))
    return sorted(await asyncio.gather(*tasks))


async def seen(shop: Shop, number: int) -> float:
    variant, warehouse = shop.levels[number % len(shop.levels)]
    answer = await shop.bus.send(AdjustStock(warehouse, "RECEIVED", [StockChange(variant, delta=1)]))
    committed = time.perf_counter()
    assert isinstance(answer.position, Position), answer
    with shop.views.feed.watching() as moved:
        while shop.views.feed.position < answer.position.position:
            await moved.wait(5)
    return time.perf_counter() - committed


async def the_floor(shop: Shop) -> float:
    """The same steps by hand, on an idle shop."""
    _, head = await shop.tail.head()
    async with shop.redis.pubsub() as channel:
        await channel.subscribe("bench")
        await channel.get_message(timeout=1)
        began = time.perf_counter()
        await shop.redis.publish("bench", head)
        await channel.get_message(timeout=1)
        await shop.tail.after(head - 1, 10)
        await shop.redis.eval("return redis.call('XADD', KEYS[1], '*', 'e', ARGV[1])", 1, "bench:feed", "x")  # type: ignore[no-untyped-call]
        await shop.redis.xrange("bench:feed", "-", "+", 1)
        return time.perf_counter() - began


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[Shop]:
    """A shop with its own Redis, worker and reader, all closed at the end."""
    settings = Settings(data=folder)
    server = redis_server.child(folder)
    await server.start()
    await redis_server.ready(parts.redis_url(settings))
    database = open_database(settings.database())
    await up_to_date(database)
    try:
        async with (
            parts.open_redis(settings) as client,
            open_tail(settings.database()) as tail,
            parts.open_bus(settings, database, parts.nudge(client)) as bus,
        ):
            await load_demo(bus)
            keys = await parts.layout(client, settings)
            read = Views(client, keys, tail)
            with sa.create_engine(f"sqlite:///{settings.database()}").connect() as connection:
                levels = [
                    (row[0], row[1]) for row in connection.execute(sa.text("SELECT variant_id, warehouse_id FROM stock_levels"))
                ]
            worker = Worker(tail, client, keys)
            await worker.catch_up()
            async with beside(worker.run()), beside(read.follow()):
                while read.feed.position < (await tail.head())[1]:
                    await asyncio.sleep(0.01)
                yield Shop(bus, read, client, tail, levels)
    finally:
        await server.stop()


if __name__ == "__main__":
    main()
