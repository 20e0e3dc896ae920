"""A random shop with its views, and what must be true of them whatever was killed, lost or full."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import redis
from redis.asyncio import Redis

from projections.generations import VERSIONS, Generations
from projections.worker import LEASE_SECONDS, Worker
from reads import reading
from shop.beside import beside
from shop.tail import Tail, open_tail
from shop.views import Keys
from tests.engine import seen
from tests.oracle.random_shop import RandomShop
from verify import differences

SHORT_LEASE = 0.2  # seconds: what a worker that was killed held is free again after that
_PATIENCE = 30.0


class Views:
    """A shop's views: `redis` waits, `client` does not."""

    def __init__(self, shop: RandomShop, tail: Tail, address: str, segments: int) -> None:
        self.shop = shop
        self.tail = tail
        self.keys = Keys(segments)
        self.socket = address.removeprefix("unix://")
        self.redis = redis.Redis.from_url(address)
        self.client = Redis.from_url(address, protocol=2)
        self.generations = Generations(self.client, self.keys)

    def worker(self, name: str = "here", lease_seconds: float = LEASE_SECONDS) -> Worker:
        return Worker(self.tail, self.client, self.keys, name=name, lease_seconds=lease_seconds)

    def _behind(self) -> list[str]:
        return [line for line in self.differences() if ":checkpoints " in line]

    def differences(self) -> list[str]:
        return self.shop.database.read(lambda connection: differences(connection, self.redis, self.keys))

    async def caught_up(self) -> None:
        """Wait until workers have brought everything that answers to the log's end. Nothing writes meanwhile."""
        loop = asyncio.get_running_loop()
        give_up = loop.time() + _PATIENCE
        while behind := self._behind():
            assert loop.time() < give_up, behind[:3]
            await asyncio.sleep(0.01)

    async def has_another_epoch_than(self, epoch: str) -> None:
        """Wait until a worker has found out that the log was set back."""
        async with asyncio.timeout(_PATIENCE):
            while (await self.tail.head())[0] == epoch:
                await asyncio.sleep(0.01)

    async def catch_up(self, name: str = "here") -> None:
        """Run a worker until everything that answers is at the log's end. It is ended as a worker is that is asked to."""
        async with working(self.worker(name, SHORT_LEASE)):
            await self.caught_up()

    async def rebuild(self) -> None:
        """Ask for the next generation of every view, and remove those that neither answer nor come."""
        epoch, _ = await self.tail.head()
        await self.generations.clean(list(VERSIONS))
        await self.generations.rebuild(epoch, list(VERSIONS))

    def feed_faults(self) -> list[str]:
        """What the feed tells otherwise than once, each change of each event, from where it is whole on."""
        expected, found = Counter(seen.due(self)), Counter(seen.told(self))
        missing = [f"{one} is missing" for one in (expected - found).elements()]
        return [*missing, *(f"{one} is told too often" for one in (found - expected).elements())]

    async def close(self) -> None:
        self.redis.close()
        await self.client.aclose()


@asynccontextmanager
async def working(worker: Worker) -> AsyncIterator[None]:
    """Run a worker in this process beside the block."""
    running = asyncio.create_task(worker.run())
    try:
        yield
    finally:
        worker.stop()
        await running


@asynccontextmanager
async def following_reader(views: Views) -> AsyncIterator[reading.Views]:
    """The read side of a process, its feed where the views are."""
    source = reading.Views(views.client, views.keys, views.tail)
    async with beside(source.follow()):
        while not source.feed.position:
            await asyncio.sleep(0.01)
        yield source


@asynccontextmanager
async def random_views(database, address: str, *, segments: int = 2, seed: int = 1) -> AsyncIterator[Views]:
    """A random shop that has just opened, on a database of tests.databases, and its views on an emptied Redis."""
    shop = RandomShop(database, seed)
    try:
        async with open_tail(database.address) as tail:
            one = Views(shop, tail, address, segments)
            one.redis.flushall()
            try:
                await shop.opens()
                yield one
            finally:
                await one.close()
    finally:
        await shop.close()


@asynccontextmanager
async def under_load(shop: RandomShop) -> AsyncIterator[None]:
    """Commands of every kind, without an end, for as long as the block runs; the one in hand is finished."""
    stopped = False

    async def buy_and_sell() -> None:
        while not stopped:
            await shop.does(1)
            await asyncio.sleep(0.005)

    load = asyncio.create_task(buy_and_sell())
    try:
        yield
    finally:
        stopped = True
        await load
