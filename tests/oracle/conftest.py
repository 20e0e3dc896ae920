"""What tests of the views share: random shops on SQLite files of their own, and workers that fold them into the Redis."""

import os
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from projections.worker import Worker
from shop.tail import open_tail
from shop.views import Keys
from tests.oracle.random_shop import RandomShop
from verify import differences
from writes.migrate import migrate
from writes.sqlite import open_engine

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
        with self.shop.reader.connect() as connection:
            return differences(connection, self.redis, self.keys)

    def dump(self):
        """Every key with its content, the feed and the checkpoints too."""
        return {key: self._content(key) for key in sorted(self.redis.keys())}

    def views(self):
        """Documents and index entries alone."""
        return {key: value for key, value in self.dump().items() if not key.endswith((b":feed", b":checkpoint"))}

    def _content(self, key):
        kind = self.redis.type(key)
        if kind == b"string":
            return self.redis.get(key)
        if kind == b"zset":
            return self.redis.zrange(key, 0, -1, withscores=True)
        return self.redis.hgetall(key) if kind == b"hash" else self.redis.xrange(key)


@pytest.fixture(scope="session")
def blank(tmp_path_factory):
    """A migrated, empty database file: copied for each shop, for that is faster than migrating."""
    path = tmp_path_factory.mktemp("blank") / "shop.db"
    migrate(open_engine(path))
    return path


@pytest.fixture
async def random_shop(blank, tmp_path, async_redis, views_redis) -> AsyncIterator[Callable[..., object]]:
    """Open a random shop: `async with random_shop(seed, segments) as one`."""

    @asynccontextmanager
    async def open_one(seed, segments=1):
        path = tmp_path / f"{seed}.db"
        shutil.copy(blank, path)
        views_redis.flushall()
        async with AsyncExitStack() as stack:
            tail = await stack.enter_async_context(open_tail(path))
            shop = RandomShop(path, seed)
            stack.push_async_callback(shop.close)
            await shop.opens()
            yield Fixture(shop, tail, async_redis, views_redis, Keys(segments))

    return open_one
