"""`tradewind verify` on a shop that is at work: it blames nothing that only moves, finds what is wrong, and has it mended."""

import asyncio
from contextlib import asynccontextmanager

import msgspec

from projections.generations import Generations
from shop import views
from shop.tail import open_tail
from verify.live import verified


@asynccontextmanager
async def at_work(one):
    """The shop goes on selling and its worker folding, until the block ends."""
    worker, done = one.worker(), False

    async def sell():
        while not done:
            await one.shop.does(5)
            await asyncio.sleep(0)

    tasks = [asyncio.create_task(worker.run()), asyncio.create_task(sell())]
    try:
        yield
    finally:
        done = True
        worker.stop()
        await asyncio.gather(*tasks)


async def verify(one):
    """As the command does, beside the shop: in a thread of its own."""

    async def alone():
        async with open_tail(one.shop.database.address) as tail:
            return await tail.run(verified, one.redis, one.keys)

    return await asyncio.to_thread(asyncio.run, alone())


def an_order(one):
    return next(key for key in sorted(one.redis.keys()) if b"}:order.1:" in key)


async def test_a_shop_at_work_has_no_difference(random_shop):
    async with random_shop(110) as one:
        await one.shop.does(100)
        await one.worker().catch_up()
        async with at_work(one):
            for _ in range(3):
                report = await verify(one)

                assert [] == [difference.line for difference in report.wrong]
        assert report.documents > 20
        assert report.entries > 100


async def test_what_was_spoiled_is_found_and_mended_at_work(random_shop):
    async with random_shop(111) as one:
        await one.shop.does(150)
        await one.worker().catch_up()
        wrong, lost, index = an_order(one), b"", next(key for key in sorted(one.redis.keys()) if b"/orders:" in key)
        lost = next(key for key in sorted(one.redis.keys()) if b"}:product.1:" in key and key.count(b":") > 2)
        document = msgspec.json.decode(one.redis.get(wrong))
        one.redis.set(wrong, msgspec.json.encode({**document, "number": "planted"}))
        one.redis.delete(lost)
        one.redis.zadd(index, {"planted\0ord_none": 0})
        one.redis.zremrangebyrank(index, 0, 0)
        report = await verify(one)
        async with at_work(one):
            generations = Generations(one.async_redis, one.keys)
            for segment, wish in report.wishes():
                await generations.wish(wish, segment)
            async with asyncio.timeout(10):
                while any(one.redis.exists(one.keys.wishes(segment)) for segment in range(one.keys.segments)):
                    await asyncio.sleep(0.05)
            again = await verify(one)

        assert {wrong.decode(), lost.decode(), index.decode()} <= {difference.key for difference in report.wrong}
        assert [] == again.wrong
        await one.worker().catch_up()
        assert [] == one.differences()


async def test_a_document_of_nothing_is_taken_away(random_shop):
    async with random_shop(112) as one:
        await one.shop.does(30)
        worker = one.worker()
        await worker.catch_up()
        key = one.keys.document(views.Warehouse, "wh_none", 1)
        one.redis.set(key, msgspec.json.encode(views.Warehouse(id="wh_none", code="NONE", name="")))

        report = await verify(one)
        for segment, wish in report.wishes():
            await Generations(one.async_redis, one.keys).wish(wish, segment)
        await worker.catch_up()

        assert [f"{key}: expected no document, found one"] == [difference.line for difference in report.wrong]
        assert not one.redis.exists(key)
