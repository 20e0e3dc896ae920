"""The rows that stock is kept in: made where there was none, and told whether more may be promised than is there."""

from collections.abc import Iterable

import sqlalchemy as sa

from shop.events import Move
from shop.upsert import insert
from writes import tables as t
from writes.work import Work

_LEVELS = t.stock_levels.c


def backorderable(work: Work, variant_ids: Iterable[str]) -> dict[str, bool]:
    """Which of some variants may be sold beyond the shelf; those that do not exist are left out. It stays so until the end."""
    columns = t.variants.c
    flags = sa.select(columns.id, columns.backorderable).where(columns.id.in_(list(variant_ids)))
    return {row.id: row.backorderable for row in work.all(flags.order_by(columns.id).with_for_update(read=True))}


def set_backorderable(work: Work, variant_id: str, may_be_owed: bool) -> None:
    """Sell a variant beyond the shelf from now on, or no longer: what is owed stays owed. The caller holds the variant."""
    rows = sa.select(_LEVELS.warehouse_id).where(_LEVELS.variant_id == variant_id).order_by(_LEVELS.warehouse_id)
    work.all(rows.with_for_update())
    owed = _LEVELS.allocated + _LEVELS.reserved - _LEVELS.on_hand
    missing = 0 if may_be_owed else sa.case((owed > 0, owed), else_=0)
    changed = {"backorderable": may_be_owed, "shortfall": missing}
    work.do(sa.update(t.stock_levels).where(_LEVELS.variant_id == variant_id).values(changed))


def open_level(work: Work, variant_id: str, warehouse_id: str, may_be_owed: bool) -> None:
    """Make room for a variant in a warehouse where it never was."""
    row = {"variant_id": variant_id, "warehouse_id": warehouse_id, "backorderable": may_be_owed}
    empty = {"on_hand": 0, "allocated": 0, "reserved": 0, "shortfall": 0}
    work.do(insert(t.stock_levels).values(**row, **empty).on_conflict_do_nothing())


def level_id(move: Move) -> str:
    """The id that a level is answered by."""
    return f"{move.product_id}:{move.variant_id}:{move.warehouse_id}"


def open_levels(work: Work, variant_id: str) -> None:
    """A backorderable variant can be sold where it never was on a shelf: make sure that there is a row to promise on."""
    active = sa.select(
        sa.literal(variant_id), t.warehouses.c.id, sa.literal(0), sa.literal(0), sa.literal(0), sa.literal(0), sa.true()
    ).where(t.warehouses.c.active)
    active = active.order_by(t.warehouses.c.id)
    names = ["variant_id", "warehouse_id", "on_hand", "allocated", "reserved", "shortfall", "backorderable"]
    work.do(insert(t.stock_levels).from_select(names, active).on_conflict_do_nothing())
