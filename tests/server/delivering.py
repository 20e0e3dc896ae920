"""A process that delivers webhooks until it is killed: `python -m tests.server.delivering DATABASE REDIS`."""

import asyncio
import sys
from pathlib import Path

from redis.asyncio import Redis

from server.delivery import Deliverer
from server.nudges import Nudges
from server.posting import Poster
from shop.beside import beside
from shop.tail import open_tail
from writes.bus import Bus
from writes.database import open_database, open_writer


async def deliver(path: Path, address: str) -> None:
    client, poster = Redis.from_url(address, protocol=2), Poster(private=True, seconds=0.3)
    nudges, bus = Nudges(client), Bus(open_writer(open_database(path)), providers={}, committed=_nobody)
    async with open_tail(path) as tail, beside(nudges.run()):
        await Deliverer(
            bus, tail, client, nudges, poster, lambda hook, number: f"{hook} {number}", lease_seconds=1, first_pause=0.02
        ).run()


async def _nobody(_position: int) -> None:
    pass


if __name__ == "__main__":
    asyncio.run(deliver(Path(sys.argv[1]), sys.argv[2]))
