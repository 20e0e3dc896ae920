"""The event log for the API: pages read from it, and one reader a process that tells all subscribers what is new.

A subscriber catches up at its own pace, a page at a time. From the log's end on it has a mailbox with a bound: one that
reads too slowly is ended with the place to go on from, and delays nobody.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager

import msgspec

from reads.errors import Lagged, PositionUnknown, ReadError
from schema.outside import Logged, Wanted
from server.nudges import Nudges
from shop import log
from shop.position import Position
from shop.tail import LogUnavailableError, Tail

_PAGE = 200
_MAILBOX = 1_000  # events that may wait for a slow subscriber
_LOOK_SECONDS = 0.5  # how late an event is told whose nudge was lost


class Mailbox:
    """What waits for one subscriber: never more than its bound. One that ran over takes nothing more."""

    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted
        self._waiting: deque[Logged] = deque()
        self._filled = asyncio.Event()
        self._ran_over = False
        self._ended: ReadError | None = None

    def put(self, events: Sequence[Logged]) -> None:
        self._waiting.extend(one for one in events if not self._ran_over and self._wanted.fits(one))
        if len(self._waiting) > _MAILBOX:
            self._ran_over = True
            self._waiting.clear()
        self._filled.set()

    def end(self, reason: ReadError) -> None:
        self._ended = reason
        self._filled.set()

    async def take(self, at: Position) -> Logged:
        """Wait for an event. `at` is where the subscriber stands: it is told when it has to go on from there."""
        while True:
            if self._ended is not None:
                raise self._ended
            if self._ran_over:
                raise Lagged(str(at))
            if self._waiting:
                return self._waiting.popleft()
            self._filled.clear()
            await self._filled.wait()


class ServedLog:
    """What `schema.outside.EventLog` asks for."""

    def __init__(self, tail: Tail, nudges: Nudges) -> None:
        self._tail = tail
        self._nudges = nudges
        self._mailboxes: set[Mailbox] = set()
        self._at: Position | None = None  # how far the subscribers were told; nobody listens where it is None

    async def page(self, wanted: Wanted, after: Position | None, first: int) -> tuple[list[Logged], bool]:
        """Return up to `first` events after a position, and whether there are more."""
        epoch = await self._epoch_of(after)
        found = await self._matching(wanted, 0 if after is None else after.position, first + 1)
        return [_logged(one, epoch) for one in found[:first]], len(found) > first

    async def follow(self, wanted: Wanted, after: Position | None) -> AsyncIterator[Logged]:
        """Give every event after a position, or from now on; the older ones a page at a time."""
        epoch, at = await self._epoch_of(after), after
        if at is not None:
            async for event in self._since(wanted, epoch, at.position, None):
                yield event
                at = event.position
        with self._listening(wanted) as mailbox:
            begun = await self._begun()
            if at is not None:
                async for event in self._since(wanted, epoch, at.position, begun.position):
                    yield event
            at = begun if at is None else max(at, begun)
            while True:
                event = await mailbox.take(at)
                if event.position > at:
                    yield event
                    at = event.position

    async def run(self) -> None:
        """Read what is new for all subscribers, as long as there are any, until canceled."""
        with self._nudges.heard() as moved:
            while True:
                try:
                    grew = await self._read() if self._mailboxes else False
                except LogUnavailableError:
                    grew = False
                if not grew:
                    await moved.wait(_LOOK_SECONDS)

    async def _read(self) -> bool:
        """Tell a page of what is new. A log that was set back, or is another now, ends who listens to it."""
        begun = await self._begun()
        epoch, head = await self._tail.head()
        if epoch != begun.epoch or head < begun.position:
            for mailbox in self._mailboxes:
                mailbox.end(PositionUnknown(str(begun)))
            self._at = None
            return False
        found = [_logged(one, epoch) for one in await self._tail.after(begun.position, _PAGE)] if head > begun.position else []
        for mailbox in self._mailboxes:
            mailbox.put(found)
        if found and self._at is begun:  # else all have left meanwhile, and who came begins where the log ends now
            self._at = found[-1].position
        return bool(found)

    async def _begun(self) -> Position:
        """Return where the reader stands; the first to listen lets it begin at the log's end."""
        if self._at is None:
            end = Position(*await self._tail.head())
            self._at = self._at or end
        return self._at

    @contextmanager
    def _listening(self, wanted: Wanted) -> Iterator[Mailbox]:
        mailbox = Mailbox(wanted)
        self._mailboxes.add(mailbox)
        try:
            yield mailbox
        finally:
            self._mailboxes.discard(mailbox)
            if not self._mailboxes:
                self._at = None

    async def _since(self, wanted: Wanted, epoch: str, at: int, upto: int | None) -> AsyncIterator[Logged]:
        """Read on from a place to the end, or up to a position, a page at a time."""
        while True:
            found = await self._matching(wanted, at, _PAGE, upto)
            for one in found:
                yield _logged(one, epoch)
            if len(found) < _PAGE:
                return
            at = found[-1].position

    async def _matching(self, wanted: Wanted, at: int, limit: int, upto: int | None = None) -> list[log.Recorded]:
        return await self._tail.run(log.matching, at, limit, wanted.types, wanted.subject, upto)

    async def _epoch_of(self, after: Position | None) -> str:
        """Return the log's epoch; PositionUnknown where the position is of another, or beyond the end."""
        epoch, head = await self._tail.head()
        if after is not None and (after.epoch != epoch or after.position > head):
            raise PositionUnknown(str(after))
        return epoch


def _logged(one: log.Recorded, epoch: str) -> Logged:
    data = msgspec.to_builtins(one.event)
    return Logged(Position(epoch, one.position), one.at, one.type, one.id, one.stream, one.actor, data)
