"""One document folded again from its own events: what an operator wishes of a parked or a wrong one."""

from typing import Any

import msgspec

from projections import batch as batches
from projections.all import BY_NAME, Touch, touched
from projections.passes import Log
from projections.projection import Filed, Projection
from projections.store import Batch, Unit, ViewStore
from shop import clock, views
from shop.log import Recorded
from shop.views import Document, Keys, Parked, Wish

_EVENTS = 500


class Mending:
    """Grants wishes, each in one batch that moves no checkpoint."""

    def __init__(self, log: Log, store: ViewStore, keys: Keys) -> None:
        self._log = log
        self._store = store
        self._keys = keys

    async def grant(self, wish_id: str, wish: Wish, segment: int, unit: Unit, *, announces: bool) -> None:
        """Fold the document again and write it, or park it again; take strays out of a segment that is not its own."""
        if segment != self._keys.segment(wish.document_id):
            out, nothing = Batch(wishes=[wish_id]), BY_NAME[wish.view].filed(None)
            self._put_right(out, wish, segment, nothing, nothing)
            await self._store.commit(segment, [unit], unit.checkpoint, out)
            return
        projection, now = BY_NAME[wish.view], clock.text(clock.utc_now())
        [found] = await self._store.documents([(projection.view, wish.document_id, wish.generation)])
        stored = None if isinstance(found, Exception) else found
        begun = stored if wish.resume else None
        document, parked = await self._folded(begun, projection, wish, unit, now)
        before, after = projection.filed(stored), projection.filed(document)
        out = Batch(wishes=[wish_id])
        name = (projection.view, wish.document_id)
        batches.write_documents(out, name, before, after, self._keys, wish.generation)
        self._put_right(out, wish, segment, before, after)
        field = views.parked_field(unit.generation, wish.document_id)
        out.parked[field] = b"" if parked is None else msgspec.json.encode(parked)
        if announces:
            told = batches.Change("Refolded", now, [(1, wish.view, wish.document_id)])
            out.feed = [(unit.checkpoint.position, 1, msgspec.json.encode(told))]
        await self._store.commit(segment, [unit], unit.checkpoint, out)

    async def _folded(
        self, document: Document | None, projection: Projection[Any], wish: Wish, unit: Unit, now: str
    ) -> tuple[Document | None, Parked | None]:
        """Fold the root's events into the document, up to where the segment stands."""
        parked, at = None, 0 if document is None else document.folded_position
        root, upto = views.root(wish.document_id), unit.checkpoint.position
        while events := await self._log.of_root(root, at, upto, _EVENTS):
            at = events[-1].position
            for recorded, touch in _touching(events, projection, wish):
                if parked is not None:
                    parked = batches.waits(recorded, parked)
                    continue
                try:
                    document = projection.fold(document, wish.document_id, recorded, touch.ordinal, touch.part)
                except Exception as error:  # noqa: BLE001 - as in a batch: it parks
                    parked = batches.parked_by(recorded, touch, unit, error, now)
        return document, parked

    def _put_right(self, out: Batch, wish: Wish, segment: int, before: Filed[Any], after: Filed[Any]) -> None:
        """Write every entry the document has, and take away those it had, or was wrongly found in."""
        view = BY_NAME[wish.view].view
        right = {(index, member) for index, member, _ in after.entries}
        had = {(index, member) for index, member, _ in before.entries}
        for index, member, score in after.entries:
            out.added.setdefault(self._keys.index(view, segment, index, wish.generation), []).extend((score, member))
        for index, member in sorted((had | {(index, member) for index, member in wish.entries}) - right):
            out.removed.setdefault(self._keys.index(view, segment, index, wish.generation), []).append(member)


def _touching(events: list[Recorded], projection: Projection[Any], wish: Wish) -> list[tuple[Recorded, Touch]]:
    """The events that change the document, but for the one to be left out."""
    return [
        (recorded, touch)
        for recorded in events
        if recorded.position != wish.without
        for touch in touched(recorded)
        if touch.projection is projection and touch.document_id == wish.document_id
    ]
