"""The worker: follows the log, folds what is new, commits it batch by batch, and never passes an event by."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, suppress
from typing import Any, Protocol

import redis.exceptions
import structlog
from redis.asyncio import Redis

from projections import batch as batches
from projections.all import BY_VIEW
from projections.batch import Name, Step
from projections.projection import Filed
from projections.store import Checkpoint, CheckpointMovedError, ViewStore
from shop import views
from shop.log import Recorded
from shop.tail import LogUnavailableError
from shop.views import Keys

_READ_EVENTS = 500
_MOST_DOCUMENTS = 400
_KNOWN_DOCUMENTS = 20_000
_SHORTEST_POLL = 0.01
_LONGEST_POLL = 0.25
_OUTAGES = (redis.exceptions.ConnectionError, redis.exceptions.TimeoutError, redis.exceptions.BusyLoadingError, OSError)

logger = structlog.get_logger()


class Log(Protocol):
    """What the worker needs of the log (shop.tail.Tail is it)."""

    async def head(self) -> tuple[str, int]: ...

    async def after(self, position: int, limit: int) -> list[Recorded]: ...


class Worker:
    """Folds the log into every segment of the views. Two workers at once do no harm: the script lets one of them win."""

    def __init__(self, log: Log, redis: Redis, keys: Keys) -> None:
        self._log = log
        self._redis = redis
        self._keys = keys
        self._store = ViewStore(redis, keys)
        self._checkpoints: dict[int, Checkpoint] = {}
        self._known: dict[Name, Filed[Any]] = {}
        self._nudged = asyncio.Event()

    async def run(self) -> None:
        """Follow the log until canceled. Outages of Redis or the database are waited out in place."""
        listener = asyncio.create_task(self._listen())
        pause = _SHORTEST_POLL
        try:
            while True:
                try:
                    moved = await self.catch_up()
                except CheckpointMovedError:
                    self._forget()
                    continue
                except (*_OUTAGES, LogUnavailableError) as outage:
                    logger.warning("worker_waits_for_a_store", reason=str(outage))
                    self._forget()
                    await asyncio.sleep(0.2)
                    continue
                pause = _SHORTEST_POLL if moved else min(pause * 1.5, _LONGEST_POLL)
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._nudged.wait(), pause)
                self._nudged.clear()
        finally:
            listener.cancel()

    async def catch_up(self) -> int:
        """Fold all that is in the log now; return how many events that were."""
        if not self._checkpoints:
            epoch, _ = await self._log.head()
            loaded = {segment: await self._store.checkpoint(segment, epoch) for segment in range(self._keys.segments)}
            self._checkpoints = loaded
        moved = 0
        while events := await self._log.after(min(c.position for c in self._checkpoints.values()), _READ_EVENTS):
            for segment in self._checkpoints:
                await self._fold_segment(segment, events)
            moved += len(events)
        return moved

    async def _fold_segment(self, segment: int, events: Sequence[Recorded]) -> None:
        at = self._checkpoints[segment].position
        left: Sequence[Step] = batches.steps([e for e in events if e.position > at], self._keys, segment)
        while left:
            batch = batches.cut(left, _MOST_DOCUMENTS)
            await self._commit(segment, batch)
            left = left[len(batch) :]

    async def _commit(self, segment: int, batch: Sequence[Step]) -> None:
        before = await self._load(batches.wanted(batch))
        after = batches.folded(batch, before)
        last = batch[-1].recorded
        expected = self._checkpoints[segment]
        reached = Checkpoint(expected.epoch, last.position, last.id)
        await self._store.commit(segment, expected, reached, batches.written(batch, before, after, self._keys))
        self._checkpoints[segment] = reached
        self._remember(after)

    async def _load(self, names: Sequence[Name]) -> dict[Name, Filed[Any]]:
        """Take documents from memory where this worker wrote them last; the script refuses if another has since."""
        missing = [name for name in names if name not in self._known]
        documents = await self._store.documents(missing)
        loaded = {name: BY_VIEW[name[0]].filed(found) for name, found in zip(missing, documents, strict=True)}
        return {name: loaded[name] if name in loaded else self._known[name] for name in names}

    def _remember(self, after: dict[Name, Filed[Any]]) -> None:
        for name, filed in after.items():
            self._known.pop(name, None)
            self._known[name] = filed
        while len(self._known) > _KNOWN_DOCUMENTS:
            del self._known[next(iter(self._known))]

    def _forget(self) -> None:
        self._checkpoints.clear()
        self._known.clear()

    async def _listen(self) -> None:
        """Be woken by each commit's nudge. Everything works the same, only later, if every nudge is lost."""
        while True:
            with suppress(*_OUTAGES):
                async with aclosing(self._nudges()) as nudges:
                    async for _ in nudges:
                        self._nudged.set()
            await asyncio.sleep(0.5)

    async def _nudges(self) -> AsyncGenerator[None, None]:
        async with self._redis.pubsub() as channel:
            await channel.subscribe(views.NUDGE)
            async for _ in channel.listen():
                yield
