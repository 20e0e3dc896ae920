"""What refunds give back for which lines. A part is cut so that all parts of a line are its whole cost, in any order.

The rows of a refund are written when it is asked for and forgotten when it fails: units are given back once, and what is
left of a line is always known. Asking a provider is charging's business.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from shop import events
from writes import costs
from writes import tables as t
from writes.work import Work

_ROWS = t.refund_lines.c
_ROUNDED = 2  # what the parts of a price may be off by when each is rounded for itself


class Given(msgspec.Struct, frozen=True):
    """Units of a line whose money went back, or is on its way, and how much it was."""

    units: int = 0
    amount: int = 0


class Part(msgspec.Struct, frozen=True):
    """What one refund gives back for one line; smallest units of money."""

    line_id: str
    quantity: int
    amount: int


def given(work: Work, line_ids: Iterable[str]) -> Mapping[str, Given]:
    """What was given back for some lines so far; lines for which there was nothing are left out."""
    sums = sa.select(_ROWS.order_line_id, sa.func.sum(_ROWS.quantity), sa.func.sum(_ROWS.amount))
    rows = work.all(sums.where(_ROWS.order_line_id.in_(list(line_ids))).group_by(_ROWS.order_line_id))
    return {line_id: Given(int(units), int(amount)) for line_id, units, amount in rows}


def part(order: Any, line: Any, quantity: int, before: Given) -> Part:
    """Cut `quantity` units off what is left of a line: they cost what they would if all units after them were cut off."""
    after = line.quantity - before.units - quantity
    so_far = costs.of_line(order, line) - costs.of_units(order, line, after)
    return Part(line.id, quantity, max(0, so_far - before.amount))


def parts(work: Work, order: Any, wanted: Sequence[tuple[Any, int]], most: int) -> list[Part]:
    """What so many units of these lines give back, those left out that were given back already; `most` in all."""
    before = given(work, [line.id for line, _ in wanted])
    cut = []
    for line, quantity in wanted:
        was = before.get(line.id, Given())
        whole = part(order, line, min(quantity, line.quantity - was.units), was)
        if whole.quantity:
            cut.append(msgspec.structs.replace(whole, amount=min(whole.amount, most)))
            most -= cut[-1].amount
    return cut


def keep(work: Work, entry_id: str, cut: Sequence[Part]) -> None:
    """Write down what the refund of a ledger entry gives back."""
    rows = [{"entry_id": entry_id, "order_line_id": p.line_id, "quantity": p.quantity, "amount": p.amount} for p in cut]
    work.do_each(sa.insert(t.refund_lines), rows)


def of_entry(work: Work, entry_id: str) -> list[Part]:
    """What the refund of a ledger entry gives back for lines; nothing where it was a mere amount."""
    rows = sa.select(_ROWS.order_line_id, _ROWS.quantity, _ROWS.amount).where(_ROWS.entry_id == entry_id)
    return [Part(*row) for row in work.all(rows.order_by(_ROWS.order_line_id))]


def goods(work: Work, order: Any, lines: Sequence[Any], cut: Sequence[Part]) -> int:
    """What the shop had earned on the parts that a refund gives back: after discount, without tax.

    It is rounded over all that was given back for a line so far, so that all parts of a line are all that it earned.
    """
    every, so_far = {line.id: line for line in lines}, given(work, [one.line_id for one in cut])
    told = 0
    for one in cut:
        line, now = every[one.line_id], so_far[one.line_id].amount
        earned, cost = costs.revenue(order, line), costs.of_line(order, line)
        told += earned * now // cost - earned * (now - one.amount) // cost if cost else 0
    return told


def forget(work: Work, entry_id: str) -> None:
    """The refund failed: nothing was given back."""
    work.do(sa.delete(t.refund_lines).where(_ROWS.entry_id == entry_id))


def settled(work: Work, order: Any) -> list[events.Event]:
    """Close each return of the order whose goods are here and whose money has all gone back."""
    columns = t.returns.c
    here = sa.select(columns.id).where(columns.order_id == order.id, columns.state == "RECEIVED").order_by(columns.id)
    happened: list[events.Event] = []
    for return_id in work.connection.scalars(here).all():
        refunded = _paid_back(work, return_id)
        if refunded is not None:
            work.do(sa.update(t.returns).where(columns.id == return_id).values(state="REFUNDED", refunded=refunded))
            about: dict[str, Any] = {"order_id": order.id, "return_id": return_id}
            happened.append(events.ReturnRefunded(refunded=refunded, currency=order.currency, **about))
    return happened


def _paid_back(work: Work, return_id: str) -> int | None:
    """How much the lines of a return gave back; None while some of their units have not been refunded."""
    columns = t.return_lines.c
    rows = work.all(sa.select(columns.order_line_id, columns.quantity).where(columns.return_id == return_id))
    done = sa.select(t.ledger_entries.c.id).where(t.ledger_entries.c.outcome == "SUCCESS")
    sums = sa.select(_ROWS.order_line_id, sa.func.sum(_ROWS.quantity), sa.func.sum(_ROWS.amount))
    mine = sums.where(_ROWS.order_line_id.in_([row.order_line_id for row in rows]), _ROWS.entry_id.in_(done))
    paid = {line_id: (units, amount) for line_id, units, amount in work.all(mine.group_by(_ROWS.order_line_id))}
    if any(paid.get(row.order_line_id, (0, 0))[0] < row.quantity for row in rows):
        return None
    return sum(int(amount) for _, amount in paid.values())


def share(order: Any, line: Any, quantity: int, before: Given) -> tuple[dict[str, int], Given]:
    """The money that goes with `quantity` units cut off a line, and what of it was given back already.

    What was given back stays with the rest, as far as it can: where it is all of the rest, the rest costs just that.
    """
    cut = costs.of_part(line, quantity)
    rest = line.quantity - quantity
    whole, new = costs.of_line(order, line), costs.cost(order, **cut)
    over = max(0, before.units - rest)
    off = whole - before.amount - new
    if before.units == rest and abs(off) <= _ROUNDED:
        cut["discount"] -= off
        new += off
    return cut, Given(over, max(0, before.amount - (whole - new)))


def hand_over(work: Work, line_id: str, new_id: str, what: Given) -> None:
    """Write units and money that were given back for a line to the line that was cut off it."""
    units, amount = what.units, what.amount
    for row in work.all(sa.select(t.refund_lines).where(_ROWS.order_line_id == line_id).order_by(_ROWS.entry_id)):
        less = {"quantity": min(units, row.quantity), "amount": min(amount, row.amount)}
        if not any(less.values()):
            continue
        here = sa.and_(_ROWS.order_line_id == line_id, _ROWS.entry_id == row.entry_id)
        left = {"quantity": row.quantity - less["quantity"], "amount": row.amount - less["amount"]}
        work.do(sa.update(t.refund_lines).where(here).values(left))
        work.do(sa.insert(t.refund_lines).values(entry_id=row.entry_id, order_line_id=new_id, **less))
        units, amount = units - less["quantity"], amount - less["amount"]
