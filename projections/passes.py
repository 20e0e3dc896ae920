"""A pass over the log: reads on where the hindmost segment stands, once for all segments, and folds batch by batch."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import msgspec

from projections import batch as batches
from projections.all import BY_NAME, BY_VIEW
from projections.batch import Name, Standing, Step, Window
from projections.projection import Filed
from projections.store import Unit, ViewStore
from shop import clock
from shop.log import Recorded
from shop.views import Checkpoint, Keys, Parked

_MOST_DOCUMENTS = 150  # that one script writes: some 4 ms where all are products, with their words, and Redis does nothing else
_MOST_FOLDS = 5_000  # of one batch: some 100 ms, in which this worker does nothing else
_KNOWN_DOCUMENTS = 20_000


class Log(Protocol):
    """What the worker needs of the log (shop.tail.Tail is it)."""

    async def head(self) -> tuple[str, int]: ...

    async def following(self, position: int, event_id: str, limit: int) -> list[Recorded]: ...

    async def of_root(self, root: str, after: int, upto: int, limit: int) -> list[Recorded]: ...

    async def new_epoch(self, expected: str) -> str: ...


class Line(msgspec.Struct, frozen=True):
    """Units of one segment that stand at one place and move together. `upto` is where they are to stop for now."""

    segment: int
    units: Mapping[str, Unit]
    parked: dict[str, Parked]
    upto: int | None = None

    @property
    def at(self) -> Checkpoint:
        return next(iter(self.units.values())).checkpoint

    @property
    def broken_off(self) -> int | None:
        """Where a script was to bring these units that broke half-way: the next batch is to end there."""
        intended = max(unit.writing for unit in self.units.values())
        return intended if intended > self.at.position else None


class Pass:
    """One way through the log. It remembers the events it read last, and the documents it wrote last.

    It may remember documents: as long as the script accepts its leases and checkpoints, nobody else wrote them.
    """

    def __init__(self, log: Log, store: ViewStore, keys: Keys, *, events: int, announces: bool) -> None:
        """`events`: how many are read at once. `announces`: whether the change feed tells of what is folded."""
        self._log = log
        self._store = store
        self._keys = keys
        self._events = events
        self._announces = announces
        self._window: Window | None = None
        self._known: dict[Name, Filed[Any]] = {}
        self.end = -1  # where the log ended when that was last seen

    def forget(self) -> None:
        """Drop all that was remembered: somebody else may have written."""
        self._window = None
        self._known.clear()
        self.end = -1

    async def advance(self, lines: Sequence[Line]) -> bool:
        """Fold a batch of each line that stands where the hindmost does, or near it; False when there is nothing to fold."""
        hindmost = min(lines, key=lambda line: line.at.position, default=None)
        found = None if hindmost is None else await self._found(hindmost.at)
        if found is None:
            return False
        for line in lines:
            if found.covers(line.at.position):
                await self._commit(line, found)
        return True

    async def _found(self, at: Checkpoint) -> Window | None:
        """Return a window in which the line's next event stands; None at the end of the log."""
        if self._window is None or not self._window.covers(at.position):
            events = await self._log.following(at.position, at.event, self._events)
            if len(events) < self._events:
                self.end = at.position + len(events)
            self._window = batches.window(at.position, events, self._keys) if events else None
        return self._window

    async def _commit(self, line: Line, found: Window) -> None:
        at = line.at
        upto = min(end for end in (line.upto, line.broken_off, found.after + len(found.events)) if end is not None)
        batch: Sequence[Step] = batches.between(found, line.segment, at.position, upto, frozenset(line.units))
        if line.broken_off is None:
            steps, batch = batch, batches.cut(batch, _MOST_DOCUMENTS if self._announces else None, _MOST_FOLDS)
            upto = batch[-1].recorded.position if len(batch) < len(steps) else upto
        before, unreadable = await self._load(line, batches.wanted(batch))
        stands = Standing(before, unreadable, stuck(line))
        result = batches.folded(batch, stands, line.units, clock.text(clock.utc_now()))
        most = None if self._announces else _MOST_DOCUMENTS
        *first, last = batches.written(before, result, line.units, self._keys, most)
        if self._announces:
            last.feed = batches.announced(batch, found.events[upto - found.after - 1])
        units = list(line.units.values())
        for slice_ in first:  # documents ahead of their checkpoint: nobody reads them, and a fold is not made twice
            await self._store.commit(line.segment, units, at, slice_, intended=upto)
        await self._store.commit(line.segment, units, found.place(at.epoch, upto), last)
        line.parked.update({parked.field: parked for parked in result.parked.values()})
        self._remember(result.after)

    async def _load(self, line: Line, names: Sequence[Name]) -> tuple[dict[Name, Filed[Any]], dict[Name, Exception]]:
        """Take documents from memory where this pass wrote them last, else from Redis, all in one round trip."""
        missing = [name for name in names if name not in self._known]
        asked = [(view, document_id, line.units[view.view].generation.number) for view, document_id in missing]
        loaded, unreadable = {}, {}
        for name, found in zip(missing, await self._store.documents(asked), strict=True):
            if isinstance(found, Exception):
                unreadable[name] = found
            loaded[name] = BY_VIEW[name[0]].filed(None if isinstance(found, Exception) else found)
        return {name: loaded[name] if name in loaded else self._known[name] for name in names}, unreadable

    def _remember(self, after: Mapping[Name, Filed[Any]]) -> None:
        for name, filed in after.items():
            self._known.pop(name, None)
            self._known[name] = filed
        while len(self._known) > _KNOWN_DOCUMENTS:
            del self._known[next(iter(self._known))]


def stuck(line: Line) -> dict[Name, Parked]:
    """The documents of a line that stand parked."""
    mine = {(unit.generation.view, unit.generation.number) for unit in line.units.values()}
    standing = [one for one in line.parked.values() if (one.view, one.generation) in mine]
    return {(BY_NAME[one.view].view, one.document_id): one for one in standing}
