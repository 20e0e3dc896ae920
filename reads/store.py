"""The views' side of Redis as readers see it: documents, index ranges and checkpoints, a round trip at a time."""

from collections.abc import Sequence
from typing import Any, TypeVar

import msgspec
from redis.asyncio import Redis

from reads.state import Segment, State
from shop import views
from shop.views import Delivered, Document, Keys, Parked

D = TypeVar("D", bound=Document)

Generations = Sequence[int]  # a view's generation that answers, by segment


class Range(msgspec.Struct, frozen=True):
    """Up to `limit` members of an index that follow `after`, or in falling order those before it; None begins at the end."""

    index: str
    limit: int
    after: str | None = None
    falling: bool = False
    prefix: str | None = None


class Group(msgspec.Struct, frozen=True):
    """Members of any of the indexes; where bounds are given, those with a sort key from `low` on and below `beyond`."""

    indexes: Sequence[str]
    low: str | None = None
    beyond: str | None = None

    @property
    def bounded(self) -> bool:
        return self.low is not None or self.beyond is not None


class Store:
    """Reads only. Whatever is asked in one call costs one pipelined round trip."""

    def __init__(self, redis: Redis, keys: Keys) -> None:
        self.redis = redis
        self.keys = keys

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

    async def documents(self, wanted: Sequence[tuple[type[Document], str, int]]) -> list[Document | Exception | None]:
        """Load documents by view, id and generation; None where there is none, the error where one cannot be read."""
        by_segment: dict[int, list[int]] = {}
        for place, (_, document_id, _) in enumerate(wanted):
            by_segment.setdefault(self.keys.segment(document_id), []).append(place)
        pipeline = self.redis.pipeline(transaction=False)
        for places in by_segment.values():
            pipeline.mget([self.keys.document(*wanted[place]) for place in places])
        found: list[Document | Exception | None] = [None] * len(wanted)
        for places, values in zip(by_segment.values(), await pipeline.execute() if by_segment else [], strict=True):
            for place, value in zip(places, values, strict=True):
                found[place] = None if value is None else views.read(wanted[place][0], value)
        return found

    async def ranges(self, view: type[Document], generations: Generations, wanted: Sequence[Range]) -> list[list[str]]:
        """Read ranges of indexes, each merged over all segments, in order, without doubles."""
        pipeline = self.redis.pipeline(transaction=False)
        for one in wanted:
            for segment in range(self.keys.segments):
                _range(pipeline, self.keys.index(view, segment, one.index, generations[segment]), one)
        answers = iter(await pipeline.execute() if wanted else [])
        return [_merged([next(answers) for _ in range(self.keys.segments)], one) for one in wanted]

    async def counts(self, view: type[Document], generations: Generations, indexes: Sequence[str]) -> int:
        """Count the documents that stand in any of the indexes, each once."""
        pipeline = self.redis.pipeline(transaction=False)
        for segment in range(self.keys.segments):
            keys = [self.keys.index(view, segment, index, generations[segment]) for index in indexes]
            _ = pipeline.zcard(keys[0]) if len(keys) == 1 else pipeline.zunion(keys)
        answers = await pipeline.execute()
        return sum(len(answer) if isinstance(answer, list) else int(answer) for answer in answers)

    async def members(self, view: type[Document], generations: Generations, indexes: Sequence[str]) -> set[str]:
        """All members of any of the indexes: for filters over several axes at once."""
        pipeline = self.redis.pipeline(transaction=False)
        for segment in range(self.keys.segments):
            for index in indexes:
                pipeline.zrange(self.keys.index(view, segment, index, generations[segment]), 0, -1)
        return {member.decode() for answer in await pipeline.execute() for member in answer}

    async def groups(self, view: type[Document], generations: Generations, wanted: Sequence[Group]) -> list[set[str]]:
        """Read the members of each group, over all segments, all in one round trip."""
        pipeline = self.redis.pipeline(transaction=False)
        for group in wanted:
            for segment in range(self.keys.segments):
                for index in group.indexes:
                    key = self.keys.index(view, segment, index, generations[segment])
                    low, beyond = (
                        "-" if group.low is None else f"[{group.low}",
                        "+" if group.beyond is None else f"({group.beyond}",
                    )
                    pipeline.zrangebylex(key, low, beyond)
        answers = iter(await pipeline.execute())
        return [
            {member.decode() for _ in range(self.keys.segments * len(group.indexes)) for member in next(answers)}
            for group in wanted
        ]

    async def sums(self, view: type[Document], generations: Generations, indexes: Sequence[str]) -> dict[str, int]:
        """Add up the scores of each member over several indexes."""
        pipeline = self.redis.pipeline(transaction=False)
        for segment in range(self.keys.segments):
            keys = [self.keys.index(view, segment, index, generations[segment]) for index in indexes]
            pipeline.zunion(keys, aggregate="SUM", withscores=True)
        answers = await pipeline.execute() if indexes else []
        return {member.decode(): int(score) for answer in answers for member, score in answer}


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
