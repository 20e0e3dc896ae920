"""How the views stand: for each view and segment its generation, its lag, its owner, what is parked, what is being made."""

import time
from collections.abc import Mapping

import msgspec

from reads.reading import Views
from reads.state import Segment, Shown
from shop import clock, views
from shop.position import Position


class SegmentStatus(msgspec.Struct, frozen=True):
    """A view in one segment. `lag_ms` is the age of the oldest event that is not in it."""

    segment: int
    generation: int
    position: Position
    lag_ms: int
    owner: str | None


class Rebuild(msgspec.Struct, frozen=True):
    """The next generation: of `total` events `applied` are in it. `eta_ms` is null until there is a rate to go by."""

    generation: int
    applied: int
    total: int
    eta_ms: int | None


class ViewStatus(msgspec.Struct, frozen=True):
    """A view: its hindmost segment tells position and lag. Where nothing answers yet it stands at 0 of the log."""

    name: str
    generation: int
    position: Position
    lag_events: int
    lag_ms: int
    parked: int
    rebuild: Rebuild | None
    segments: list[SegmentStatus]


class Status:
    """Tells how the views stand, again and again: what it saw first of a rebuild gives the rate."""

    def __init__(self, source: Views) -> None:
        self._source = source
        self._began: dict[tuple[str, int], tuple[float, int]] = {}

    async def views(self) -> list[ViewStatus]:
        """Look at everything once: one round trip, and a few small reads of the log."""
        state = await self._source.store.state()
        epoch, head = await self._source.log.head()
        ages = {position: await self._age(position, head) for position in _positions(state.segments, epoch)}
        return [self._view(view.view, state.segments, Position(epoch, head), ages) for view in views.ALL]

    async def _age(self, position: int, head: int) -> int:
        """How many ms ago the event after a position was recorded; 0 at the log's end."""
        at = await self._source.log.recorded_at(position + 1) if position < head else None
        return 0 if at is None else max(0, int((clock.utc_now() - clock.moment(at)).total_seconds() * 1000))

    def _view(self, name: str, segments: list[Segment], head: Position, ages: Mapping[int, int]) -> ViewStatus:
        told = [_segment(segment.number, segment.shown(name), head, ages) for segment in segments]
        hindmost = min(told, key=lambda one: one.position if one.position.epoch == head.epoch else Position(head.epoch, 0))
        applied = hindmost.position.position if hindmost.position.epoch == head.epoch else 0
        parked = sum(field.partition(".")[0] == name for segment in segments for field in segment.parked)
        generation = max(one.generation for one in told)
        lag_ms = max(one.lag_ms for one in told)
        rebuild = self._rebuild(name, segments, head)
        return ViewStatus(name, generation, hindmost.position, head.position - applied, lag_ms, parked, rebuild, told)

    def _rebuild(self, name: str, segments: list[Segment], head: Position) -> Rebuild | None:
        making = [one for segment in segments for one in segment.making() if one.generation.view == name]
        if not making:
            return None
        generation, applied = max(one.generation.number for one in making), min(one.position for one in making)
        began, first = self._began.setdefault((name, generation), (time.monotonic(), applied))
        done, took = applied - first, time.monotonic() - began
        eta = int((head.position - applied) * took / done * 1000) if done > 0 else None
        return Rebuild(generation, applied, head.position, eta)


def _segment(number: int, shown: Shown | None, head: Position, ages: Mapping[int, int]) -> SegmentStatus:
    if shown is None:
        return SegmentStatus(number, 0, Position(head.epoch, 0), ages[0], None)
    lag_ms = ages[shown.position if shown.epoch == head.epoch else 0]
    return SegmentStatus(number, shown.generation.number, Position(shown.epoch, shown.position), lag_ms, shown.owner)


def _positions(segments: list[Segment], epoch: str) -> set[int]:
    shown = [one for segment in segments for view in segment.views if (one := segment.shown(view)) is not None]
    return {0, *(one.position for one in shown if one.epoch == epoch)}
