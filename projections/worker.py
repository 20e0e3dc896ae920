"""The worker: follows the log, folds what is new, builds what is to come, and never passes an event by.

One loop does one thing at a time: renew the leases, fold what answers, grant a wish, build a little of what is to answer
next. Nothing here decides what is right to write; the scripts do.
"""

import asyncio
import os
import platform
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import aclosing, suppress

import redis.exceptions
import structlog
from redis.asyncio import Redis

from projections.leases import Holding, Leases
from projections.mending import Mending
from projections.passes import Line, Log, Pass
from projections.store import RefusedError, Unit, ViewStore
from shop import clock, views
from shop.beside import beside
from shop.log import LogSetBackError
from shop.tail import LogUnavailableError
from shop.views import Keys, Wish

LEASE_SECONDS = 5.0
_LIVE_EVENTS = 500
_REBUILD_EVENTS = 2_000
_SHORTEST_POLL = 0.01
_LONGEST_POLL = 0.25
_LONGEST_WAIT = 2.0
_OUTAGES = (redis.exceptions.RedisError, LogUnavailableError, OSError)

logger = structlog.get_logger()


class Worker:
    """Folds the log into the segments it holds leases of. Any number of workers share them."""

    def __init__(
        self, log: Log, redis: Redis, keys: Keys, *, name: str | None = None, lease_seconds: float = LEASE_SECONDS
    ) -> None:
        """`name`: a worker of the same name takes over at once; without one it is this process's alone."""
        self._log = log
        self._redis = redis
        store = ViewStore(redis, keys)
        self._store = store
        self._leases = Leases(redis, keys, name or f"{platform.node()}:{os.getpid()}", lease_seconds)
        self._renew_after = lease_seconds / 5
        self._present = Pass(log, store, keys, events=_LIVE_EVENTS, announces=True)
        self._coming = Pass(log, store, keys, events=_REBUILD_EVENTS, announces=False)
        self._mending = Mending(log, store, keys)
        self._held: dict[int, Holding] = {}
        self._renewed = float("-inf")
        self._woken = asyncio.Event()
        self._stopping = False

    async def run(self) -> None:
        """Work until stopped. Outages of Redis or the database are waited out in place, longer each time."""
        async with beside(self._listen()):
            try:
                await self._work()
            finally:
                with suppress(*_OUTAGES):
                    await self._leases.release()

    async def _work(self) -> None:
        pause, wait = _SHORTEST_POLL, 0.1
        while not self._stopping:
            _end_if_canceled()
            try:
                moved = await self.step()
            except _OUTAGES as outage:
                logger.warning("worker_waits_for_a_store", reason=str(outage), again_in_s=wait)
                self._forget()
                await asyncio.sleep(wait)
                wait = min(wait * 2, _LONGEST_WAIT)
                continue
            wait = 0.1
            pause = _SHORTEST_POLL if moved else min(pause * 1.5, _LONGEST_POLL)
            if not moved:
                await self._pause(pause)

    def stop(self) -> None:
        """End after the batch in hand, and hand over at once."""
        self._stopping = True
        self._woken.set()

    async def catch_up(self) -> None:
        """Fold all that is in the log now, of what this worker may hold."""
        self._renewed = float("-inf")
        while await self.step():
            pass

    async def step(self) -> bool:
        """Do a little of everything; False when there was nothing to do."""
        try:
            if asyncio.get_running_loop().time() > self._renewed + self._renew_after:
                await self._renew()
            moved = await self._present.advance(list(self._lines_present()))
            return await self._grant() or await self._build() or moved
        except RefusedError as refused:
            logger.info("worker_looks_anew", reason=str(refused))
            self._forget()
            return True
        except LogSetBackError as lost:
            await self._begin_anew(lost)
            return True

    async def _renew(self) -> None:
        epoch, _ = await self._log.head()
        answered, made = _standing(self._held)
        self._held = await self._leases.hold(epoch)
        answers, makes = _standing(self._held)
        if answers - answered:
            self._present.forget()
        if makes - made:
            self._coming.forget()
        self._renewed = asyncio.get_running_loop().time()

    def _lines_present(self) -> Iterator[Line]:
        for holding in self._held.values():
            yield from _lines(holding, holding.present)

    def _lines_coming(self) -> Iterator[Line]:
        """What is being made goes as far as what answers, and not a step further."""
        for holding in self._held.values():
            for line in _lines(holding, holding.coming):
                ends = {_end(holding, unit) for unit in line.units.values()}
                for end in ends:
                    units = {view: unit for view, unit in line.units.items() if _end(holding, unit) == end}
                    yield Line(line.segment, units, line.parked, end)

    async def _build(self) -> bool:
        """Fold a batch of what is to answer next, or let what has caught up answer."""
        lines = list(self._lines_coming())
        unfinished = [line for line in lines if line.upto is None or line.at.position < line.upto]
        unfinished.sort(key=lambda line: line.at.position)
        moved = await self._coming.advance(unfinished[:1])  # one batch: what answers is not to wait for more
        switched = [await self._let_answer(line) for line in lines if self._has_caught_up(line)]
        return moved or any(switched)

    def _has_caught_up(self, line: Line) -> bool:
        end = self._coming.end if line.upto is None else line.upto
        return 0 <= end <= line.at.position

    async def _let_answer(self, line: Line) -> bool:
        """Switch each unit of the line; look anew where what answers has moved on under another worker's hands."""
        holding, done = self._held[line.segment], False
        for view, unit in line.units.items():
            if _is_worse(holding, unit):
                continue
            self._renewed = float("-inf")
            present = holding.serving.get(view)
            old_epoch = unit.checkpoint.epoch if present is None else present.checkpoint.epoch
            before = None if present is None else present.generation
            done = await self._store.switch(line.segment, before, unit, old_epoch, clock.text(clock.utc_now())) or done
        return done

    async def _grant(self) -> bool:
        """Do what operators wish of the documents held here."""
        granted = False
        for holding in self._held.values():
            for wish_id, wish in list(holding.wishes.items()):
                granted = await self._granted(holding, wish_id, wish) or granted
                holding.wishes.pop(wish_id, None)
        if granted:
            self._forget()
        return granted

    async def _granted(self, holding: Holding, wish_id: str, wish: Wish) -> bool:
        for units, announces in ((holding.present, True), (holding.coming, False)):
            unit = units.get(wish.view)
            if unit is not None and unit.generation.number == wish.generation:
                await self._mending.grant(wish_id, wish, holding.segment, unit, announces=announces)
                return True
        if wish.view in holding.present:  # its generation is gone
            await self._store.drop_wish(holding.segment, wish_id)
        return False

    async def _begin_anew(self, lost: LogSetBackError) -> None:
        """The log lost events that are in the views: it is another log from here on, and every view is made anew."""
        epochs = {line.at.epoch for line in (*self._lines_present(), *self._lines_coming())}
        for epoch in epochs:  # one, as long as nobody else found out
            fresh = await self._log.new_epoch(epoch)
            logger.error("log_was_set_back", reason=str(lost), old_epoch=epoch, new_epoch=fresh)
        self._forget()

    def _forget(self) -> None:
        self._held = {}
        self._present.forget()
        self._coming.forget()
        self._renewed = float("-inf")

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):  # wait_for of 3.11 may lose a cancelation
                await self._woken.wait()
        self._woken.clear()

    async def _listen(self) -> None:
        """Be woken by each nudge. Everything works the same, only later, if every nudge is lost."""
        while True:
            with suppress(*_OUTAGES):
                async with aclosing(self._nudges()) as nudges:
                    async for content in nudges:
                        if not content.isdigit():  # not of a commit: there is something new to be held or made
                            self._renewed = float("-inf")
                        self._woken.set()
            await asyncio.sleep(0.5)

    async def _nudges(self) -> AsyncGenerator[bytes, None]:
        async with self._redis.pubsub() as channel:
            await channel.subscribe(views.NUDGE)
            async for message in channel.listen():
                if message["type"] == "message":
                    yield message["data"]


def _end_if_canceled() -> None:
    """Drivers may swallow a cancelation, or turn it into an error of their own that looks like an outage."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


def _lines(holding: Holding, units: dict[str, Unit]) -> Iterator[Line]:
    """Group the units of a segment by where they stand."""
    for at in {unit.checkpoint for unit in units.values()}:
        yield Line(holding.segment, {view: unit for view, unit in units.items() if unit.checkpoint == at}, holding.parked)


def _end(holding: Holding, unit: Unit) -> int | None:
    """Where what answers now stands, in this log; None where nothing does."""
    serving = holding.serving.get(unit.generation.view)
    return serving.checkpoint.position if serving and serving.checkpoint.epoch == unit.checkpoint.epoch else None


def _is_worse(holding: Holding, unit: Unit) -> bool:
    """Whether more documents stand parked in what is to come than in what answers: then it waits for its operator."""
    serving = holding.serving.get(unit.generation.view)
    if serving is None or serving.checkpoint.epoch != unit.checkpoint.epoch:
        return False
    counts = [
        sum((one.view, one.generation) == (of.view, of.number) for one in holding.parked.values())
        for of in (unit.generation, serving.generation)
    ]
    return counts[0] > counts[1]


def _standing(held: Mapping[int, Holding]) -> tuple[set[str], set[str]]:
    """What answers and what is being made: by which right, and how far it is.

    Whatever is new in either was written by others, or by the other pass. A Redis that was set back or emptied may grant the
    same right again; and what answered and was left behind answers again after a rollback, at another place.
    """
    answers, makes = set[str](), set[str]()
    for one in held.values():
        answers |= {f"{one.segment} {unit.generation} {unit.fence} {unit.checkpoint}" for unit in one.present.values()}
        makes |= {f"{one.segment} {unit.generation} {unit.fence} {unit.checkpoint}" for unit in one.coming.values()}
    return answers, makes
