"""Fulfillment: how an order's goods leave the house, set by hand line by line; and the rules of lines that parcels share.

A line that is set SHIPPED is a fulfillment of that quantity from the warehouse that holds it: one way for goods to leave.
Fulfillments that are packed first and sent later are in parcels.
"""

from typing import Any

import msgspec
import sqlalchemy as sa

from shop import events, ids
from writes import cancels, ledger, order_lines, orders, returns, stock
from writes import tables as t
from writes.refusals import Invalid, NotAllowedFrom, NotFound, Path
from writes.work import Done, Work


class SetOrderLineStatus(msgspec.Struct, frozen=True):
    """`quantity` less than the line's splits it: the moved part becomes a line of its own."""

    order_id: str
    line_id: str
    status: str
    quantity: int | None = None
    expected_version: int | None = None


def set_order_line_status(work: Work, command: SetOrderLineStatus) -> Done:
    order = orders.load(work, command.order_id, ["input", "orderId"])
    work.expect(order.id, command.expected_version)
    line = next((line for line in orders.lines_of(work, order.id) if line.id == command.line_id), None)
    if line is None:
        raise NotFound(f"The order has no line {command.line_id}.", ["input", "lineId"])
    if order.status != "PLACED" and (order.status, command.status) != ("COMPLETED", "RETURNED"):
        raise NotAllowedFrom("The order", order.status, [], ["input", "orderId"])
    if command.status not in order_lines.MOVES[line.status]:
        raise NotAllowedFrom("The line", line.status, order_lines.MOVES[line.status], ["input", "status"])
    if order_lines.packed(work, [line.id]):
        raise NotAllowedFrom("The line's fulfillment", "PENDING", ["SHIPPED", "CANCELED"], ["input", "lineId"])
    quantity = line.quantity if command.quantity is None else command.quantity
    if not 0 < quantity <= line.quantity:
        raise Invalid(f"The line has {line.quantity}: move 1 to {line.quantity} of them.", ["input", "quantity"])
    if command.status == "CANCELED":
        return cancels.cancel(work, order, [(line, quantity)], ["input", "orderId"])
    if command.status == "RETURNED":
        return returns.set_returned(work, order, line, quantity)
    part = None if quantity == line.quantity else order_lines.split(work, line, quantity)
    moved_id = line.id if part is None else part.line_id
    moved = events.OrderLineMoved(order_id=order.id, line_id=line.id, status=command.status, quantity=quantity, split=part)
    happened: list[events.Event] = [moved]
    work.do(sa.update(t.order_lines).where(t.order_lines.c.id == moved_id).values(status=command.status))
    if command.status == "SHIPPED":
        happened += _ship(work, order, moved_id, quantity)
    if command.status == "DELIVERED":
        happened += _deliver(work, order, moved_id)
    return Done(happened, {"order_id": order.id})


def check_paid(work: Work, order: Any, path: Path) -> None:
    """Goods leave once their money is there or promised; before that only where the provider's setting allows it."""
    payments = ledger.payments_of(work, order.id)
    trusted = any(p.provider in work.providers and work.providers[p.provider].ship_before_payment for p in payments)
    status = ledger.payment_status(work, order.id)
    covered = status == "PARTIALLY_REFUNDED" and sum(one.captured for one in payments) >= order.total  # for what was canceled
    if order.total and not trusted and not covered and status not in {"AUTHORIZED", "PAID"}:
        raise NotAllowedFrom("The order's payment", status, ["AUTHORIZED", "PAID"], path)


def _ship(work: Work, order: Any, line_id: str, quantity: int) -> list[events.Event]:
    """One fulfillment for each warehouse that holds part of the line."""
    check_paid(work, order, ["input", "orderId"])
    held = stock.held_for(work, [line_id])
    moves = stock.ship(work, held)
    work.do(sa.update(t.order_lines).where(t.order_lines.c.id == line_id).values(shipped=quantity))
    status = order_lines.fulfillment_status(orders.lines_of(work, order.id))
    happened: list[events.Event] = [events.StockShipped(order_id=order.id, moves=moves)]
    for share in held:
        fulfillment_id = ids.new("fulfillment")
        row = {"order_id": order.id, "warehouse_id": share.warehouse_id, "state": "SHIPPED"}
        work.do(sa.insert(t.fulfillments).values(id=fulfillment_id, created_at=work.at, shipped_at=work.at, **row))
        line = {"fulfillment_id": fulfillment_id, "order_line_id": line_id, "quantity": share.quantity}
        work.do(sa.insert(t.fulfillment_lines).values(**line))
        lines = [events.LineQuantity(line_id, share.quantity)]
        about = {"order_id": order.id, "fulfillment_id": fulfillment_id, "lines": lines}
        happened.append(events.FulfillmentCreated(warehouse_id=share.warehouse_id, **about))
        happened.append(events.FulfillmentShipped(fulfillment_status=status, **about))
    return happened


def _deliver(work: Work, order: Any, line_id: str) -> list[events.Event]:
    """The line arrived: so did each fulfillment whose lines all have; when every line has, the order is completed."""
    lines = orders.lines_of(work, order.id)
    arrived = {line.id for line in lines if line.status in {"DELIVERED", "RETURNED"}}
    columns = t.fulfillment_lines.c
    mine = sa.select(columns.fulfillment_id).where(columns.order_line_id == line_id, order_lines.carried_by("SHIPPED"))
    happened: list[events.Event] = []
    for fulfillment_id in work.connection.scalars(mine).all():
        carried = work.all(sa.select(t.fulfillment_lines).where(columns.fulfillment_id == fulfillment_id))
        if any(row.order_line_id not in arrived for row in carried):
            continue
        delivered = {"state": "DELIVERED", "delivered_at": work.at}
        work.do(sa.update(t.fulfillments).where(t.fulfillments.c.id == fulfillment_id).values(**delivered))
        told = [events.LineQuantity(row.order_line_id, row.quantity) for row in carried]
        happened.append(events.FulfillmentDelivered(order_id=order.id, fulfillment_id=fulfillment_id, lines=told))
    return happened + order_lines.completed(work, order)
