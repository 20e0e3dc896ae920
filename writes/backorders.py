"""Lines sold beyond the shelf: BACKORDERED when their order is made, ALLOCATED once what they wait for is there.

First come, first served: a line waits behind all that were ordered before it, so a large one is not passed by small ones.
Orders come before reservations: who only holds goods for a while has bought nothing yet.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa

from shop import events
from shop.events import Move
from writes import tables as t
from writes.work import Work

_LINES, _ORDERS = t.order_lines.c, t.orders.c
_Row = tuple[str, str]  # variant, warehouse

_SALES = (
    sa.select(_ORDERS.id)
    .join(t.checkouts, t.checkouts.c.id == _ORDERS.checkout_id)
    .join(t.carts, t.carts.c.id == t.checkouts.c.cart_id)
    .order_by(t.carts.c.id)
)


def owed(work: Work, order_id: str, moves: Sequence[Move]) -> list[events.Event]:
    """Set the lines of a new order BACKORDERED that its allocation promised more to than is on the shelf."""
    free = {(move.variant_id, move.warehouse_id): move.on_hand - move.allocated for move in moves}
    for move in moves:
        free[move.variant_id, move.warehouse_id] += move.quantity
    short = []
    for move in moves:
        row = (move.variant_id, move.warehouse_id)
        if move.quantity > free[row]:
            short.append(str(move.line_id))
        free[row] -= move.quantity
    return [_moved(work, order_id, line_id, "BACKORDERED") for line_id in dict.fromkeys(short)]


def hold(work: Work, variant_ids: Iterable[str]) -> None:
    """Hold the sales that wait for goods, before any stock is held: whoever lets goods arrive may change their lines."""
    waiting = sa.select(_LINES.order_id).where(_LINES.variant_id.in_(list(variant_ids)), _LINES.status == "BACKORDERED")
    if order_ids := sorted(set(work.connection.scalars(waiting))):
        work.all(_SALES.where(_ORDERS.id.in_(order_ids)).with_for_update(key_share=True, of=t.carts))


def served(work: Work, variant_ids: Iterable[str]) -> list[events.Event]:
    """Set lines ALLOCATED that waited for these variants and now have all they were promised on the shelf.

    A sale that another command holds right now is not waited for: its line keeps its place, and is served the next time.
    """
    queue = _queue(work, sorted(set(variant_ids)))
    if not queue:
        return []
    held = _held(work, sorted({line.order_id for line in queue}))
    queue = _queue(work, sorted({line.variant_id for line in queue}))  # as it is now that it is held
    shares = _shares(work, [line.id for line in queue])
    free = _free(work, sorted({line.variant_id for line in queue}), shares)
    happened: list[events.Event] = []
    for line in queue:
        enough = all(free[row] >= quantity for row, quantity in shares[line.id].items())
        for row, quantity in shares[line.id].items():
            free[row] = free[row] - quantity if enough else min(free[row], 0)
        if enough and line.order_id in held:
            happened.append(_moved(work, line.order_id, line.id, "ALLOCATED"))
    return happened


def _queue(work: Work, variant_ids: Sequence[str]) -> Sequence[Any]:
    """The lines that wait, the first one first."""
    columns = (_LINES.id, _LINES.order_id, _LINES.variant_id)
    waiting = sa.select(*columns).join(t.orders, _ORDERS.id == _LINES.order_id)
    waiting = waiting.where(_LINES.variant_id.in_(variant_ids), _LINES.status == "BACKORDERED")
    return work.all(waiting.order_by(_ORDERS.created_at, _ORDERS.id, _LINES.ordinal))


def _held(work: Work, order_ids: Sequence[str]) -> set[str]:
    free = _SALES.where(_ORDERS.id.in_(order_ids)).with_for_update(key_share=True, skip_locked=True, of=t.carts)
    return set(work.connection.scalars(free))


def _shares(work: Work, line_ids: Sequence[str]) -> dict[str, dict[_Row, int]]:
    """What each line was promised, by stock row."""
    columns = t.allocations.c
    held = sa.select(columns.order_line_id, _LINES.variant_id, columns.warehouse_id, columns.quantity)
    held = held.join(t.order_lines, _LINES.id == columns.order_line_id).where(columns.order_line_id.in_(line_ids))
    shares: dict[str, dict[_Row, int]] = defaultdict(dict)
    for line_id, variant_id, warehouse_id, quantity in work.all(held):
        shares[line_id][variant_id, warehouse_id] = quantity
    return shares


def _free(work: Work, variant_ids: Sequence[str], shares: dict[str, dict[_Row, int]]) -> dict[_Row, int]:
    """What each shelf has beyond what is promised to lines that do not wait."""
    levels = t.stock_levels.c
    rows = work.all(
        sa.select(levels.variant_id, levels.warehouse_id, levels.on_hand - levels.allocated).where(
            levels.variant_id.in_(variant_ids)
        )
    )
    free = {(variant_id, warehouse_id): int(left) for variant_id, warehouse_id, left in rows}
    for of_line in shares.values():
        for row, quantity in of_line.items():
            free[row] += quantity
    return free


def _moved(work: Work, order_id: str, line_id: str, status: str) -> events.OrderLineMoved:
    changed = sa.update(t.order_lines).where(_LINES.id == line_id).values(status=status).returning(_LINES.quantity)
    quantity = int(work.do(changed).scalar_one())
    return events.OrderLineMoved(order_id=order_id, line_id=line_id, status=status, quantity=quantity)
