"""A process that starts before the worker has made the views follows the feed all the same, as soon as there is one."""

import asyncio

from projections.worker import Worker
from reads.reading import Views
from shop.beside import beside


async def test_a_feed_followed_before_there_are_views_is_followed_once_there_are(random_shop):
    async with random_shop(1) as one:
        read = Views(one.async_redis, one.keys, one.tail)
        async with beside(read.follow()):
            await asyncio.sleep(0.3)
            await Worker(one.tail, one.async_redis, one.keys).catch_up()

            async with asyncio.timeout(5):
                while read.feed.position != (await one.tail.head())[1]:
                    await asyncio.sleep(0.02)
