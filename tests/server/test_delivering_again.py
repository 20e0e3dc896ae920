"""A process that delivers webhooks is killed again and again: nothing is lost, and each subject comes in its order."""

import asyncio
import subprocess
import sys
from pathlib import Path

from shop import log
from tests.server.receiver import OK, receiving
from writes.bus import Bus
from writes.catalog import CreateProduct, UpdateProduct
from writes.webhooks import CreateWebhook
from writes.work import Limits

_HOME = Path(__file__).parents[2]
_KILLS = 3


async def nobody(_position):
    pass


async def test_nothing_is_lost_when_the_process_that_delivers_is_killed(sqlite_databases, tmp_path, redis_address, views_redis):
    database = sqlite_databases.new(tmp_path)
    writer, running = database.new_writer(), []
    bus = Bus(writer, providers={}, committed=nobody, limits=Limits(private_webhooks=True))

    def starts():
        command = [sys.executable, "-m", "tests.server.delivering", str(database.address), redis_address]
        running.append(subprocess.Popen(command, cwd=_HOME))

    def kills_sometimes(_request):
        """The process dies before it hears the answer to every 23rd request."""
        if len(receiver.requests) % 23 == 0 and len(running) <= _KILLS:
            running[-1].kill()
            running[-1].wait()
            starts()
        return OK

    async with receiving() as (receiver, port):
        await bus.send(CreateWebhook(f"http://127.0.0.1:{port}/", ["ProductCreated", "ProductDescribed"]))
        products = [(await bus.send(CreateProduct(f"{n}"))).ids["product_id"] for n in range(5)]
        for number in range(20):
            for product_id in products:
                await bus.send(UpdateProduct(product_id, name=f"name {number}"))
        receiver.says = kills_sometimes
        starts()
        told = [event for event in database.read(lambda c: log.after(c, 0, 999)) if event.type.startswith("Product")]
        try:
            async with asyncio.timeout(30):
                while len({request.event["id"] for request in receiver.requests}) < len(told):
                    await asyncio.sleep(0.05)
        finally:
            running[-1].kill()
            running[-1].wait()
            await writer.close()
            database.close()

    assert _KILLS + 1 == len(running)
    for product_id in products:
        came = [request.event["id"] for request in receiver.requests if request.event["subject"] == product_id]
        assert [event.id for event in told if event.stream == product_id] == list(dict.fromkeys(came))
    assert len(receiver.requests) < len(told) + _KILLS * 100  # what was sent twice is bounded by a page
