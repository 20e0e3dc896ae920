"""How the views stand: what operators and their pages look at."""

import asyncio
from collections.abc import AsyncIterator

import strawberry

from reads import status
from reads.status import Status
from schema.context import Info
from schema.scalars import LogPosition

_LOOK_SECONDS = 1.0


@strawberry.type
class RebuildStatus:
    generation: int
    applied: int
    total: int
    eta_ms: int | None


@strawberry.type
class SegmentStatus:
    segment: int
    generation: int
    position: LogPosition
    lag_ms: int
    owner: str | None


@strawberry.type
class ViewStatus:
    name: str
    generation: int
    position: LogPosition
    lag_events: int
    lag_ms: int
    parked: int
    rebuild: RebuildStatus | None
    segments: list[SegmentStatus]


@strawberry.type
class ViewQuery:
    @strawberry.field
    @staticmethod
    async def views(info: Info) -> list[ViewStatus]:
        return await standing(info)


async def standing(info: Info) -> list[ViewStatus]:
    """All views, as they stand now."""
    return [_shown(one) for one in await info.context.status.views()]


async def views_changed(told: Status) -> AsyncIterator[list[ViewStatus]]:
    """All views, at once and then whenever anything of them is another than it was a second before."""
    before: list[status.ViewStatus] = []
    while True:
        now = await told.views()
        if now != before:
            yield [_shown(one) for one in now]
        before = now
        await asyncio.sleep(_LOOK_SECONDS)


def _shown(one: status.ViewStatus) -> ViewStatus:
    segments = [
        SegmentStatus(
            segment=part.segment,
            generation=part.generation,
            position=LogPosition(str(part.position)),
            lag_ms=part.lag_ms,
            owner=part.owner,
        )
        for part in one.segments
    ]
    return ViewStatus(
        name=one.name,
        generation=one.generation,
        position=LogPosition(str(one.position)),
        lag_events=one.lag_events,
        lag_ms=one.lag_ms,
        parked=one.parked,
        rebuild=None if one.rebuild is None else _making(one.rebuild),
        segments=segments,
    )


def _making(one: status.Rebuild) -> RebuildStatus:
    return RebuildStatus(generation=one.generation, applied=one.applied, total=one.total, eta_ms=one.eta_ms)
