"""Time travel: a document as it was, folded anew from its root's events by the folds that make the views."""

from typing import Any

from projections.all import touched
from projections.passes import Log
from projections.projection import Projection
from shop import views
from shop.log import Recorded
from shop.views import Document

_EVENTS = 500


async def as_it_was(
    log: Log, projection: Projection[Any], document_id: str, *, position: int, moment: str | None = None
) -> Document | None:
    """Fold a document from its first event up to a position, and up to a moment (UTC, as the log writes it).

    None where there was none yet. What a fold raises is raised.
    """
    document, at = None, 0
    while events := await log.of_root(views.root(document_id), at, position, _EVENTS):
        at = events[-1].position
        for recorded in events:
            if moment is not None and recorded.at > moment:
                return document
            document = _folded(document, projection, document_id, recorded)
    return document


def _folded(document: Document | None, projection: Projection[Any], document_id: str, recorded: Recorded) -> Document | None:
    for touch in touched(recorded):
        if touch.projection is projection and touch.document_id == document_id:
            return projection.fold(document, document_id, recorded, touch.ordinal, touch.part)
    return document
