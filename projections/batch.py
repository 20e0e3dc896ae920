"""Folding a batch: from events and the documents as they are, to everything that one script writes. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from projections.all import BY_VIEW, Touch, touched
from projections.projection import Entry, Filed
from projections.store import Batch
from shop.log import Recorded
from shop.views import Document, Keys

Name = tuple[type[Document], str]  # a view and a document's id

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


def folded(batch: Sequence[Step], before: Mapping[Name, Filed[Any]]) -> dict[Name, Filed[Any]]:
    """Fold the batch's events into its documents, in order, and file each document that changed."""
    now: dict[Name, Document | None] = {name: filed.document for name, filed in before.items()}
    for step in batch:
        for touch in step.touches:
            name = (touch.projection.view, touch.document_id)
            now[name] = touch.projection.fold(now[name], touch.document_id, step.recorded, touch.ordinal)
    return {
        name: before[name] if document is before[name].document else BY_VIEW[name[0]].filed(document)
        for name, document in now.items()
    }


def written(batch: Sequence[Step], before: Mapping[Name, Filed[Any]], after: Mapping[Name, Filed[Any]], keys: Keys) -> Batch:
    """Say what to write: changed documents, the difference in index entries, and a feed entry an event.

    The last event has an entry even where it changed nothing here, so that the feed tells how far the segment is.
    """
    out = Batch()
    for name, filed in after.items():
        if filed is not before[name]:
            _write_documents(out, name, before[name], filed, keys)
            _write_entries(out, name, before[name].entries, filed.entries, keys)
    last = batch[-1].recorded.position
    for step in batch:
        if step.touches or step.recorded.position == last:
            named = [(touch.ordinal, touch.projection.view.view, touch.document_id) for touch in step.touches]
            change = Change(step.recorded.type, step.recorded.at, named)
            out.feed.append((step.recorded.position, _encode(change)))
    return out


def _write_documents(out: Batch, name: Name, old: Filed[Any], new: Filed[Any], keys: Keys) -> None:
    view, document_id = name
    out.documents[keys.document(view, document_id)] = b"" if new.document is None else _encode(new.document)
    for gone in old.cuts.keys() - new.cuts.keys():
        out.documents[keys.document(view, gone)] = b""
    for cut_id, cut in new.cuts.items():
        out.documents[keys.document(view, cut_id)] = _encode(cut)


def _write_entries(out: Batch, name: Name, old: frozenset[Entry], new: frozenset[Entry], keys: Keys) -> None:
    view, segment = name[0], keys.segment(name[1])
    added = new - old
    again = {(index, member) for index, member, _ in added}  # only the score is another: adding replaces it
    for index, member, _ in old - new:
        if (index, member) not in again:
            out.removed.setdefault(keys.index(view, segment, index), []).append(member)
    for index, member, score in added:
        out.added.setdefault(keys.index(view, segment, index), []).append((score, member))
