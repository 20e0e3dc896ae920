"""A worker as a process of its own, for tests to stop: `python -m tests.engine.one_worker DB REDIS SEGMENTS SECONDS AT`.

SECONDS is how long its leases last. It stops itself as Ctrl-Z would, right before the script that would write past
position AT: as late as a write can be.
"""

import asyncio
import os
import signal
import sys
from pathlib import Path

from redis.asyncio import Redis

from projections.worker import Worker
from shop.tail import open_tail
from shop.views import Keys


async def main(database, address, segments, seconds, stop_at):
    async with open_tail(Path(database)) as tail, Redis.from_url(address, protocol=2) as client:
        worker = Worker(tail, client, Keys(int(segments)), name="process", lease_seconds=float(seconds))
        commit = worker._store.commit

        async def late(segment, units, reached, batch):
            if reached.position > int(stop_at):
                os.kill(os.getpid(), signal.SIGSTOP)
            await commit(segment, units, reached, batch)

        worker._store.commit = late
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, worker.stop)
        await worker.run()


asyncio.run(main(*sys.argv[1:]))
