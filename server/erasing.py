"""The duty that follows erasures up: keys, files, views that answer no more, and what Redis keeps on its disk.

An erasure is committed by its command alone; from then on no row, view or index tells of the person. What this does takes
seconds to minutes, is begun again wherever it was cut short, and may be done by several processes at once.
"""

import asyncio
from typing import Any

import redis.exceptions
import structlog
from redis.asyncio import Redis

from projections.generations import VERSIONS, Generations
from reads.errors import ReadError
from reads.reading import Views
from reads.status import Status
from shop import clock
from shop.tail import LogUnavailableError, Tail
from shop.views import Keys
from writes import erasure
from writes.bus import Bus
from writes.database import Database
from writes.refusals import BusyError
from writes.scrubbing import StillReadError, scrub

_EVERY_SECONDS = 5.0
_LOOK_SECONDS = 0.1
_PATIENCE = 60.0  # seconds that views may take to get there, or Redis to write its files, before all is begun again

logger = structlog.get_logger()

_PASSING = (
    BusyError, LogUnavailableError, ReadError, StillReadError, TimeoutError, redis.exceptions.ConnectionError, OSError,
)  # fmt: skip


class Erasing:
    """What the duty works with."""

    def __init__(self, bus: Bus, database: Database, tail: Tail, views: Views, client: Redis, keys: Keys) -> None:
        self._bus = bus
        self._database = database
        self._tail = tail
        self._status = Status(views)
        self._redis = client
        self._generations = Generations(client, keys)
        self._scrubbed: set[str] = set()  # erasures that only Redis has still to forget

    async def follow_up(self) -> None:
        """Look for erasures to follow up, as long as the process lives; for a restore, when it begins."""
        healed = False
        while True:
            try:
                healed = healed or await self.heal()
                await self.step()
            except _PASSING as reason:
                logger.info("erasure_waits", reason=type(reason).__name__)
            except Exception:  # a duty that ends is a duty that nobody does
                logger.exception("erasure_failed")
            await asyncio.sleep(_EVERY_SECONDS)

    async def heal(self) -> bool:
        """After a restore: what only one of database and keyring knows to be erased is erased in the other, too.

        Return whether nothing of it is left; else a payment is in flight, and it is to be asked again.
        """
        if revived := await self._tail.run(erasure.revived):
            await scrub(self._database, revived, clock.text(clock.utc_now()))
            logger.warning("keys_destroyed_again", count=len(revived))
        for command in await self._tail.run(erasure.remembered):
            answer = await self._bus.send(command, actor="system")
            if answer.position is not None:
                logger.warning("erased_again", what=type(command).__name__)
        return not await self._tail.run(erasure.remembered)

    async def step(self) -> int:
        """Follow up all erasures that are committed; return how many there were."""
        waiting = await self._bus.read(erasure.unfinished)
        if not waiting:
            return 0
        if any(one.id not in self._scrubbed for one in waiting):
            key_ids = [key_id for one in waiting for key_id in one.key_ids]
            await scrub(self._database, key_ids, clock.text(clock.utc_now()))
            self._scrubbed |= {one.id for one in waiting}
        async with asyncio.timeout(_PATIENCE):
            await self._shown(*await self._tail.head())
        await self._generations.clean(list(VERSIONS))  # they were folded before, and stand as they stood
        await rewrite(self._redis)
        for one in waiting:
            await self._bus.send(erasure.FinishErasure(one.id), actor="system")
        self._scrubbed -= {one.id for one in waiting}
        logger.info("erasures_followed_up", count=len(waiting))
        return len(waiting)

    async def _shown(self, epoch: str, position: int) -> None:
        """Wait until every view has all events up to a position."""
        while True:
            every = await self._status.views()
            if all((one.position.epoch, one.position.position >= position) == (epoch, True) for one in every):
                return
            await asyncio.sleep(_LOOK_SECONDS)


async def rewrite(client: Redis) -> None:
    """Have Redis write the files anew that it keeps: of what was overwritten they then hold nothing. Waits until it has."""
    async with asyncio.timeout(_PATIENCE):
        if (await _persistence(client))["aof_enabled"]:
            await _idle(client)  # what is being written now may have been begun before
            await client.bgrewriteaof()
            await _idle(client)
        if await _saves(client):
            await client.bgsave()
            await _idle(client)


async def _saves(client: Redis) -> bool:
    """Whether Redis keeps snapshots; one that does not say is taken to."""
    try:
        told: Any = await client.config_get("save")
    except redis.exceptions.ResponseError:
        return True
    return bool(told.get("save"))


async def _idle(client: Redis) -> None:
    """Wait until Redis writes no file, nor is about to."""
    names = ("aof_rewrite_in_progress", "aof_rewrite_scheduled", "rdb_bgsave_in_progress")
    while True:
        told = await _persistence(client)
        if not any(told.get(name) for name in names):
            return
        await asyncio.sleep(_LOOK_SECONDS)


async def _persistence(client: Redis) -> dict[str, Any]:
    told: Any = await client.info("persistence")
    return dict(told)
