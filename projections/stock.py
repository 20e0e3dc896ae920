"""Stock levels: a document for each variant in each warehouse that ever had some."""

from collections.abc import Iterable
from typing import Any

from projections.projection import Entry, Projection, replace
from shop import events, views
from shop.log import Recorded
from shop.views import StockLevel


def _empty(document_id: str, _: Recorded) -> StockLevel:
    product_id, variant_id, warehouse_id = document_id.split(":")
    return StockLevel(
        id=document_id,
        product_id=product_id,
        variant_id=variant_id,
        warehouse_id=warehouse_id,
        on_hand=0,
        allocated=0,
        reserved=0,
    )


stock_level = Projection(StockLevel, empty=_empty)


def level_id(move: events.Move) -> str:
    """A level's document hangs on its product: `product:variant:warehouse`."""
    return f"{move.product_id}:{move.variant_id}:{move.warehouse_id}"


def _last_moves(event: Any) -> dict[str, events.Move]:
    """Every event of stock carries the level after it. Two lines may share a row: the last move has the final level."""
    last = {level_id(move): move for move in event.moves}
    return {document_id: last[document_id] for document_id in sorted(last)}


def _stock_moved(view: StockLevel, last: events.Move, recorded: Recorded) -> StockLevel:
    return replace(view, on_hand=last.on_hand, allocated=last.allocated, reserved=last.reserved, updated_at=recorded.at)


for _kind in (
    events.StockAdjusted, events.StockTransferred, events.StockReserved, events.StockReleased, events.StockAllocated,
    events.StockDeallocated, events.StockShipped, events.StockReturned,
):  # fmt: skip
    stock_level.shares(_kind, _last_moves)(_stock_moved)


def _entries(document: StockLevel) -> Iterable[Entry]:
    entry = views.member(document.variant_id, document.id)
    yield views.EVERY, entry, 0
    yield views.stock_in(document.warehouse_id), entry, 0
    free = document.on_hand - document.allocated - document.reserved
    yield views.FREE, views.member(views.number_key(free), document.id), 0


stock_level.entries = _entries
