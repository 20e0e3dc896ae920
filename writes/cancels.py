"""Order lines canceled before they leave: their stock is free again, the totals are recomputed, the difference goes back.

What is canceled in part is a line of its own. The last line that is canceled takes the order with it, unless something left.
"""

from collections.abc import Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from shop import events
from shop.events import LineQuantity, TaxShare
from writes import backorders, charging, costs, ledger, order_lines, orders, stock
from writes import tables as t
from writes.refusals import AboveLimit, Invalid, NotAllowedFrom, NotFound, Path
from writes.work import Done, Work

_WAITING = ("BACKORDERED", "ALLOCATED", "PICKING")
_PARTS = ("subtotal", "discount", "tax", "total")


class CancelOrderLines(msgspec.Struct, frozen=True):
    """`refund` gives back what was paid for them; what was only promised is not taken any more in any case."""

    order_id: str
    lines: list[LineQuantity]
    reason: str | None = None
    refund: bool = True


def cancel_order_lines(work: Work, command: CancelOrderLines) -> Done:
    order = orders.load(work, command.order_id, ["id"])
    if order.status != "PLACED":
        raise NotAllowedFrom("The order", order.status, [], ["id"])
    wanted = _wanted(work, order, command.lines)
    return cancel(work, order, wanted, ["id"], command.reason, refund=command.refund)


def cancel(
    work: Work, order: Any, wanted: Sequence[tuple[Any, int]], path: Path, reason: str | None = None, *, refund: bool = True
) -> Done:
    """Cancel units of lines that wait to leave. While a payment moves nobody knows what is to be given back."""
    if orders.is_paying(work, order.id):
        raise NotAllowedFrom("A payment of the order", "PENDING", ["SUCCESS", "FAILURE"], path)
    if _is_all(work, order, wanted):
        return orders.cancel(work, order, reason or "All of its lines were canceled.", restock=True, refund=refund)
    happened: list[events.Event] = []
    gone = [_cancel_line(work, line, quantity, happened) for line, quantity in wanted]
    lines = [line for line in orders.lines_of(work, order.id) if line.id in gone]
    totals = _lower_totals(work, order, lines)
    every = orders.lines_of(work, order.id)
    about: dict[str, Any] = {"lines": [LineQuantity(line.id, line.quantity) for line in lines], "reason": reason, **totals}
    about["fulfillment_status"] = order_lines.fulfillment_status(every)
    about["payment_status"] = ledger.payment_status(work, order.id)
    happened.append(events.OrderLinesCanceled(order_id=order.id, **about))
    moves = stock.deallocate(work, stock.held_for(work, gone), restock=True)
    happened.append(events.StockDeallocated(order_id=order.id, moves=moves))
    happened += backorders.served(work, [move.variant_id for move in moves])
    happened += order_lines.completed(work, order)
    if not refund:
        return Done(happened, {"order_id": order.id})
    back = _give_back(work, order, lines, totals["total"], reason)
    return Done([*happened, *back.events], {"order_id": order.id}, back.calls)


def _wanted(work: Work, order: Any, asked: list[LineQuantity]) -> list[tuple[Any, int]]:
    if not asked:
        raise Invalid("Name one line at least.", ["input", "lines"])
    if len({one.line_id for one in asked}) < len(asked):
        raise Invalid("A line stands here twice: put its quantities into one.", ["input", "lines"])
    lines = {line.id: line for line in orders.lines_of(work, order.id)}
    packed = order_lines.packed(work, lines)
    wanted = []
    for index, one in enumerate(asked):
        path: Path = ["input", "lines", index]
        line = lines.get(one.line_id)
        if line is None:
            raise NotFound(f"The order has no line {one.line_id}.", [*path, "lineId"])
        if line.status not in _WAITING:
            raise NotAllowedFrom("The line", line.status, order_lines.MOVES[line.status], [*path, "lineId"])
        if line.id in packed:
            raise NotAllowedFrom("The line's fulfillment", "PENDING", ["SHIPPED", "CANCELED"], [*path, "lineId"])
        _check_quantity(one.quantity, line.quantity, [*path, "quantity"])
        wanted.append((line, one.quantity))
    return wanted


def _check_quantity(quantity: int, most: int, path: Path) -> None:
    if quantity < 1:
        raise Invalid("Cancel one unit at least.", path)
    if quantity > most:
        raise AboveLimit(f"The line has {most}, not {quantity}.", most, path)


def _is_all(work: Work, order: Any, wanted: Sequence[tuple[Any, int]]) -> bool:
    """Whether these units are all that the order still has."""
    whole = {line.id for line, quantity in wanted if quantity == line.quantity}
    return all(line.id in whole or line.status == "CANCELED" for line in orders.lines_of(work, order.id))


def _cancel_line(work: Work, line: Any, quantity: int, happened: list[events.Event]) -> str:
    """Make a canceled line of so many units; add what happened and return its id."""
    part = None if quantity == line.quantity else order_lines.split(work, line, quantity)
    line_id: str = line.id if part is None else part.line_id
    canceled = {"status": "CANCELED", "canceled": quantity}
    work.do(sa.update(t.order_lines).where(t.order_lines.c.id == line_id).values(canceled))
    about = {"order_id": line.order_id, "line_id": line.id, "quantity": quantity}
    happened.append(events.OrderLineMoved(status="CANCELED", split=part, **about))
    return line_id


def _lower_totals(work: Work, order: Any, lines: Sequence[Any]) -> dict[str, Any]:
    """What the order costs without these lines, and what of it is tax. Its shipping is not quoted anew."""
    less = {"subtotal": sum(line.total for line in lines), "total": sum(costs.of_line(order, line) for line in lines)}
    less |= {name: sum(getattr(line, name) for line in lines) for name in ("discount", "tax")}
    totals = {name: getattr(order, name) - less[name] for name in _PARTS}
    shares = [_lowered(share, order, lines) for share in msgspec.convert(order.tax_lines or [], list[TaxShare])]
    row = totals | {"tax_lines": msgspec.to_builtins(shares) or None}
    work.do(sa.update(t.orders).where(t.orders.c.id == order.id).values(row))
    return {**totals, "tax_lines": shares}


def _lowered(share: TaxShare, order: Any, lines: Sequence[Any]) -> TaxShare:
    """The share of an order's one rate, without that of these lines."""
    taxable = share.taxable - sum(costs.revenue(order, line) for line in lines)
    return msgspec.structs.replace(share, taxable=taxable, amount=share.amount - sum(line.tax for line in lines))


def _give_back(work: Work, order: Any, lines: Sequence[Any], total: int, reason: str | None) -> Done:
    """Refund the lines as far as more was captured than the order costs now; where it costs nothing, void what is promised."""
    captured = sum(payment.captured for payment in ledger.payments_of(work, order.id))
    if captured == 0 and total == 0:
        happened, calls = ledger.reverse(work, order)
        return Done(happened, calls=calls)
    wanted = [(line, line.quantity) for line in lines]
    return charging.give_back(work, order, wanted, reason or "Lines were canceled.", max(0, captured - total))
