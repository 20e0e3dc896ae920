"""What answers: for each view and segment its generation, how far that is, whether somebody moves it, what is parked."""

from collections.abc import Mapping, Sequence
from functools import cached_property

import msgspec

from shop import views
from shop.position import Position
from shop.views import Checkpoint, Generation


class Shown(msgspec.Struct, frozen=True):
    """A generation that answers for a segment. `moves` is false where no worker holds its lease: it grows old."""

    generation: Generation
    epoch: str
    position: int
    owner: str | None
    moves: bool

    def has(self, wanted: Position) -> bool:
        return self.epoch == wanted.epoch and self.position >= wanted.position


class Making(msgspec.Struct, frozen=True):
    """A generation that is being made, and how far it is."""

    generation: Generation
    position: int


class Segment:
    """What Redis says of one segment: read in one round trip, understood where it is asked for."""

    def __init__(self, number: int, now_ms: int, hashes: Sequence[Mapping[bytes, bytes]], parked: Sequence[bytes]) -> None:
        self.number = number
        self.parked = frozenset(field.decode() for field in parked)
        self._now = now_ms
        self._serving, self._goals, self._checkpoints, self._leases = hashes
        self._shown: dict[str, Shown] = {}

    @property
    def views(self) -> list[str]:
        """The views that answer."""
        return [view.decode() for view in self._serving]

    def shown(self, view: str) -> Shown | None:
        """The generation that answers; None where the view is being made for the first time."""
        if view not in self._shown and view.encode() in self._serving:
            self._shown[view] = self._understood(views.generation(f"{view}.{self._serving[view.encode()].decode()}"))
        return self._shown.get(view)

    def making(self) -> list[Making]:
        """The generations that shall answer, and do not yet."""
        coming = [view for view, number in self._goals.items() if self._serving.get(view) != number]
        generations = [views.generation(f"{view.decode()}.{self._goals[view].decode()}") for view in coming]
        return [Making(one, self._checkpoint(one).position) for one in generations]

    def _understood(self, one: Generation) -> Shown:
        at, lease = self._checkpoint(one), self._leases.get(str(one).encode())
        if lease is None:
            return Shown(one, at.epoch, at.position, None, moves=False)
        held = views.lease(lease.decode())
        alive = held.until >= self._now and at.epoch == self._wanted_epoch(one)
        return Shown(one, at.epoch, at.position, held.owner if alive else None, moves=alive)

    def _wanted_epoch(self, one: Generation) -> str:
        """The log that the view shall be of: what is of another is moved on by nobody, though its lease still runs."""
        goal = self._goals.get(one.view.encode(), str(one.number).encode())
        return self._checkpoint(views.generation(f"{one.view}.{goal.decode()}")).epoch

    def _checkpoint(self, one: Generation) -> Checkpoint:
        return views.checkpoint(self._checkpoints[str(one).encode()].decode())


class State:
    """All segments, as they were at one moment before anything else was read."""

    def __init__(self, segments: list[Segment]) -> None:
        self.segments = segments

    @cached_property
    def parked(self) -> frozenset[str]:
        """The documents that stand parked, as fields `generation:document id`."""
        return frozenset().union(*(segment.parked for segment in self.segments))

    @cached_property
    def lowest(self) -> Position | None:
        """The place that all that answers has passed; None where nothing answers, or a change of logs is half done."""
        shown = [one for segment in self.segments for view in segment.views if (one := segment.shown(view)) is not None]
        if any(not segment.views for segment in self.segments) or len({one.epoch for one in shown}) != 1:
            return None
        return Position(shown[0].epoch, min(one.position for one in shown))

    def all_have(self, view: str, segments: Sequence[int], wanted: Position) -> bool:
        """Whether a view has applied the log up to a position in some segments."""
        return all((one := self.segments[number].shown(view)) is not None and one.has(wanted) for number in segments)
