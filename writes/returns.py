"""Returns: goods asked to come back, allowed or not, received, and paid back as asked. What has come back is its own line.

A line may come back while the time for it lasts, as far as it was shipped and no other return has it. Goods that are set
RETURNED by hand are a return that is asked for, allowed and received at once: one way for goods to come back.
"""

import datetime as dt
from typing import Any

import msgspec
import sqlalchemy as sa

from shop import clock, events, ids
from shop.events import LineQuantity
from writes import backorders, charging, order_lines, orders, stock
from writes import tables as t
from writes.refusals import AboveLimit, Invalid, NotAllowedFrom, NotFound, Path
from writes.work import Done, Work

# The legal moves of a return; a test holds this table against the states of the contract.
MOVES = {
    "REQUESTED": ("APPROVED", "REJECTED", "CANCELED"),
    "APPROVED": ("RECEIVED", "CANCELED"),
    "RECEIVED": ("REFUNDED",),
    "REFUNDED": (),
    "REJECTED": (),
    "CANCELED": (),
}


class RequestReturn(msgspec.Struct, frozen=True):
    order_id: str
    lines: list[LineQuantity]
    reason: str | None = None


class ApproveReturn(msgspec.Struct, frozen=True):
    return_id: str


class RejectReturn(msgspec.Struct, frozen=True):
    return_id: str
    reason: str


class ReceiveReturn(msgspec.Struct, frozen=True):
    """`restock` puts the goods on sale in the warehouse that received them; `refund` gives back what they cost."""

    return_id: str
    warehouse_id: str
    restock: bool = True
    refund: bool = True


class CancelReturn(msgspec.Struct, frozen=True):
    return_id: str


class _Arrival(msgspec.Struct, frozen=True):
    """How goods that come back are received."""

    warehouse: Any
    restock: bool = True
    refund: bool = True


def request_return(work: Work, command: RequestReturn) -> Done:
    order = orders.load(work, command.order_id, ["input", "orderId"])
    if order.status not in {"PLACED", "COMPLETED"}:
        raise NotAllowedFrom("The order", order.status, [], ["input", "orderId"])
    _check_lines(work, order, command.lines)
    requested = _requested(work, order, command.lines, command.reason)
    return Done([requested], {"order_id": order.id, "return_id": requested.return_id})


def approve_return(work: Work, command: ApproveReturn) -> Done:
    _, back = _load(work, command.return_id)
    about = _enter(work, back, "APPROVED")
    return Done([events.ReturnApproved(**about)], about)


def reject_return(work: Work, command: RejectReturn) -> Done:
    _, back = _load(work, command.return_id)
    if not command.reason.strip():
        raise Invalid("Say why the return is rejected.", ["reason"])
    about = _enter(work, back, "REJECTED")
    return Done([events.ReturnRejected(reason=command.reason, **about)], about)


def receive_return(work: Work, command: ReceiveReturn) -> Done:
    order, back = _load(work, command.return_id)
    about = _enter(work, back, "RECEIVED")
    warehouse = work.shared(t.warehouses, command.warehouse_id)  # what is told of it stays true
    if warehouse is None:
        raise NotFound(f"There is no warehouse {command.warehouse_id}.", ["input", "warehouseId"])
    arrival = _Arrival(warehouse, command.restock, command.refund)
    received = _receive(work, order, back.id, arrival, ["id"])
    return msgspec.structs.replace(received, answer=about)


def cancel_return(work: Work, command: CancelReturn) -> Done:
    _, back = _load(work, command.return_id)
    about = _enter(work, back, "CANCELED")
    return Done([events.ReturnCanceled(**about)], about)


def set_returned(work: Work, order: Any, line: Any, quantity: int) -> Done:
    """Take units of a line back by hand, into the warehouse that sent them."""
    free = line.shipped - line.returned - order_lines.coming_back(work, [line.id]).get(line.id, 0)
    if quantity > free:
        raise AboveLimit(f"{free} of the line are in no return so far, not {quantity}.", free, ["input", "quantity"])
    requested = _requested(work, order, [LineQuantity(line.id, quantity)], None)
    about: dict[str, Any] = {"order_id": order.id, "return_id": requested.return_id}
    columns = t.fulfillment_lines.c
    sent = sa.select(t.fulfillments.c.warehouse_id).join(t.fulfillment_lines, columns.fulfillment_id == t.fulfillments.c.id)
    sent = sent.where(columns.order_line_id == line.id, order_lines.carried_by("SHIPPED", "DELIVERED"))
    warehouse_id = work.connection.scalar(sent.order_by(t.fulfillments.c.id.desc()).limit(1))
    work.do(sa.update(t.returns).where(t.returns.c.id == requested.return_id).values(state="RECEIVED"))
    arrival = _Arrival(work.shared(t.warehouses, str(warehouse_id)))
    received = _receive(work, order, requested.return_id, arrival, ["input", "orderId"])
    happened = [requested, events.ReturnApproved(**about), *received.events]
    return msgspec.structs.replace(received, events=happened, answer={"order_id": order.id})


def _load(work: Work, return_id: str) -> tuple[Any, Any]:
    """Load a return and its order and hold both, or refuse."""
    order_id = work.connection.scalar(sa.select(t.returns.c.order_id).where(t.returns.c.id == return_id))
    if order_id is None:
        raise NotFound(f"There is no return {return_id}.", ["id"])
    order = orders.load(work, order_id, ["id"])
    return order, work.one(t.returns, return_id)


def _enter(work: Work, back: Any, state: str) -> dict[str, Any]:
    if state not in MOVES[back.state]:
        raise NotAllowedFrom("The return", back.state, MOVES[back.state], ["id"])
    work.do(sa.update(t.returns).where(t.returns.c.id == back.id).values(state=state))
    return {"order_id": back.order_id, "return_id": back.id}


def _requested(work: Work, order: Any, wanted: list[LineQuantity], reason: str | None) -> events.ReturnRequested:
    return_id = ids.new("return")
    work.add(t.returns, {"id": return_id, "order_id": order.id, "state": "REQUESTED", "created_at": work.at})
    if reason is not None:
        work.add(t.return_reasons, {"return_id": return_id, "reason": reason})
    rows = [{"return_id": return_id, "order_line_id": o.line_id, "quantity": o.quantity, "amount": 0} for o in wanted]
    work.do_each(sa.insert(t.return_lines), rows)
    return events.ReturnRequested(order_id=order.id, return_id=return_id, lines=wanted, reason=reason)


def _check_lines(work: Work, order: Any, wanted: list[LineQuantity]) -> None:
    """Refuse what was never sent, is back or on its way back, or was sent too long ago."""
    if not wanted:
        raise Invalid("Name one line at least.", ["input", "lines"])
    if len({one.line_id for one in wanted}) < len(wanted):
        raise Invalid("A line stands here twice: put its quantities into one.", ["input", "lines"])
    lines = {line.id: line for line in orders.lines_of(work, order.id)}
    coming, arrived = order_lines.coming_back(work, lines), _arrived(work, list(lines))
    earliest = clock.text(work.now - dt.timedelta(days=work.limits.return_days))
    for index, one in enumerate(wanted):
        path: Path = ["input", "lines", index]
        line = lines.get(one.line_id)
        if line is None:
            raise NotFound(f"The order has no line {one.line_id}.", [*path, "lineId"])
        _check_quantity(one.quantity, line.shipped - line.returned - coming.get(line.id, 0), [*path, "quantity"])
        if arrived.get(line.id, "") < earliest:
            late = f"Goods come back within {work.limits.return_days} days of their arrival."
            raise Invalid(late, [*path, "lineId"])


def _check_quantity(quantity: int, most: int, path: Path) -> None:
    if quantity < 1:
        raise Invalid("Return one unit at least.", path)
    if quantity > most:
        raise AboveLimit(f"{most} of the line can come back, not {quantity}.", most, path)


def _arrived(work: Work, line_ids: list[str]) -> dict[str, str]:
    """When the last units of each line came to the buyer; where that is not known, when they were sent."""
    columns, sent = t.fulfillment_lines.c, t.fulfillments.c
    last = sa.select(columns.order_line_id, sa.func.max(sa.func.coalesce(sent.delivered_at, sent.shipped_at)))
    last = last.join(t.fulfillments, sent.id == columns.fulfillment_id).group_by(columns.order_line_id)
    rows = work.all(last.where(columns.order_line_id.in_(line_ids), sent.state.in_(["SHIPPED", "DELIVERED"])))
    return {row[0]: row[1] for row in rows}


def _receive(work: Work, order: Any, return_id: str, arrival: _Arrival, path: Path) -> Done:
    """The goods are here: their lines are RETURNED, their stock and their money move as asked."""
    if arrival.refund and orders.is_paying(work, order.id):
        raise NotAllowedFrom("A payment of the order", "PENDING", ["SUCCESS", "FAILURE"], path)
    happened: list[events.Event] = []
    came = _bring_back(work, order, return_id, happened)
    every = orders.lines_of(work, order.id)
    lines = [LineQuantity(line.id, line.quantity) for line in every if line.id in came]
    about: dict[str, Any] = {"order_id": order.id, "return_id": return_id, "lines": lines, "restocked": arrival.restock}
    status = order_lines.fulfillment_status(every)
    happened.append(events.ReturnReceived(warehouse_id=arrival.warehouse.id, fulfillment_status=status, **about))
    wanted = [line for line in every if line.id in came]
    if arrival.restock:
        shares = [stock.Share(line.id, line.variant_id, arrival.warehouse.id, line.quantity) for line in wanted]
        moves = stock.come_back(work, shares)
        happened.append(events.StockReturned(order_id=order.id, moves=moves, active=arrival.warehouse.active))
        happened += backorders.served(work, [move.variant_id for move in moves])
    happened += order_lines.completed(work, order)
    if not arrival.refund:
        return Done(happened)
    paid = charging.give_back(work, order, [(line, line.quantity) for line in wanted], f"Return {return_id}")
    return Done([*happened, *paid.events], calls=paid.calls)


def _bring_back(work: Work, order: Any, return_id: str, happened: list[events.Event]) -> set[str]:
    """Make lines of what came back; add what happened and return their ids. The return names them from now on."""
    columns, lines = t.return_lines.c, {line.id: line for line in orders.lines_of(work, order.id)}
    came = work.all(sa.select(t.return_lines).where(columns.return_id == return_id).order_by(columns.order_line_id))
    work.do(sa.delete(t.return_lines).where(columns.return_id == return_id))
    new_ids = set()
    for row in came:
        line = lines[row.order_line_id]
        part = None if row.quantity == line.quantity else order_lines.split(work, line, row.quantity)
        line_id = line.id if part is None else part.line_id
        work.add(t.return_lines, {**row._asdict(), "order_line_id": line_id})
        back = {"status": "RETURNED", "returned": row.quantity}
        work.do(sa.update(t.order_lines).where(t.order_lines.c.id == line_id).values(back))
        told: dict[str, Any] = {"line_id": line.id, "quantity": row.quantity, "split": part}
        happened.append(events.OrderLineMoved(order_id=order.id, status="RETURNED", **told))
        new_ids.add(line_id)
    return new_ids
