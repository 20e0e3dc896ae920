"""What a projection is: for one view, how each event changes a document, and which index entries a document has."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Generic, TypeVar

import msgspec

from shop import views
from shop.events import Event
from shop.log import Recorded

D = TypeVar("D", bound=views.Document)
E = TypeVar("E", bound=Event)
P = TypeVar("P")

Entry = tuple[str, str, int]  # index name, member, score


class MissingDocumentError(Exception):
    """An event tells of a document that does not exist: an earlier event was lost, or the fold is wrong."""


class Route(msgspec.Struct, frozen=True):
    """How a kind of event changes a view: `parts` tells, by document id, what of the event concerns the document."""

    parts: Callable[[Any], Mapping[str, Any]]
    fold: Callable[[Any, Any, Recorded], Any]
    starts: bool = False


class Projection(Generic[D]):
    """One view's folds, by event. A fold is pure: `(document, event, recorded) -> document`; None deletes.

    It never changes the document that it is given: it returns that one, or a new one.
    """

    def __init__(self, view: type[D], *, empty: Callable[[str, Recorded], D] | None = None) -> None:
        """`empty` makes the document that the first event is folded into, where any event may be the first."""
        self.view = view
        self.routes: dict[type[Event], Route] = {}
        self._empty = empty
        self.entries: Callable[[D], Iterable[Entry]] = lambda _: ()
        self.cuts: Callable[[D], Iterable[D]] = lambda _: ()
        self.cut_entries: Callable[[D], Iterable[Entry]] = lambda _: ()

    def starts(self, kind: type[E], ids: Callable[[E], Iterable[str]]) -> Callable[[Callable[[E, Recorded], D]], Any]:
        """Declare the fold of the event that begins a document."""

        def declare(fold: Callable[[E, Recorded], D]) -> Callable[[E, Recorded], D]:
            self.routes[kind] = Route(_whole(ids), lambda _, event, recorded: fold(event, recorded), starts=True)
            return fold

        return declare

    def on(self, kind: type[E], ids: Callable[[E], Iterable[str]]) -> Callable[[Callable[[D, E, Recorded], D | None]], Any]:
        """Declare the fold of an event that changes a document. `ids` names the documents it changes."""

        def declare(fold: Callable[[D, E, Recorded], D | None]) -> Callable[[D, E, Recorded], D | None]:
            self.routes[kind] = Route(_whole(ids), fold)
            return fold

        return declare

    def shares(
        self, kind: type[E], parts: Callable[[E], Mapping[str, P]]
    ) -> Callable[[Callable[[D, P, Recorded], D | None]], Any]:
        """Declare the fold of an event that has a part for each of many documents.

        `parts` goes through the event once; the fold of each document is given its own part instead of the event.
        """

        def declare(fold: Callable[[D, P, Recorded], D | None]) -> Callable[[D, P, Recorded], D | None]:
            self.routes[kind] = Route(parts, fold)
            return fold

        return declare

    def filed(self, document: D | None) -> "Filed[D]":
        """Work out all that is stored of a document: the documents cut from it, and the index entries of them all."""
        if document is None:
            return Filed(None, {}, frozenset())
        cuts, entries = {cut.id: cut for cut in self.cuts(document)}, [*self.entries(document)]
        for cut in cuts.values():
            entries += self.cut_entries(cut)
        return Filed(document, cuts, frozenset(entries))

    def fold(self, document: D | None, document_id: str, recorded: Recorded, ordinal: int, part: Any | None = None) -> D | None:
        """Fold one event into one document and mark the place. At or below the document's place it changes nothing.

        `part` is what of the event concerns the document (see `Route`); it is looked up where it is not given.
        """
        position = recorded.position
        if document is not None and document.folded_position >= position:
            return document
        route = self.routes[type(recorded.event)]
        if document is None and self._empty is not None:
            document = self._empty(document_id, recorded)
        if document is None and not route.starts:
            raise MissingDocumentError(f"{recorded.type} at {position} changes {document_id}, which is not there")
        folded: D | None = route.fold(document, route.parts(recorded.event)[document_id] if part is None else part, recorded)
        if folded is None:
            return None
        if folded is document:
            folded = replace(folded)
        folded.folded_position, folded.folded_ordinal = position, ordinal
        if document_id.startswith(recorded.stream) and recorded.stream == views.root(document_id):
            folded.version, folded.updated_at = recorded.stream_version, recorded.at
        return folded


def _whole(ids: Callable[[Any], Iterable[str]]) -> Callable[[Any], Mapping[str, Any]]:
    return lambda event: dict.fromkeys(ids(event), event)


class Filed(msgspec.Struct, Generic[D], frozen=True, gc=False):
    """A document with what is stored beside it; all of it is a pure function of the document."""

    document: D | None
    cuts: dict[str, D]
    entries: frozenset[Entry]


replace = msgspec.structs.replace
