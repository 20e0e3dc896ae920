"""What tests of the views share: random shops on databases of their own, and workers that fold them into the Redis."""

import os
import re
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import msgspec
import pytest

from projections.worker import Worker
from shop import log
from shop.tail import open_tail
from shop.views import Keys
from tests.oracle.random_shop import RandomShop
from verify import differences

PLACES = [("sqlite", 1), ("sqlite", 4), ("postgres", 4)]  # a kind of database, and into how many segments its views are cut
SHOPS = int(os.environ.get("TRADEWIND_RANDOM_SHOPS", "4"))


class Fixture:
    """A random shop, its log, and the Redis that its views go to."""

    def __init__(self, shop, tail, async_redis, views_redis, keys):
        self.shop = shop
        self.tail = tail
        self.async_redis = async_redis
        self.redis = views_redis
        self.keys = keys

    def worker(self):
        return Worker(self.tail, self.async_redis, self.keys)

    def differences(self):
        return self.shop.database.read(lambda connection: differences(connection, self.redis, self.keys))

    def dump(self):
        """Every key with its content, the feed and the checkpoints too; but for who is at work, and until when."""
        keys = [key for key in sorted(self.redis.keys()) if not key.endswith((b":leases", b"tradewind:workers"))]
        return {key: self._content(key) for key in keys}

    def views(self):
        """Documents and index entries alone."""
        return {key: value for key, value in self.dump().items() if re.match(rb"\{tw\d+\}:\w+\.\d+[:/]", key)}

    def checkpoints(self):
        """How far each generation is folded, by segment."""
        return {segment: self.redis.hgetall(self.keys.checkpoints(segment)) for segment in range(self.keys.segments)}

    def feed(self):
        """The feed's entries of each segment, as (stream id, content)."""
        with_epoch = self.shop.database.read(log.head)[0]
        for segment in range(self.keys.segments):
            told = self.redis.xrange(self.keys.feed(segment, with_epoch))
            yield [(entry.decode(), msgspec.json.decode(fields[b"e"])) for entry, fields in told]

    def _content(self, key):
        kind = self.redis.type(key)
        if kind == b"string":
            return self.redis.get(key)
        if kind == b"zset":
            return self.redis.zrange(key, 0, -1, withscores=True)
        return self.redis.hgetall(key) if kind == b"hash" else self.redis.xrange(key)


@pytest.fixture(params=PLACES, ids=lambda place: f"{place[0]}-{place[1]}")
def place(request):
    """Databases of a kind, and a number of segments."""
    kind, segments = request.param
    return request.getfixturevalue(f"{kind}_databases"), segments


@pytest.fixture
async def random_shop(place, tmp_path, async_redis, views_redis) -> AsyncIterator[Callable[..., object]]:
    """Open a random shop: `async with random_shop(seed) as one`."""
    databases, segments = place

    @asynccontextmanager
    async def open_one(seed, segments=segments):
        views_redis.flushall()
        async with AsyncExitStack() as stack:
            shop = RandomShop(databases.new(tmp_path), seed)
            stack.push_async_callback(shop.close)
            tail = await stack.enter_async_context(open_tail(shop.database.address))
            await shop.opens()
            yield Fixture(shop, tail, async_redis, views_redis, Keys(segments))

    return open_one
