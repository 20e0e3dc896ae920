"""One operation's reads: true at one position or later, and what runs in the same tick shares one round trip."""

import asyncio
import time
from collections.abc import Sequence
from typing import Protocol, TypeVar, cast

from redis.asyncio import Redis

from reads.asking import Exchanges
from reads.errors import PositionUnknown, ViewBehind, ViewRebuilding
from reads.feed import Feed
from reads.state import Shown, State
from reads.store import Ask, Range, Span, Store
from shop import views
from shop.position import Position
from shop.views import Delivered, Document, Keys

D = TypeVar("D", bound=Document)
T = TypeVar("T")


class Log(Protocol):
    """What readers ask of the log: how long it is. Asked before waiting, and where progress and lag are told."""

    async def head(self) -> tuple[str, int]: ...

    async def recorded_at(self, position: int) -> str | None: ...


Name = tuple[type[Document], str]


class Reading:
    """What one operation reads. It waits where it was asked to, on the segments it reads and on no others."""

    def __init__(self, source: "Views", state: State, lowest: Position) -> None:
        self.state = state
        self.waited_ms = 0
        self._lowest = lowest
        self._source = source
        self._store = source.store
        self._asked: Position | None = None
        self._give_up = 0.0
        self._may_be_stale = False
        self._missed = False
        self._aged = False
        self._exchanges = Exchanges(source.store, self._place)
        self._known: dict[Name, asyncio.Future[Document | None]] = {}
        self._ranges: dict[tuple[type[Document], Range], asyncio.Future[list[str]]] = {}

    @property
    def position(self) -> Position:
        """The place that everything read has passed."""
        if self._asked is None or self._missed:
            return self._lowest
        return max(self._lowest, self._asked) if self._asked.epoch == self._lowest.epoch else self._asked

    @property
    def stale(self) -> bool:
        """Whether something read is older than asked for, is moved on by nobody, or stands parked."""
        return self._missed or self._aged

    async def at_least(self, wanted: Position, timeout_ms: int, *, or_stale: bool = False) -> None:
        """Read no older than `wanted` from now on: whatever is read first waits for it, until the time is over.

        Raises PositionUnknown for a place that this log does not have. Reads raise ViewBehind when the time is over, or
        answer as they are where `or_stale`.
        """
        if wanted.epoch != self._lowest.epoch or wanted.position > self._lowest.position:
            epoch, last = await self._source.log.head()
            if wanted.epoch != epoch or wanted.position > last:
                raise PositionUnknown(str(wanted))
        place = Position(wanted.epoch, wanted.position)
        self._asked = place if self._asked is None or self._asked.epoch != place.epoch else max(self._asked, place)
        self._give_up = time.monotonic() + timeout_ms / 1000
        self._may_be_stale = or_stale

    async def get(self, view: type[D], document_id: str) -> D | None:
        """Load one document; those asked for in the same tick come together."""
        name = (view, document_id)
        if name not in self._known:
            self._known[name] = asyncio.ensure_future(self._one(view, document_id))
        return cast("D | None", await self._known[name])

    async def many(self, view: type[D], document_ids: Sequence[str]) -> list[D | None]:
        """Load several documents of one view, in the order asked for."""
        return list(await asyncio.gather(*(self.get(view, document_id) for document_id in document_ids)))

    async def lookup(self, view: type[Document], kind: str, value: str) -> str | None:
        """Find the id that a slug, a SKU, a number or a reference leads to."""
        prefix = views.member(f"{kind}={value}", "")
        [found] = await self.ranges(view, [Range(views.LOOKUP, 1, prefix=prefix)])
        return views.member_id(found[0]) if found else None

    async def ranges(self, view: type[Document], wanted: Sequence[Range]) -> list[list[str]]:
        """Read ranges of indexes, each merged over all segments, in order, without doubles. The same is read once."""
        for one in wanted:
            if (view, one) not in self._ranges:
                self._ranges[view, one] = asyncio.ensure_future(self._range(view, one))
        return list(await asyncio.gather(*(self._ranges[view, one] for one in wanted)))

    async def _range(self, view: type[Document], wanted: Range) -> list[str]:
        return await self._ask(self._store.range(view, await self._generations(view), wanted))

    async def counts(self, view: type[Document], indexes: Sequence[str]) -> int:
        """Count the documents that stand in any of the indexes, each once."""
        return await self._ask(self._store.counts(view, await self._generations(view), indexes)) if indexes else 0

    async def spans(self, view: type[Document], wanted: Sequence[Span]) -> set[str]:
        """All members of any of the spans: for filters over several axes at once."""
        return await self._ask(self._store.spans(view, await self._generations(view), wanted)) if wanted else set()

    async def grouped(self, view: type[Document], wanted: Sequence[Span]) -> dict[str, list[str]]:
        """The ids of all members of any of the spans, by their sort key."""
        return await self._ask(self._store.grouped(view, await self._generations(view), wanted)) if wanted else {}

    async def members(self, view: type[Document], indexes: Sequence[str]) -> set[str]:
        """All members of any of the indexes."""
        return await self.spans(view, [Span(index) for index in indexes])

    async def sums(self, view: type[Document], indexes: Sequence[str]) -> dict[str, int]:
        """Add up the scores of each member over several indexes."""
        return await self._ask(self._store.sums(view, await self._generations(view), indexes)) if indexes else {}

    async def delivered(self) -> dict[str, Delivered]:
        """Read how far each webhook is, by its id: it stands beside the views, so there is no position to wait for."""
        return await self._store.deliveries()

    async def head(self) -> tuple[str, int]:
        """Return the log's epoch and its end: what lag is told against."""
        return await self._source.log.head()

    async def reached(self, view: type[Document]) -> Position:
        """Wait as far as was asked for, and return the place that a view has passed in every segment."""
        shown = await self._everywhere(view)
        return Position(shown[0].epoch, min(one.position for one in shown))

    async def _generations(self, view: type[Document]) -> list[int]:
        return [one.generation.number for one in await self._everywhere(view)]

    async def _everywhere(self, view: type[Document]) -> list[Shown]:
        """What answers in each segment, as far as was asked for."""
        every = range(self._store.keys.segments)
        if self._asked is not None and not self.state.all_have(view.view, every, self._asked):
            await self._wait(view, every, self._asked)
        return [await self._shown(view, segment) for segment in every]

    async def _shown(self, view: type[Document], segment: int) -> Shown:
        """The generation that answers, as far as was asked for. Raises ViewRebuilding where there is none."""
        if self._asked is not None and not self._missed and not self.state.all_have(view.view, [segment], self._asked):
            await self._wait(view, [segment], self._asked)
        shown = self.state.segments[segment].shown(view.view)
        if shown is None:
            raise await self._source.rebuilding(self.state)
        self._aged = self._aged or not shown.moves
        return shown

    async def _wait(self, view: type[Document], segments: Sequence[int], asked: Position) -> None:
        """Look again each time the feed moves, until the segments have passed the position or the time is over."""
        began = time.monotonic()
        with self._source.feed.watching() as moved:
            while not self._missed:
                self.state = await self._store.state()
                if self.state.all_have(view.view, segments, asked):
                    break
                left = self._give_up - time.monotonic()
                if left <= 0:
                    self._miss(asked, began)
                else:
                    await moved.wait(left)
        self.waited_ms = max(self.waited_ms, int((time.monotonic() - began) * 1000))

    def _miss(self, asked: Position, began: float) -> None:
        self.waited_ms = max(self.waited_ms, int((time.monotonic() - began) * 1000))
        if not self._may_be_stale:
            raise ViewBehind(str(asked), str(self._lowest), self.waited_ms)
        self._missed = True

    async def _one(self, view: type[Document], document_id: str) -> Document | None:
        shown = await self._shown(view, self._store.keys.segment(document_id))
        if self.state.parked:
            await self._look_whether_parked(shown, document_id)
        return await self._exchanges.document(view, document_id)

    async def _ask(self, ask: Ask[T]) -> T:
        return await self._exchanges.ask(ask)

    async def _look_whether_parked(self, shown: Shown, document_id: str) -> None:
        """What is cut from a document (a channel's product) is as old as that is."""
        fields = {views.parked_field(shown.generation, one) for one in (document_id, views.root(document_id))}
        if not (stuck := fields & self.state.parked):
            return
        field = min(stuck)
        self._aged = True
        parked = await self._store.parked(self._store.keys.segment(document_id), field)
        if parked is not None and self._asked is not None and parked.position <= self._asked.position:
            self._miss(self._asked, time.monotonic())

    def _place(self, view: type[Document], document_id: str) -> tuple[type[Document], str, int]:
        shown = self.state.segments[self._store.keys.segment(document_id)].shown(view.view)
        return view, document_id, 0 if shown is None else shown.generation.number


class Views:
    """The read side of one process: Redis, and the feed that it follows."""

    def __init__(self, redis: Redis, keys: Keys, log: Log) -> None:
        self.store = Store(redis, keys)
        self.feed = Feed(redis, keys, self.store.state)
        self.log = log

    async def reading(self) -> Reading:
        """Begin an operation: the position it is true at is taken before anything else is read."""
        state = await self.store.state()
        if state.lowest is None:
            raise await self.rebuilding(state)
        return Reading(self, state, state.lowest)

    async def rebuilding(self, state: State) -> ViewRebuilding:
        """Say how far the views are that are being made."""
        _, total = await self.log.head()
        applied = [one.position for segment in state.segments for one in segment.making()]
        return ViewRebuilding(min(applied, default=0), total)

    async def follow(self) -> None:
        """Follow the feed until canceled."""
        await self.feed.run()
