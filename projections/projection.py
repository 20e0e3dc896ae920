"""What a projection is: for one view, how each event changes a document, and which index entries a document has."""

from collections.abc import Callable, Iterable
from typing import Any, Generic, TypeVar

import msgspec

from shop import views
from shop.events import Event
from shop.log import Recorded

D = TypeVar("D", bound=views.Document)
E = TypeVar("E", bound=Event)

Fold = Callable[[Any, Any, Recorded], Any]
Ids = Callable[[Any], Iterable[str]]
Entry = tuple[str, str, int]  # index name, member, score


class MissingDocumentError(Exception):
    """An event tells of a document that does not exist: an earlier event was lost, or the fold is wrong."""


class Projection(Generic[D]):
    """One view's folds, by event. A fold is pure: `(document, event, recorded) -> document`; None deletes."""

    def __init__(self, view: type[D], *, empty: Callable[[str, Recorded], D] | None = None) -> None:
        """`empty` makes the document that the first event is folded into, where any event may be the first."""
        self.view = view
        self.routes: dict[type[Event], tuple[Ids, Fold]] = {}
        self._empty = empty
        self._starts: set[type[Event]] = set()
        self.entries: Callable[[D], Iterable[Entry]] = lambda _: ()
        self.cuts: Callable[[D], Iterable[D]] = lambda _: ()
        self.cut_entries: Callable[[D], Iterable[Entry]] = lambda _: ()

    def starts(self, kind: type[E], ids: Callable[[E], Iterable[str]]) -> Callable[[Callable[[E, Recorded], D]], Any]:
        """Declare the fold of the event that begins a document."""

        def declare(fold: Callable[[E, Recorded], D]) -> Callable[[E, Recorded], D]:
            self.routes[kind] = (ids, lambda _, event, recorded: fold(event, recorded))
            self._starts.add(kind)
            return fold

        return declare

    def on(self, kind: type[E], ids: Callable[[E], Iterable[str]]) -> Callable[[Callable[[D, E, Recorded], D | None]], Any]:
        """Declare the fold of an event that changes a document. `ids` names the documents it changes."""

        def declare(fold: Callable[[D, E, Recorded], D | None]) -> Callable[[D, E, Recorded], D | None]:
            self.routes[kind] = (ids, fold)
            return fold

        return declare

    def filed(self, document: D | None) -> "Filed[D]":
        """Work out all that is stored of a document: the documents cut from it, and the index entries of them all."""
        if document is None:
            return Filed(None, {}, frozenset())
        cuts = {cut.id: cut for cut in self.cuts(document)}
        entries = {*self.entries(document), *(entry for cut in cuts.values() for entry in self.cut_entries(cut))}
        return Filed(document, cuts, frozenset(entries))

    def fold(self, document: D | None, document_id: str, recorded: Recorded, ordinal: int) -> D | None:
        """Fold one event into one document and mark the place. At or below the document's place it changes nothing."""
        if document is not None and document.folded_position >= recorded.position:
            return document
        kind = type(recorded.event)
        if document is None and self._empty is not None:
            document = self._empty(document_id, recorded)
        if document is None and kind not in self._starts:
            raise MissingDocumentError(f"{recorded.type} at {recorded.position} changes {document_id}, which is not there")
        folded: D | None = self.routes[kind][1](document, recorded.event, recorded)
        if folded is None:
            return None
        mine = recorded.stream == views.root(document_id)
        return msgspec.structs.replace(
            folded,
            folded_position=recorded.position,
            folded_ordinal=ordinal,
            version=recorded.stream_version if mine else folded.version,
            updated_at=recorded.at if mine else folded.updated_at,
        )


class Filed(msgspec.Struct, Generic[D], frozen=True):
    """A document with what is stored beside it; all of it is a pure function of the document."""

    document: D | None
    cuts: dict[str, D]
    entries: frozenset[Entry]


replace = msgspec.structs.replace
