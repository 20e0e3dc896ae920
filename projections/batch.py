"""Folding a batch: from events and the documents as they are, to everything that one script writes. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from projections.all import Touch, touched
from projections.projection import Entry, Projection
from projections.store import Batch
from shop.log import Recorded
from shop.views import Document, Keys

Name = tuple[type[Document], str]  # a view and a document's id
Loaded = dict[Name, Document | None]

_encode = msgspec.json.Encoder().encode


class Change(msgspec.Struct, frozen=True):
    """A feed entry: which documents an event changed. Keys are named, contents never."""

    type: str
    at: str
    documents: list[tuple[int, str, str]]  # ordinal, view, document id


class Step(msgspec.Struct, frozen=True):
    """An event with the documents of one segment that it changes."""

    recorded: Recorded
    touches: Sequence[Touch]


def steps(events: Iterable[Recorded], keys: Keys, segment: int) -> list[Step]:
    """Keep of each event what lies in the segment."""
    return [
        Step(recorded, [touch for touch in touched(recorded) if keys.segment(touch.document_id) == segment])
        for recorded in events
    ]


def cut(every: Sequence[Step], most_documents: int) -> Sequence[Step]:
    """Take as many steps as change `most_documents` documents at most, one step at least."""
    names: set[Name] = set()
    for count, step in enumerate(every):
        names |= {(touch.projection.view, touch.document_id) for touch in step.touches}
        if len(names) > most_documents and count:
            return every[:count]
    return every


def wanted(batch: Sequence[Step]) -> list[Name]:
    """Name the documents that a batch changes, each once."""
    return list(dict.fromkeys((touch.projection.view, touch.document_id) for step in batch for touch in step.touches))


def folded(batch: Sequence[Step], loaded: Mapping[Name, Document | None]) -> Loaded:
    """Fold the batch's events into its documents, in order."""
    now: Loaded = dict(loaded)
    for step in batch:
        for touch in step.touches:
            name = (touch.projection.view, touch.document_id)
            now[name] = touch.projection.fold(now[name], touch.document_id, step.recorded, touch.ordinal)
    return now


def written(batch: Sequence[Step], before: Mapping[Name, Document | None], after: Loaded, keys: Keys) -> Batch:
    """Say what to write: changed documents, the difference in index entries, and a feed entry an event.

    The last event has an entry even where it changed nothing here, so that the feed tells how far the segment is.
    """
    out = Batch()
    projections = {touch.projection.view: touch.projection for step in batch for touch in step.touches}
    for (view, document_id), document in after.items():
        _write_document(out, projections[view], document_id, before[view, document_id], document, keys)
    last = batch[-1].recorded.position
    for step in batch:
        if step.touches or step.recorded.position == last:
            named = [(touch.ordinal, touch.projection.view.view, touch.document_id) for touch in step.touches]
            change = Change(step.recorded.type, step.recorded.at, named)
            out.feed.append((step.recorded.position, _encode(change)))
    return out


def _write_document(
    out: Batch, projection: Projection[Any], document_id: str, old: Document | None, new: Document | None, keys: Keys
) -> None:
    if new is old:
        return
    view, segment = projection.view, keys.segment(document_id)
    cuts_before = {} if old is None else projection.cuts(old)
    cuts_after = {} if new is None else projection.cuts(new)
    out.documents[keys.document(view, document_id)] = b"" if new is None else _encode(new)
    out.documents |= {keys.document(view, gone): b"" for gone in cuts_before.keys() - cuts_after.keys()}
    out.documents |= {keys.document(view, cut_id): _encode(piece) for cut_id, piece in cuts_after.items()}
    entries_before: set[Entry] = set() if old is None else set(projection.entries(old))
    entries_after: set[Entry] = set() if new is None else set(projection.entries(new))
    still = {(index, member) for index, member, _ in entries_after}
    for index, member, _ in entries_before - entries_after:
        if (index, member) not in still:
            out.removed.setdefault(keys.index(view, segment, index), []).append(member)
    for index, member, score in entries_after - entries_before:
        out.added.setdefault(keys.index(view, segment, index), []).append((score, member))
