"""Folding a batch: from events and the documents as they are, to everything that one script writes. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from projections.all import BY_VIEW, Touch, touched
from projections.projection import Entry, Filed
from projections.store import Batch, Unit
from shop.log import Recorded
from shop.views import Checkpoint, Document, Keys, Parked

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


class Window(msgspec.Struct, frozen=True):
    """Events as they follow each other in the log after a position, and the steps they mean for each segment."""

    after: int
    events: Sequence[Recorded]
    steps: Mapping[int, Sequence[Step]]

    def covers(self, position: int) -> bool:
        """Whether the event after the position is in here."""
        return self.after <= position < self.after + len(self.events)

    def place(self, epoch: str, position: int) -> Checkpoint:
        """The checkpoint at an event: positions are dense."""
        return Checkpoint(epoch, position, self.events[position - self.after - 1].id)


def window(after: int, events: Sequence[Recorded], keys: Keys) -> Window:
    """Name what each event changes, once, and cut that by segment."""
    steps: dict[int, list[Step]] = {}
    for recorded in events:
        cut_up: dict[int, list[Touch]] = {}
        for touch in touched(recorded):
            cut_up.setdefault(keys.segment(touch.document_id), []).append(touch)
        for segment, touches in cut_up.items():
            steps.setdefault(segment, []).append(Step(recorded, touches))
    return Window(after, events, steps)


def between(found: Window, segment: int, after: int, upto: int, views: frozenset[str]) -> list[Step]:
    """Return the segment's steps after a position and up to another, with their touches of some views alone."""
    steps = [step for step in found.steps.get(segment, ()) if after < step.recorded.position <= upto]
    if len(views) == len(BY_VIEW):
        return steps
    kept = [Step(step.recorded, [one for one in step.touches if one.projection.view.view in views]) for step in steps]
    return [step for step in kept if step.touches]


def cut(every: Sequence[Step], most_documents: int | None, most_folds: int) -> Sequence[Step]:
    """Take as many steps as change `most_documents` documents and ask for `most_folds` folds at most, one step at least."""
    names: set[Name] = set()
    folds = 0
    for count, step in enumerate(every):
        folds += len(step.touches)
        if most_documents is not None:
            names |= {(touch.projection.view, touch.document_id) for touch in step.touches}
        if count and (len(names) > (most_documents or 0) or folds > most_folds):
            return every[:count]
    return every


def wanted(batch: Sequence[Step]) -> list[Name]:
    """Name the documents that a batch changes, each once."""
    return list(dict.fromkeys((touch.projection.view, touch.document_id) for step in batch for touch in step.touches))


class Standing(msgspec.Struct, frozen=True):
    """Documents before a batch: as they are, those whose stored form cannot be read, those that are parked."""

    before: Mapping[Name, Filed[Any]]
    unreadable: Mapping[Name, Exception]
    parked: Mapping[Name, Parked]


class Folded(msgspec.Struct, frozen=True):
    """Documents after a batch, and those that stand parked with more behind them than before."""

    after: dict[Name, Filed[Any]]
    parked: dict[Name, Parked]


def folded(batch: Sequence[Step], stands: Standing, units: Mapping[str, Unit], now: str) -> Folded:
    """Fold the batch's events into its documents, in order, and file each document that changed.

    An event whose fold raises parks its document: that event and those behind it are left out of it, and of it alone.
    """
    before, parked = stands.before, dict[Name, Parked]()
    documents: dict[Name, Document | None] = {name: filed.document for name, filed in before.items()}
    for step in batch:
        for touch in step.touches:
            name = (touch.projection.view, touch.document_id)
            if (stuck := parked.get(name) or stands.parked.get(name)) is not None:
                parked[name] = waits(step.recorded, stuck)
                continue
            try:
                _check_readable(name, stands)
                documents[name] = touch.projection.fold(
                    documents[name], touch.document_id, step.recorded, touch.ordinal, touch.part
                )
            except Exception as error:  # noqa: BLE001 - a fold is pure: whatever it raises, it would raise again
                parked[name] = parked_by(step.recorded, touch, units[name[0].view], error, now)
    after = {
        name: before[name] if document is before[name].document else BY_VIEW[name[0]].filed(document)
        for name, document in documents.items()
    }
    return Folded(after, parked)


def _check_readable(name: Name, stands: Standing) -> None:
    if name in stands.unreadable:
        raise stands.unreadable[name]


def parked_by(recorded: Recorded, touch: Touch, unit: Unit, error: Exception, now: str) -> Parked:
    """Write down which event parked a document, and why."""
    generation, why = unit.generation, f"{type(error).__name__}: {error}"
    return Parked(generation.view, generation.number, touch.document_id, recorded.position, recorded.type, why, now)


def waits(recorded: Recorded, behind: Parked) -> Parked:
    """Count an event that waits; one that was counted before a script broke half-way is not counted again."""
    if recorded.position <= max(behind.position, behind.last):
        return behind
    return msgspec.structs.replace(behind, waiting=behind.waiting + 1, last=recorded.position)


def written(
    before: Mapping[Name, Filed[Any]], result: Folded, units: Mapping[str, Unit], keys: Keys, most_documents: int | None
) -> list[Batch]:
    """Say what to write: changed documents, the difference in index entries, and what is parked.

    In slices of so many documents, each with its entries, or in one; the last has what is parked, and goes with the
    checkpoint. What answers is written in one.
    """
    slices = [Batch()]
    for name, filed in result.after.items():
        if filed is before[name]:
            continue
        if most_documents is not None and len(slices[-1].documents) >= most_documents:
            slices.append(Batch())
        generation = units[name[0].view].generation.number
        write_documents(slices[-1], name, before[name], filed, keys, generation)
        _write_entries(slices[-1], name, before[name].entries, filed.entries, keys, generation)
    slices[-1].parked = {parked.field: _encode(parked) for parked in result.parked.values()}
    return slices


def announced(batch: Sequence[Step], last: Recorded) -> list[tuple[int, int, bytes]]:
    """A feed entry for each event that changed something here, and one for the last of the log that was looked at.

    The last has an entry even where it changed nothing, so that the feed tells how far the segment is.
    """
    every = list(batch) if batch and batch[-1].recorded is last else [*batch, Step(last, ())]
    return [
        (step.recorded.position, len(step.touches), _encode(Change(step.recorded.type, step.recorded.at, _named(step))))
        for step in every
    ]


def _named(step: Step) -> list[tuple[int, str, str]]:
    return [(touch.ordinal, touch.projection.view.view, touch.document_id) for touch in step.touches]


def write_documents(out: Batch, name: Name, old: Filed[Any], new: Filed[Any], keys: Keys, generation: int) -> None:
    """Write a document and what is cut from it; what was cut before and is not now goes.

    The document comes last: once it says that it was folded so far, nothing of it is written again.
    """
    view, document_id = name
    for gone in old.cuts.keys() - new.cuts.keys():
        out.documents[keys.document(view, gone, generation)] = b""
    for cut_id, cut_document in new.cuts.items():
        out.documents[keys.document(view, cut_id, generation)] = _encode(cut_document)
    out.documents[keys.document(view, document_id, generation)] = b"" if new.document is None else _encode(new.document)


def _write_entries(out: Batch, name: Name, old: frozenset[Entry], new: frozenset[Entry], keys: Keys, generation: int) -> None:
    view, segment = name[0], keys.segment(name[1])
    added = new - old
    again = {(index, member) for index, member, _ in added}  # only the score is another: adding replaces it
    for index, member, _ in old - new:
        if (index, member) not in again:
            out.removed.setdefault(keys.index(view, segment, index, generation), []).append(member)
    for index, member, score in added:
        out.added.setdefault(keys.index(view, segment, index, generation), []).extend((score, member))
