"""The change feed: one reader a process follows every segment's stream and tells waiters and subscribers."""

import asyncio
import heapq
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Protocol

import msgspec
import redis.exceptions
import structlog
from redis.asyncio import Redis

from reads.errors import FeedBroken, PositionUnknown, ReadError
from reads.state import State
from shop.position import Position
from shop.views import Keys

_BLOCK_MS = 1_000
_MOST_ENTRIES = 500
_TOLD_LATE = 50_000  # ordinals from here on are of what was told late; an event changes fewer documents

logger = structlog.get_logger()


class Named(msgspec.Struct, frozen=True, array_like=True):
    """A document that an event changed, by its ordinal among them."""

    ordinal: int
    view: str
    document_id: str


class _Entry(msgspec.Struct, frozen=True):
    type: str
    at: str
    documents: list[Named]
    gap: bool = False


class Change(msgspec.Struct, frozen=True):
    """One document changed: where in the log, when, by which event."""

    position: int
    ordinal: int
    at: str
    type: str
    view: str
    document_id: str


class Listener(Protocol):
    """Who is told of changes as they come, in rising order, and at last that there will be no more."""

    def put(self, changes: Sequence[Change]) -> None: ...

    def end(self, reason: ReadError) -> None: ...


class Moved:
    """Woken each time the feed moves."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def wake(self) -> None:
        self._event.set()

    async def wait(self, seconds: float) -> None:
        """Wait for the next move, or until the time is over."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):  # wait_for of 3.11 may lose a cancelation
                await self._event.wait()
        self._event.clear()


_decode = msgspec.json.Decoder(_Entry).decode


class Feed:
    """Follows the feed of all segments. A change is told once every segment has passed it, so positions only rise."""

    def __init__(self, redis: Redis, keys: Keys, look: Callable[[], Awaitable[State]]) -> None:
        self._redis = redis
        self._keys = keys
        self._look = look
        self._epoch = ""
        self._reached: dict[int, int] = {}
        self._cursors: dict[int, str] = {}
        self._held: list[tuple[int, int, Change]] = []
        self._listeners: set[Listener] = set()
        self._watchers: set[Moved] = set()

    @property
    def position(self) -> int:
        """How far all segments are, as far as this process has heard."""
        return min(self._reached.values(), default=0)

    async def run(self) -> None:
        """Follow until canceled, from where the views are. Outages are waited out."""
        while True:
            try:
                if not await self._read() and await self._is_of_another_log():
                    await self._begin()
            except (redis.exceptions.RedisError, OSError) as outage:
                logger.warning("feed_waits_for_redis", reason=str(outage))
                await asyncio.sleep(0.2)

    @contextmanager
    def watching(self) -> Iterator[Moved]:
        """Be woken whenever some segment moves."""
        moved = Moved()
        self._watchers.add(moved)
        try:
            yield moved
        finally:
            self._watchers.discard(moved)

    @contextmanager
    def listening(self, listener: Listener) -> Iterator[None]:
        """Tell `listener` of each change from now on, in rising order."""
        self._listeners.add(listener)
        try:
            yield
        finally:
            self._listeners.discard(listener)

    async def since(self, epoch: str, position: int, ordinal: int, upto: int) -> list[Change] | None:
        """Read back the changes after a place, up to a position; None where the feed no longer reaches back so far."""
        found: list[Change] = []
        for segment in range(self._keys.segments):
            feed_from = await self._redis.hget(self._keys.feed_from(segment), epoch)
            if feed_from is None or int(feed_from) > position:
                return None
            entries: Any = await self._redis.xrange(self._keys.feed(segment, epoch), str(position), str(upto))
            found += [change for entry in entries for change in _changes(entry)]
        found.sort(key=lambda change: (change.position, change.ordinal))
        return [change for change in found if (change.position, change.ordinal) > (position, ordinal)]

    async def _is_of_another_log(self) -> bool:
        """Whether what is followed is not (or not yet) the feed of what answers. Asked while nothing comes."""
        lowest = (await self._look()).lowest
        if lowest is None:
            await asyncio.sleep(0.05)
            return False
        return lowest.epoch != self._epoch

    async def _begin(self) -> None:
        """Follow from where the views are; who listened to another log is told to begin anew."""
        lowest = (await self._look()).lowest
        if lowest is None:
            return
        cursors = {segment: await self._newest(segment, lowest) for segment in range(self._keys.segments)}
        self._end(PositionUnknown(str(Position(self._epoch, self.position))) if self._epoch else FeedBroken())
        self._epoch, self._held, self._cursors = lowest.epoch, [], cursors
        self._reached = dict.fromkeys(cursors, lowest.position)
        self._wake()

    async def _newest(self, segment: int, at: Position) -> str:
        """The newest entry up to a position: what was told late there, a switch too, is of the past."""
        found: Any = await self._redis.xrevrange(self._keys.feed(segment, at.epoch), str(at.position), "-", count=1)
        return found[0][0].decode() if found else f"{at.position}-0"

    async def _read(self) -> bool:
        """Take what is new, wait a second for it if need be; False when there was nothing."""
        if not self._cursors:
            return False
        streams: Any = {self._keys.feed(segment, self._epoch): at for segment, at in self._cursors.items()}
        answer: Any = await self._redis.xread(streams, count=_MOST_ENTRIES, block=_BLOCK_MS)
        segments = {self._keys.feed(segment, self._epoch).encode(): segment for segment in self._cursors}
        for key, entries in answer or []:
            for entry in entries:
                self._take(segments[key], entry)
        self._tell()
        return bool(answer)

    def _take(self, segment: int, entry: Any) -> None:
        position = _position(entry)
        if _decode(entry[1][b"e"]).gap:  # wherever it stands: other views may have been told of on the way there
            self._end(FeedBroken())
        for change in _changes(entry):
            heapq.heappush(self._held, (change.position, change.ordinal, change))
        self._reached[segment], self._cursors[segment] = position, entry[0].decode()

    def _tell(self) -> None:
        ready = []
        while self._held and self._held[0][0] <= self.position:
            ready.append(heapq.heappop(self._held)[2])
        for listener in list(self._listeners):
            listener.put(ready)
        self._wake()

    def _wake(self) -> None:
        for moved in self._watchers:
            moved.wake()

    def _end(self, reason: ReadError) -> None:
        for listener in list(self._listeners):
            listener.end(reason)


def _position(entry: Any) -> int:
    return int(entry[0].partition(b"-")[0])


def _changes(entry: Any) -> Iterator[Change]:
    """The changes that an entry tells of. One told late (see feed.lua) has ordinals after all that were told in time."""
    position, content = _position(entry), _decode(entry[1][b"e"])
    sequence = int(entry[0].partition(b"-")[2])
    first = _TOLD_LATE + sequence - len(content.documents) + 1
    for place, named in enumerate(content.documents):
        ordinal = first + place if sequence else named.ordinal
        yield Change(position, ordinal, content.at, content.type, named.view, named.document_id)
