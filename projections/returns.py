"""Goods that come back, folded into their order's document."""

from typing import Any

from projections.orders import order
from projections.projection import replace
from shop import events
from shop.log import Recorded
from shop.money import money
from shop.views import MovedLine, Order, Return


def _id(event: Any) -> list[str]:
    return [event.order_id]


@order.on(events.ReturnRequested, _id)
def return_requested(view: Order, event: events.ReturnRequested, recorded: Recorded) -> Order:
    lines = _lines(event.lines)
    asked = Return(id=event.return_id, state="REQUESTED", created_at=recorded.at, lines=lines, reason=event.reason)
    return replace(view, returns=[*view.returns, asked])


@order.on(events.ReturnApproved, _id)
def return_approved(view: Order, event: events.ReturnApproved, _: Recorded) -> Order:
    return _changed(view, event.return_id, state="APPROVED")


@order.on(events.ReturnRejected, _id)
def return_rejected(view: Order, event: events.ReturnRejected, _: Recorded) -> Order:
    return _changed(view, event.return_id, state="REJECTED")


@order.on(events.ReturnReceived, _id)
def return_received(view: Order, event: events.ReturnReceived, _: Recorded) -> Order:
    back = {line.line_id: line.quantity for line in event.lines}
    lines = [replace(line, quantity_returned=back.get(line.id, line.quantity_returned)) for line in view.lines]
    received = _changed(view, event.return_id, state="RECEIVED", lines=_lines(event.lines))
    return replace(received, lines=lines, fulfillment_status=event.fulfillment_status)


@order.on(events.ReturnRefunded, _id)
def return_refunded(view: Order, event: events.ReturnRefunded, _: Recorded) -> Order:
    return _changed(view, event.return_id, state="REFUNDED", refunded=money(event.refunded, event.currency))


@order.on(events.ReturnCanceled, _id)
def return_canceled(view: Order, event: events.ReturnCanceled, _: Recorded) -> Order:
    return _changed(view, event.return_id, state="CANCELED")


@order.on(events.StockReturned, _id)
def stock_returned(view: Order, _event: events.StockReturned, _: Recorded) -> Order:
    """The shelves know it; the order itself has only changed its version."""
    return replace(view)


def _lines(lines: list[events.LineQuantity]) -> list[MovedLine]:
    return [MovedLine(line.line_id, line.quantity) for line in lines]


def _changed(view: Order, return_id: str, **change: Any) -> Order:
    return replace(view, returns=[replace(one, **change) if one.id == return_id else one for one in view.returns])
