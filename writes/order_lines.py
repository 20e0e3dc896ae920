"""Order lines: what their quantities make of an order, and how one is cut in two with all that belongs to it."""

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from shop import events, ids
from writes import orders, refunds
from writes import tables as t
from writes.work import Work

# The legal moves of a line by hand; a test holds this table against the states of the contract.
MOVES = {
    "BACKORDERED": ("ALLOCATED", "CANCELED"),
    "ALLOCATED": ("PICKING", "CANCELED"),
    "PICKING": ("ALLOCATED", "SHIPPED", "CANCELED"),
    "SHIPPED": ("DELIVERED",),
    "DELIVERED": ("RETURNED",),
    "RETURNED": (),
    "CANCELED": (),
}
_OPEN = t.return_lines.c.return_id.in_(sa.select(t.returns.c.id).where(t.returns.c.state.in_(["REQUESTED", "APPROVED"])))


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
    waiting = sa.select(columns.order_line_id).where(columns.order_line_id.in_(list(line_ids)), carried_by("PENDING"))
    return set(work.connection.scalars(waiting))


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
    share, given = _money(work, line, quantity)
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
    refunds.hand_over(work, line.id, new_id, given)
    cut: dict[str, Any] = {"line_id": line.id, "new_id": new_id, "quantity": quantity}
    coming = max(0, coming_back(work, [line.id]).get(line.id, 0) - line.quantity + quantity)
    return events.Split(
        line_id=new_id,
        **share,
        allocations=_cut(work, t.allocations, "warehouse_id", of=_in_warehouse(warehouse_id), **cut),
        fulfillments=_cut(work, t.fulfillment_lines, "fulfillment_id", of=carried_by("SHIPPED", "DELIVERED"), **cut),
        returns=_cut(work, t.return_lines, "return_id", of=_OPEN, **{**cut, "quantity": coming}),
    )


def coming_back(work: Work, line_ids: Iterable[str]) -> dict[str, int]:
    """How many units of some lines are in returns that are still open; lines without any are left out."""
    columns = t.return_lines.c
    sums = sa.select(columns.order_line_id, sa.func.sum(columns.quantity)).group_by(columns.order_line_id)
    rows = work.all(sums.where(columns.order_line_id.in_(list(line_ids)), _OPEN))
    return {line_id: int(units) for line_id, units in rows}


def _money(work: Work, line: Any, quantity: int) -> tuple[dict[str, int], refunds.Given]:
    """The money that goes with so many units of a line, and what of it was given back."""
    order = work.connection.execute(sa.select(t.orders.c.tax_included).where(t.orders.c.id == line.order_id)).one()
    before = refunds.given(work, [line.id]).get(line.id, refunds.Given())
    return refunds.share(order, line, quantity, before)


def _in_warehouse(warehouse_id: str | None) -> sa.ColumnElement[bool]:
    return sa.true() if warehouse_id is None else t.allocations.c.warehouse_id == warehouse_id


def carried_by(*states: str) -> sa.ColumnElement[bool]:
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
            work.do(sa.insert(table).values({**row._asdict(), "order_line_id": new_id, "quantity": part}))
        cut.append(events.Share(place, part))
        quantity -= part
    return cut
