"""Hearing that the log has grown: one listener a process wakes all who wait. A lost nudge costs time, nothing else."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import redis.exceptions
from redis.asyncio import Redis

from reads.feed import Moved
from shop import views

_AGAIN_SECONDS = 0.5


class Nudges:
    """The channel that a commit is told on, heard once for this process."""

    def __init__(self, client: Redis) -> None:
        self._redis = client
        self._hearers: set[Moved] = set()

    @contextmanager
    def heard(self) -> Iterator[Moved]:
        """Be woken by each nudge."""
        moved = Moved()
        self._hearers.add(moved)
        try:
            yield moved
        finally:
            self._hearers.discard(moved)

    async def run(self) -> None:
        """Listen until canceled. Outages of Redis are waited out."""
        while True:
            with suppress(redis.exceptions.RedisError, OSError):
                await self._listen()
            await asyncio.sleep(_AGAIN_SECONDS)

    async def _listen(self) -> None:
        async with self._redis.pubsub() as channel:
            await channel.subscribe(views.NUDGE)
            async for _ in channel.listen():
                for moved in self._hearers:
                    moved.wake()
