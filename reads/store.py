"""The views' side of Redis as readers see it: documents, index ranges and checkpoints, a round trip at a time."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

import msgspec
from redis.asyncio import Redis

from reads.state import Segment, State
from shop import views
from shop.views import Delivered, Document, Keys, Parked

D = TypeVar("D", bound=Document)
T = TypeVar("T")

Generations = Sequence[int]  # a view's generation that answers, by segment


class Range(msgspec.Struct, frozen=True):
    """Up to `limit` members of an index that follow `after`, or in falling order those before it; None begins at the end."""

    index: str
    limit: int
    after: str | None = None
    falling: bool = False
    prefix: str | None = None


class Span(msgspec.Struct, frozen=True):
    """All members of an index, or those with a sort key from `low` on and below `beyond`."""

    index: str
    low: str | None = None
    beyond: str | None = None


class Ask(msgspec.Struct, Generic[T], frozen=True):
    """A question to Redis: the commands that it adds to a pipeline, and how their answers are read."""

    queue: Callable[[Any], None]
    read: Callable[[list[Any]], T]


class Store:
    """Reads only. All that is asked in one call costs one pipelined round trip."""

    def __init__(self, redis: Redis, keys: Keys) -> None:
        self.redis = redis
        self.keys = keys

    async def answers(self, asks: Sequence[Ask[Any]]) -> list[Any]:
        """Ask several things in one pipeline."""
        pipeline, ends = self.redis.pipeline(transaction=False), [0]
        for ask in asks:
            ask.queue(pipeline)
            ends.append(len(pipeline))
        found = await pipeline.execute()
        return [ask.read(found[start:end]) for ask, start, end in zip(asks, ends, ends[1:], strict=False)]

    async def state(self) -> State:
        """Look at all segments: what answers, how far it is, and what is parked."""
        pipeline = self.redis.pipeline(transaction=False)
        pipeline.time()
        for segment in range(self.keys.segments):
            for key in (self.keys.serving, self.keys.goals, self.keys.checkpoints, self.keys.leases):
                pipeline.hgetall(key(segment))
            pipeline.hkeys(self.keys.parked(segment))
        (seconds, micros), *found = await pipeline.execute()
        now = seconds * 1000 + micros // 1000
        parts = [found[at : at + 5] for at in range(0, len(found), 5)]
        return State([Segment(number, now, part[:4], part[4]) for number, part in enumerate(parts)])

    async def parked(self, segment: int, field: str) -> Parked | None:
        """Read what is known of a document that stands parked."""
        found: Any = await self.redis.hget(self.keys.parked(segment), field)
        return None if found is None else msgspec.json.decode(found, type=Parked)

    async def deliveries(self) -> dict[str, Delivered]:
        """Read how far each webhook is, by its id."""
        told: Any = await self.redis.hgetall(views.DELIVERIES)
        return {webhook_id.decode(): msgspec.json.decode(value, type=Delivered) for webhook_id, value in told.items()}

    def documents(self, wanted: Sequence[tuple[type[Document], str, int]]) -> Ask[list[Document | Exception | None]]:
        """Documents by view, id and generation; None where there is none, the error where one cannot be read."""
        by_segment: dict[int, list[int]] = {}
        for place, (_, document_id, _) in enumerate(wanted):
            by_segment.setdefault(self.keys.segment(document_id), []).append(place)

        def queue(pipeline: Any) -> None:
            for places in by_segment.values():
                pipeline.mget([self.keys.document(*wanted[place]) for place in places])

        def read(answers: list[Any]) -> list[Document | Exception | None]:
            found: list[Document | Exception | None] = [None] * len(wanted)
            for places, values in zip(by_segment.values(), answers, strict=True):
                for place, value in zip(places, values, strict=True):
                    found[place] = None if value is None else views.read(wanted[place][0], value)
            return found

        return Ask(queue, read)

    def range(self, view: type[Document], generations: Generations, wanted: Range) -> Ask[list[str]]:
        """A range of an index, merged over all segments, in order, without doubles."""

        def queue(pipeline: Any) -> None:
            for key in self._keys(view, generations, wanted.index):
                _range(pipeline, key, wanted)

        return Ask(queue, lambda answers: _merged(answers, wanted))

    def counts(self, view: type[Document], generations: Generations, indexes: Sequence[str]) -> Ask[int]:
        """How many documents stand in any of the indexes, each counted once."""

        def queue(pipeline: Any) -> None:
            for keys in zip(*(self._keys(view, generations, index) for index in indexes), strict=True):
                _ = pipeline.zcard(keys[0]) if len(keys) == 1 else pipeline.zunion(keys)

        return Ask(queue, lambda answers: sum(len(one) if isinstance(one, list) else int(one) for one in answers))

    def spans(self, view: type[Document], generations: Generations, wanted: Sequence[Span]) -> Ask[set[str]]:
        """The members of any of the spans, over all segments."""

        def queue(pipeline: Any) -> None:
            for span in wanted:
                low = "-" if span.low is None else f"[{span.low}"
                beyond = "+" if span.beyond is None else f"({span.beyond}"
                for key in self._keys(view, generations, span.index):
                    pipeline.zrangebylex(key, low, beyond)

        return Ask(queue, lambda answers: {member.decode() for answer in answers for member in answer})

    def grouped(self, view: type[Document], generations: Generations, wanted: Sequence[Span]) -> Ask[dict[str, list[str]]]:
        """The ids of the members of any of the spans, by their sort key."""
        spans = self.spans(view, generations, wanted)
        return Ask(spans.queue, _grouped)

    def sums(self, view: type[Document], generations: Generations, indexes: Sequence[str]) -> Ask[dict[str, int]]:
        """The scores of each member, added up over several indexes."""

        def queue(pipeline: Any) -> None:
            for keys in zip(*(self._keys(view, generations, index) for index in indexes), strict=True):
                pipeline.zunion(keys, aggregate="SUM", withscores=True)

        return Ask(queue, lambda answers: {member.decode(): int(score) for answer in answers for member, score in answer})

    def _keys(self, view: type[Document], generations: Generations, index: str) -> list[str]:
        """The index's key in each segment."""
        return [self.keys.index(view, segment, index, generations[segment]) for segment in range(self.keys.segments)]


def _range(pipeline: Any, key: str, one: Range) -> None:
    low, high = ("-", "+") if one.prefix is None else (f"[{one.prefix}", f"({one.prefix}\U0010ffff")
    if one.after is not None:
        low, high = (low, f"({one.after}") if one.falling else (f"({one.after}", high)
    if one.falling:
        pipeline.zrevrangebylex(key, high, low, start=0, num=one.limit)
    else:
        pipeline.zrangebylex(key, low, high, start=0, num=one.limit)


def _merged(answers: Sequence[Sequence[bytes]], one: Range) -> list[str]:
    every = {member for answer in answers for member in answer}
    return [member.decode() for member in sorted(every, reverse=one.falling)[: one.limit]]


def _grouped(answers: Sequence[Sequence[bytes]]) -> dict[str, list[str]]:
    """By the thousand: ids are decoded together."""
    groups: dict[bytes, list[bytes]] = defaultdict(list)
    for answer in answers:
        for member in answer:
            key, _, document_id = member.rpartition(b"\0")
            groups[key].append(document_id)
    return {key.decode(): b"\0".join(ids).decode().split("\0") for key, ids in groups.items()}
