"""Fulfillment: how an order's goods leave the house, set by hand line by line; and the rules of lines that parcels share.

A line that is set SHIPPED is a fulfillment of that quantity from the warehouse that holds it: one way for goods to leave.
Fulfillments that are packed first and sent later are in parcels.
"""

from collections.abc import Iterable
from typing import Any

import msgspec
import sqlalchemy as sa

from shop import events, ids
from writes import ledger, orders, stock
from writes import tables as t
from writes.refusals import Invalid, NotAllowedFrom, NotFound, Path
from writes.work import Done, Work

# The legal moves of a line by hand; a test holds this table against the states of the contract.
MOVES = {
    "BACKORDERED": ("ALLOCATED",),
    "ALLOCATED": ("PICKING",),
    "PICKING": ("ALLOCATED", "SHIPPED"),
    "SHIPPED": ("DELIVERED",),
    "DELIVERED": (),
    "RETURNED": (),
    "CANCELED": (),
}


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
    if order.status != "PLACED":
        raise NotAllowedFrom("The order", order.status, [], ["input", "orderId"])
    if command.status not in MOVES[line.status]:
        raise NotAllowedFrom("The line", line.status, MOVES[line.status], ["input", "status"])
    if packed(work, [line.id]):
        raise NotAllowedFrom("The line's fulfillment", "PENDING", ["SHIPPED", "CANCELED"], ["input", "lineId"])
    quantity = line.quantity if command.quantity is None else command.quantity
    if not 0 < quantity <= line.quantity:
        raise Invalid(f"The line has {line.quantity}: move 1 to {line.quantity} of them.", ["input", "quantity"])
    part = None if quantity == line.quantity else split(work, line, quantity)
    moved_id = line.id if part is None else part.line_id
    moved = events.OrderLineMoved(order_id=order.id, line_id=line.id, status=command.status, quantity=quantity, split=part)
    happened: list[events.Event] = [moved]
    work.do(sa.update(t.order_lines).where(t.order_lines.c.id == moved_id).values(status=command.status))
    if command.status == "SHIPPED":
        happened += _ship(work, order, moved_id, quantity)
    if command.status == "DELIVERED":
        happened += _deliver(work, order, moved_id)
    return Done(happened, {"order_id": order.id})


def fulfillment_status(lines: list[Any]) -> str:
    """Decide an order's fulfillment status from its lines' quantities; canceled units do not count."""
    wanted = sum(line.quantity - line.canceled for line in lines)
    shipped = sum(line.shipped for line in lines)
    returned = sum(line.returned for line in lines)
    if returned:
        return "RETURNED" if returned >= wanted else "PARTIALLY_RETURNED"
    if not shipped:
        return "UNFULFILLED"
    return "FULFILLED" if shipped >= wanted else "PARTIALLY_FULFILLED"


def packed(work: Work, line_ids: Iterable[str]) -> set[str]:
    """Tell which of these lines stand in a fulfillment that has not left yet: only that one moves them."""
    columns = t.fulfillment_lines.c
    waiting = sa.select(columns.order_line_id).where(columns.order_line_id.in_(list(line_ids)), _carried_by("PENDING"))
    return set(work.connection.scalars(waiting))


def check_paid(work: Work, order: Any, path: Path) -> None:
    """Goods leave once their money is there or promised; before that only where the provider's setting allows it."""
    payments = ledger.payments_of(work, order.id)
    trusted = any(p.provider in work.providers and work.providers[p.provider].ship_before_payment for p in payments)
    status = ledger.payment_status(work, order.id)
    if order.total and not trusted and status not in {"AUTHORIZED", "PAID"}:
        raise NotAllowedFrom("The order's payment", status, ["AUTHORIZED", "PAID"], path)


def completed(work: Work, order: Any) -> list[events.Event]:
    """Complete the order once every line has arrived, or is no longer awaited."""
    lines = orders.lines_of(work, order.id)
    if order.status != "PLACED" or any(line.status not in {"DELIVERED", "CANCELED", "RETURNED"} for line in lines):
        return []
    work.do(sa.update(t.orders).where(t.orders.c.id == order.id).values(status="COMPLETED"))
    return [events.OrderCompleted(order_id=order.id)]


def split(work: Work, line: Any, quantity: int, warehouse_id: str | None = None) -> events.Split:
    """Cut `quantity` units off a line into a line of their own, with their share of the money and of the stock.

    Where a warehouse is named, the new line has its stock from there: it must hold so many of the line.
    """
    new_id = ids.new("order_line")
    share = {name: getattr(line, name) * quantity // line.quantity for name in ("total", "discount", "tax")}
    rest = {"quantity": line.quantity - quantity} | {name: getattr(line, name) - part for name, part in share.items()}
    new = {**line._asdict(), "id": new_id, "quantity": quantity, **share}
    if line.shipped:
        rest["shipped"], new["shipped"] = line.shipped - quantity, quantity
        new["returned"] = max(0, line.returned - rest["shipped"])  # what came back stays with the rest, as far as it can
        rest["returned"] = line.returned - new["returned"]
    last = sa.select(sa.func.max(t.order_lines.c.ordinal)).where(t.order_lines.c.order_id == line.order_id)
    new["ordinal"] = int(work.connection.scalar(last) or 0) + 1
    work.do(sa.update(t.order_lines).where(t.order_lines.c.id == line.id).values(**rest))
    work.do(sa.insert(t.order_lines).values(**new))
    cut: dict[str, Any] = {"line_id": line.id, "new_id": new_id, "quantity": quantity}
    return events.Split(
        line_id=new_id,
        **share,
        allocations=_cut(work, t.allocations, "warehouse_id", of=_in_warehouse(warehouse_id), **cut),
        fulfillments=_cut(work, t.fulfillment_lines, "fulfillment_id", of=_carried_by("SHIPPED", "DELIVERED"), **cut),
    )


def _in_warehouse(warehouse_id: str | None) -> sa.ColumnElement[bool]:
    return sa.true() if warehouse_id is None else t.allocations.c.warehouse_id == warehouse_id


def _carried_by(*states: str) -> sa.ColumnElement[bool]:
    """Lines of fulfillments in these states. What a canceled one names has left it."""
    return t.fulfillment_lines.c.fulfillment_id.in_(sa.select(t.fulfillments.c.id).where(t.fulfillments.c.state.in_(states)))


def _cut(
    work: Work, table: sa.Table, where: str, *, of: sa.ColumnElement[bool], line_id: str, new_id: str, quantity: int
) -> list[events.Share]:
    """Hand the first `quantity` units that a table keeps for a line over to the new line; say from where they were cut."""
    columns, cut = table.c, []
    kept = sa.select(table).where(columns.order_line_id == line_id, of).order_by(columns[where])
    for row in work.all(kept):
        part = min(quantity, row.quantity)
        if part == 0:
            break
        place = getattr(row, where)
        here = sa.and_(columns.order_line_id == line_id, columns[where] == place)
        if part == row.quantity:
            work.do(sa.update(table).where(here).values(order_line_id=new_id))
        else:
            work.do(sa.update(table).where(here).values(quantity=row.quantity - part))
            work.do(sa.insert(table).values({"order_line_id": new_id, where: place, "quantity": part}))
        cut.append(events.Share(place, part))
        quantity -= part
    return cut


def _ship(work: Work, order: Any, line_id: str, quantity: int) -> list[events.Event]:
    """One fulfillment for each warehouse that holds part of the line."""
    check_paid(work, order, ["input", "orderId"])
    held = stock.held_for(work, [line_id])
    moves = stock.ship(work, held)
    work.do(sa.update(t.order_lines).where(t.order_lines.c.id == line_id).values(shipped=quantity))
    status = fulfillment_status(orders.lines_of(work, order.id))
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
    mine = sa.select(columns.fulfillment_id).where(columns.order_line_id == line_id, _carried_by("SHIPPED"))
    happened: list[events.Event] = []
    for fulfillment_id in work.connection.scalars(mine).all():
        carried = work.all(sa.select(t.fulfillment_lines).where(columns.fulfillment_id == fulfillment_id))
        if any(row.order_line_id not in arrived for row in carried):
            continue
        delivered = {"state": "DELIVERED", "delivered_at": work.at}
        work.do(sa.update(t.fulfillments).where(t.fulfillments.c.id == fulfillment_id).values(**delivered))
        told = [events.LineQuantity(row.order_line_id, row.quantity) for row in carried]
        happened.append(events.FulfillmentDelivered(order_id=order.id, fulfillment_id=fulfillment_id, lines=told))
    return happened + completed(work, order)
