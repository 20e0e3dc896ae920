"""Fulfillments as parcels: packed from one warehouse's allocations, then sent, then there; or unpacked before they left.

A line in a parcel is PICKING until the parcel leaves: packing part of a line makes a line of that part, as moving it by
hand does, so that a line is always wholly in one state. Lines moved by hand are in fulfillment.
"""

from collections.abc import Iterable
from typing import Any

import msgspec
import sqlalchemy as sa
from msgspec import UNSET, UnsetType

from shop import events, ids
from shop.events import LineQuantity
from writes import fulfillment, order_lines, orders, stock
from writes import tables as t
from writes.refusals import AboveLimit, Invalid, NotAllowedFrom, NotFound, Path
from writes.work import Done, Work

# The legal moves of a fulfillment; a test holds this table against the states of the contract.
MOVES = {"PENDING": ("SHIPPED", "CANCELED"), "SHIPPED": ("DELIVERED",), "DELIVERED": (), "CANCELED": ()}
_TRACKING = ("carrier", "tracking_number", "tracking_url")


class CreateFulfillment(msgspec.Struct, frozen=True):
    order_id: str
    warehouse_id: str
    lines: list[LineQuantity]


class ShipFulfillment(msgspec.Struct, frozen=True):
    fulfillment_id: str
    carrier: str | None = None
    tracking_number: str | None = None
    tracking_url: str | None = None


class SetFulfillmentTracking(msgspec.Struct, frozen=True):
    """What is left out stays as it is, what is None is unknown from now on."""

    fulfillment_id: str
    carrier: str | UnsetType | None = UNSET
    tracking_number: str | UnsetType | None = UNSET
    tracking_url: str | UnsetType | None = UNSET


class DeliverFulfillment(msgspec.Struct, frozen=True):
    fulfillment_id: str


class CancelFulfillment(msgspec.Struct, frozen=True):
    fulfillment_id: str


def create_fulfillment(work: Work, command: CreateFulfillment) -> Done:
    order = orders.load(work, command.order_id, ["input", "orderId"])
    if order.status != "PLACED":
        raise NotAllowedFrom("The order", order.status, [], ["input", "orderId"])
    if work.seen(t.warehouses, command.warehouse_id) is None:
        raise NotFound(f"There is no warehouse {command.warehouse_id}.", ["input", "warehouseId"])
    happened: list[events.Event] = []
    packed = [_pack(work, line, quantity, command.warehouse_id, happened) for line, quantity in _wanted(work, order, command)]
    fulfillment_id = ids.new("fulfillment")
    row = {"order_id": order.id, "warehouse_id": command.warehouse_id, "state": "PENDING", "created_at": work.at}
    work.add(t.fulfillments, {"id": fulfillment_id, **row})
    rows = [{"fulfillment_id": fulfillment_id, "order_line_id": one.line_id, "quantity": one.quantity} for one in packed]
    work.do_each(sa.insert(t.fulfillment_lines), rows)
    about: dict[str, Any] = {"order_id": order.id, "fulfillment_id": fulfillment_id}
    happened.append(events.FulfillmentCreated(warehouse_id=command.warehouse_id, lines=packed, **about))
    return Done(happened, about)


def ship_fulfillment(work: Work, command: ShipFulfillment) -> Done:
    order, sent = _load(work, command.fulfillment_id)
    _enter(work, sent, "SHIPPED", shipped_at=work.at)
    tracking = {name: getattr(command, name) for name in _TRACKING}
    _track(work, sent.id, tracking)
    fulfillment.check_paid(work, order, ["id"])
    carried = _carried(work, sent.id)
    lines = [one.line_id for one in carried]
    moves = stock.ship(work, stock.held_for(work, lines))
    columns = t.order_lines.c
    left = sa.update(t.order_lines).where(columns.id.in_(lines)).values(shipped=columns.quantity, status="SHIPPED")
    work.do(left)
    about: dict[str, Any] = {"order_id": order.id, "fulfillment_id": sent.id}
    status = order_lines.fulfillment_status(orders.lines_of(work, order.id))
    shipped = events.FulfillmentShipped(lines=carried, fulfillment_status=status, **tracking, **about)
    return Done([*_moved(order, carried, "SHIPPED"), events.StockShipped(order_id=order.id, moves=moves), shipped], about)


def set_fulfillment_tracking(work: Work, command: SetFulfillmentTracking) -> Done:
    order, sent = _load(work, command.fulfillment_id)
    if sent.state not in {"SHIPPED", "DELIVERED"}:
        raise NotAllowedFrom("The fulfillment", sent.state, MOVES[sent.state], ["id"])
    row = work.one(t.tracking, sent.id)
    before = {name: None if row is None else getattr(row, name) for name in _TRACKING}
    given = {name: getattr(command, name) for name in before}
    tracking: dict[str, Any] = {name: before[name] if value is UNSET else value for name, value in given.items()}
    about: dict[str, Any] = {"order_id": order.id, "fulfillment_id": sent.id}
    if tracking == before:
        return Done([], about)
    _track(work, sent.id, tracking)
    return Done([events.FulfillmentTrackingSet(**tracking, **about)], about)


def deliver_fulfillment(work: Work, command: DeliverFulfillment) -> Done:
    order, sent = _load(work, command.fulfillment_id)
    _enter(work, sent, "DELIVERED", delivered_at=work.at)
    carried = _carried(work, sent.id)
    there = _arrived(work, order, [one.line_id for one in carried])
    columns = t.order_lines.c
    work.do(sa.update(t.order_lines).where(columns.id.in_([one.line_id for one in there])).values(status="DELIVERED"))
    about: dict[str, Any] = {"order_id": order.id, "fulfillment_id": sent.id}
    delivered = events.FulfillmentDelivered(lines=carried, **about)
    return Done([*_moved(order, there, "DELIVERED"), delivered, *order_lines.completed(work, order)], about)


def cancel_fulfillment(work: Work, command: CancelFulfillment) -> Done:
    order, sent = _load(work, command.fulfillment_id)
    _enter(work, sent, "CANCELED")
    carried = _carried(work, sent.id)
    columns = t.order_lines.c
    work.do(sa.update(t.order_lines).where(columns.id.in_([one.line_id for one in carried])).values(status="ALLOCATED"))
    about: dict[str, Any] = {"order_id": order.id, "fulfillment_id": sent.id}
    return Done([*_moved(order, carried, "ALLOCATED"), events.FulfillmentCanceled(**about)], about)


def _wanted(work: Work, order: Any, command: CreateFulfillment) -> list[tuple[Any, int]]:
    """The lines to pack and how much of each, as far as the warehouse holds them and they wait to be packed."""
    if not command.lines:
        raise Invalid("Name one line at least.", ["input", "lines"])
    if len({one.line_id for one in command.lines}) < len(command.lines):
        raise Invalid("A line stands here twice: put its quantities into one.", ["input", "lines"])
    lines = {line.id: line for line in orders.lines_of(work, order.id)}
    packed = order_lines.packed(work, lines)
    held = {one.line_id: one.quantity for one in stock.held_for(work, lines) if one.warehouse_id == command.warehouse_id}
    wanted = []
    for index, one in enumerate(command.lines):
        path: Path = ["input", "lines", index]
        line = lines.get(one.line_id)
        if line is None:
            raise NotFound(f"The order has no line {one.line_id}.", [*path, "lineId"])
        if line.id in packed:
            raise NotAllowedFrom("The line's fulfillment", "PENDING", MOVES["PENDING"], [*path, "lineId"])
        if line.status not in {"ALLOCATED", "PICKING"}:
            raise NotAllowedFrom("The line", line.status, order_lines.MOVES[line.status], [*path, "lineId"])
        _check_quantity(one.quantity, held.get(line.id, 0), [*path, "quantity"])
        wanted.append((line, one.quantity))
    return wanted


def _check_quantity(quantity: int, held: int, path: Path) -> None:
    if quantity < 1:
        raise Invalid("Pack one unit at least.", path)
    if quantity > held:
        raise AboveLimit(f"The warehouse holds {held} for the line, not {quantity}.", held, path)


def _pack(work: Work, line: Any, quantity: int, warehouse_id: str, happened: list[events.Event]) -> LineQuantity:
    """Put units of a line into the parcel, as a line of their own where they are not all of it; add what happened."""
    part = None if quantity == line.quantity else order_lines.split(work, line, quantity, warehouse_id)
    line_id = line.id if part is None else part.line_id
    if part is not None or line.status != "PICKING":
        work.do(sa.update(t.order_lines).where(t.order_lines.c.id == line_id).values(status="PICKING"))
        about = {"order_id": line.order_id, "line_id": line.id, "quantity": quantity}
        happened.append(events.OrderLineMoved(status="PICKING", split=part, **about))
    return LineQuantity(line_id, quantity)


def _load(work: Work, fulfillment_id: str) -> tuple[Any, Any]:
    """Load a fulfillment and its order and hold both, or refuse."""
    order_id = work.connection.scalar(sa.select(t.fulfillments.c.order_id).where(t.fulfillments.c.id == fulfillment_id))
    if order_id is None:
        raise NotFound(f"There is no fulfillment {fulfillment_id}.", ["id"])
    order = orders.load(work, order_id, ["id"])
    return order, work.one(t.fulfillments, fulfillment_id)


def _enter(work: Work, sent: Any, state: str, **more: Any) -> None:
    if state not in MOVES[sent.state]:
        raise NotAllowedFrom("The fulfillment", sent.state, MOVES[sent.state], ["id"])
    work.do(sa.update(t.fulfillments).where(t.fulfillments.c.id == sent.id).values(state=state, **more))


def _carried(work: Work, fulfillment_id: str) -> list[LineQuantity]:
    columns = t.fulfillment_lines.c
    rows = sa.select(columns.order_line_id, columns.quantity).where(columns.fulfillment_id == fulfillment_id)
    return [LineQuantity(*row) for row in work.all(rows.order_by(columns.order_line_id))]


def _arrived(work: Work, order: Any, line_ids: list[str]) -> list[LineQuantity]:
    """Those lines that are there now: no other parcel with a part of them is still on its way."""
    columns = t.fulfillment_lines.c
    coming = sa.select(columns.order_line_id).join(t.fulfillments, t.fulfillments.c.id == columns.fulfillment_id)
    coming = coming.where(columns.order_line_id.in_(line_ids), t.fulfillments.c.state == "SHIPPED")
    there = set(line_ids) - set(work.connection.scalars(coming))
    lines = [line for line in orders.lines_of(work, order.id) if line.id in there and line.status == "SHIPPED"]
    return [LineQuantity(line.id, line.quantity) for line in lines]


def _moved(order: Any, lines: Iterable[LineQuantity], status: str) -> list[events.Event]:
    return [
        events.OrderLineMoved(order_id=order.id, line_id=line.line_id, status=status, quantity=line.quantity) for line in lines
    ]


def _track(work: Work, fulfillment_id: str, tracking: dict[str, str | None]) -> None:
    """Keep how a parcel is followed. A buyer opens the address: it leads to the web and nowhere else."""
    url = tracking["tracking_url"]
    if url is not None and not url.startswith(("https://", "http://")):
        raise Invalid("A tracking address begins with https:// or http://.", ["input", "trackingUrl"])
    work.do(sa.delete(t.tracking).where(t.tracking.c.fulfillment_id == fulfillment_id))
    if any(value is not None for value in tracking.values()):
        work.add(t.tracking, {"fulfillment_id": fulfillment_id, **tracking})
