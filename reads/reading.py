"""One operation's reads: true at one position or later, and what runs in the same tick shares one round trip."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar, cast

from redis.asyncio import Redis

from reads.errors import PositionUnknown, ViewBehind
from reads.feed import Feed
from reads.store import Range, Store
from shop import views
from shop.position import Position
from shop.views import Document, Keys

D = TypeVar("D", bound=Document)
Head = Callable[[], Awaitable[tuple[str, int]]]


class Reading:
    """What one operation reads. `position` is the lowest checkpoint seen before the first document was loaded."""

    def __init__(self, store: Store, feed: Feed, head: Head, position: Position) -> None:
        self.store = store
        self.position = position
        self.waited_ms = 0
        self.stale = False
        self._feed = feed
        self._head = head
        self._wanted: dict[tuple[type[Document], str], asyncio.Future[Document | None]] = {}
        self._known: dict[tuple[type[Document], str], asyncio.Future[Document | None]] = {}

    async def get(self, view: type[D], document_id: str) -> D | None:
        """Load one document; those asked for in the same tick come together."""
        name = (view, document_id)
        if name not in self._known:
            loop = asyncio.get_running_loop()
            if not self._wanted:
                loop.call_soon(lambda: asyncio.ensure_future(self._load()))
            self._known[name] = self._wanted[name] = loop.create_future()
        return cast("D | None", await self._known[name])

    async def many(self, view: type[D], document_ids: Sequence[str]) -> list[D | None]:
        """Load several documents of one view, in the order asked for."""
        return list(await asyncio.gather(*(self.get(view, document_id) for document_id in document_ids)))

    async def lookup(self, view: type[Document], kind: str, value: str) -> str | None:
        """Find the id that a slug, a SKU, a number or a reference leads to."""
        prefix = views.member(f"{kind}={value}", "")
        [found] = await self.store.ranges(view, [Range(views.LOOKUP, 1, prefix=prefix)])
        return views.member_id(found[0]) if found else None

    async def at_least(self, wanted: Position, timeout_ms: int) -> None:
        """Wait until the views have applied the log up to `wanted`, woken by the feed; from then on read no older.

        Raises PositionUnknown for a place that this log does not have, ViewBehind when the time is over.
        """
        if wanted.epoch != self.position.epoch:
            raise PositionUnknown(str(wanted))
        if wanted.position <= self.position.position:
            return
        epoch, last = await self._head()
        if wanted.epoch != epoch or wanted.position > last:
            raise PositionUnknown(str(wanted))
        began = time.monotonic()
        reached = await self._reaches(wanted.position, began + timeout_ms / 1000)
        self.waited_ms += int((time.monotonic() - began) * 1000)
        if not reached:
            raise ViewBehind(str(wanted), str(self.position), self.waited_ms)

    async def _reaches(self, position: int, give_up: float) -> bool:
        """Look at the checkpoints each time the feed moves, until they have passed the position or the time is over."""
        while True:
            self.position = min(await self.store.checkpoints())
            if self.position.position >= position:
                self._known.clear()
                return True
            left = give_up - time.monotonic()
            if left <= 0 or (self._feed.position < position and not await self._feed.moved(left)):
                return False

    async def _load(self) -> None:
        wanted, self._wanted = self._wanted, {}
        try:
            documents = await self.store.documents(list(wanted))
        except Exception as error:  # noqa: BLE001 - whoever waits for a document is told
            for future in wanted.values():
                future.set_exception(error)
            return
        for future, document in zip(wanted.values(), documents, strict=True):
            if not future.done():
                future.set_result(document)


class Views:
    """The read side of one process: Redis, and the feed that it follows."""

    def __init__(self, redis: Redis, keys: Keys, head: Head) -> None:
        """`head` tells the log's epoch and last position; it is asked only before waiting for a position."""
        self.store = Store(redis, keys)
        self.feed = Feed(redis, keys)
        self._head = head

    async def reading(self) -> Reading:
        """Begin an operation: the position it is true at is taken before anything else is read."""
        return Reading(self.store, self.feed, self._head, min(await self.store.checkpoints()))

    async def follow(self) -> None:
        """Follow the feed until canceled."""
        await self.feed.run(self._positions)

    async def _positions(self) -> list[int]:
        return [position.position for position in await self.store.checkpoints()]
