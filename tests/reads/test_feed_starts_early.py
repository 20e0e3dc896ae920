"""A process that starts before the worker has made the views follows the feed all the same, as soon as there is one."""

import asyncio

from reads.feed import following
from reads.reading import Views
from shop.views import Keys


async def test_a_feed_followed_before_there_are_views_is_followed_once_there_are(async_redis):
    keys = Keys(1)
    read = Views(async_redis, keys, None)
    async with following(read.follow()):
        await asyncio.sleep(0.3)
        await async_redis.hset(keys.checkpoint(0), mapping={"epoch": "0a1b2c3d", "position": 7, "event": "", "feed_from": 0})

        async with asyncio.timeout(5):
            while read.feed.position != 7:
                await asyncio.sleep(0.02)
