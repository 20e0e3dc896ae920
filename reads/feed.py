"""The change feed: one reader a process follows every segment's stream and tells waiters and subscribers."""

import asyncio
import heapq
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any

import msgspec
import redis.exceptions
import structlog
from redis.asyncio import Redis

from reads.errors import ViewRebuilding
from shop.views import Keys

_BLOCK_MS = 1_000
_MOST_ENTRIES = 500

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


class Change(msgspec.Struct, frozen=True):
    """One document changed: where in the log, when, by which event."""

    position: int
    ordinal: int
    at: str
    type: str
    view: str
    document_id: str


Listener = Callable[[Sequence[Change]], None]
_decode = msgspec.json.Decoder(_Entry).decode


class Feed:
    """Follows the feed of all segments. A change is told once every segment has passed it, so positions only rise."""

    def __init__(self, redis: Redis, keys: Keys) -> None:
        self._redis = redis
        self._keys = keys
        self._reached = dict.fromkeys(range(keys.segments), 0)
        self._held: list[tuple[int, int, Change]] = []
        self._listeners: set[Listener] = set()
        self._waiters: set[asyncio.Future[None]] = set()

    @property
    def position(self) -> int:
        """How far all segments are, as far as this process has heard."""
        return min(self._reached.values())

    async def run(self, positions: Callable[[], Awaitable[Sequence[int]]]) -> None:
        """Follow until canceled, from `positions` (the segments' checkpoints) on. Outages are waited out."""
        started = False
        while True:
            try:
                if not started:
                    self._reached = dict(enumerate(await positions()))
                    started = True
                await self._read()
            except (ViewRebuilding, redis.exceptions.RedisError, OSError) as outage:
                logger.warning("feed_waits_for_redis", reason=str(outage))
                await asyncio.sleep(0.2)

    async def moved(self, timeout: float) -> bool:  # noqa: ASYNC109 - a bounded wait is what this is
        """Wait until some segment moves; False when the time was over first."""
        waiter = asyncio.get_running_loop().create_future()
        self._waiters.add(waiter)
        try:
            await asyncio.wait_for(waiter, timeout)
        except TimeoutError:
            return False
        finally:
            self._waiters.discard(waiter)
        return True

    @contextmanager
    def listening(self, listener: Listener) -> Iterator[None]:
        """Tell `listener` of each change from now on, in rising order."""
        self._listeners.add(listener)
        try:
            yield
        finally:
            self._listeners.discard(listener)

    async def since(self, position: int, ordinal: int, upto: int) -> list[Change] | None:
        """Read back the changes after a place, up to a position; None where the feed no longer reaches back so far."""
        found: list[Change] = []
        for segment in range(self._keys.segments):
            feed_from = await self._redis.hget(self._keys.checkpoint(segment), "feed_from")
            if feed_from is None or int(feed_from) > position:
                return None
            entries: Any = await self._redis.xrange(self._keys.feed(segment), f"{position}-0", f"{upto}-0")
            found += [change for entry in entries for change in _changes(entry)]
        found.sort(key=lambda change: (change.position, change.ordinal))
        return [change for change in found if (change.position, change.ordinal) > (position, ordinal)]

    async def _read(self) -> None:
        streams: Any = {self._keys.feed(segment): f"{at}-0" for segment, at in self._reached.items()}
        answer: Any = await self._redis.xread(streams, count=_MOST_ENTRIES, block=_BLOCK_MS)
        segment_of = {self._keys.feed(segment).encode(): segment for segment in self._reached}
        for key, entries in answer or []:
            for entry in entries:
                for change in _changes(entry):
                    heapq.heappush(self._held, (change.position, change.ordinal, change))
                self._reached[segment_of[key]] = _position(entry)
        self._tell()

    def _tell(self) -> None:
        ready = []
        while self._held and self._held[0][0] <= self.position:
            ready.append(heapq.heappop(self._held)[2])
        for listener in list(self._listeners):
            listener(ready)
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)


def _position(entry: Any) -> int:
    return int(entry[0].partition(b"-")[0])


def _changes(entry: Any) -> Iterator[Change]:
    position, content = _position(entry), _decode(entry[1][b"e"])
    for named in content.documents:
        yield Change(position, named.ordinal, content.at, content.type, named.view, named.document_id)


@asynccontextmanager
async def following(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Run an endless piece of work beside the block, and end it with the block."""
    task = asyncio.create_task(work)
    task.add_done_callback(_tell_of_an_end)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def _tell_of_an_end(task: "asyncio.Task[None]") -> None:
    """Endless work that ended by itself is a fault that nobody would notice."""
    if not task.cancelled() and task.exception() is not None:
        logger.error("endless_work_ended", exc_info=task.exception())
