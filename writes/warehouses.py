"""Changing a warehouse. One that does not sell has nothing promised from it, and what is in it is no one's to buy."""

from typing import Any

import msgspec
import sqlalchemy as sa
from msgspec import UNSET, UnsetType

from shop import events
from writes import tables as t
from writes.refusals import Invalid, NotAllowedFrom, NotFound, Taken
from writes.work import Done, Work

_PRODUCTS_AN_EVENT = 500  # a switch concerns every product that has stock there: it is told in parts that a worker can take
_LEVELS = t.stock_levels.c


class UpdateWarehouse(msgspec.Struct, frozen=True):
    """An absent field stays as it is."""

    warehouse_id: str
    code: str | UnsetType = UNSET
    name: str | UnsetType = UNSET
    active: bool | UnsetType = UNSET
    priority: int | UnsetType = UNSET


def update_warehouse(work: Work, command: UpdateWarehouse) -> Done:
    row = work.one(t.warehouses, command.warehouse_id)  # whoever promises stock has shared it, and is waited for
    if row is None:
        raise NotFound(f"There is no warehouse {command.warehouse_id}.", ["id"])
    was = {field: getattr(row, field) for field in ("code", "name", "active", "priority")}
    after = _after(command, was)
    _check_code(work, row.id, after["code"])
    if was["active"] and not after["active"]:
        _check_nothing_promised(work, row)
    answer = {"warehouse_id": row.id}
    if after == was:
        return Done((), answer)
    work.do(sa.update(t.warehouses).where(t.warehouses.c.id == row.id).values(after))
    concerned = [] if after["active"] == was["active"] else _products_in(work, row.id)
    parts = [concerned[at : at + _PRODUCTS_AN_EVENT] for at in range(0, len(concerned), _PRODUCTS_AN_EVENT)] or [[]]
    return Done([events.WarehouseChanged(warehouse_id=row.id, product_ids=part, **after) for part in parts], answer)


def _after(command: UpdateWarehouse, was: dict[str, Any]) -> dict[str, Any]:
    after = {field: getattr(command, field) for field in was if getattr(command, field) is not UNSET}
    for field in ("code", "name"):
        after[field] = after.get(field, was[field]).strip()
        if not after[field]:
            raise Invalid(f"A warehouse's {field} is not empty.", ["input", field])
    return was | after


def _check_code(work: Work, warehouse_id: str, code: str) -> None:
    columns = t.warehouses.c
    if work.connection.scalar(sa.select(columns.id).where(columns.code == code, columns.id != warehouse_id)) is not None:
        raise Taken(f"There is a warehouse {code} already.", ["input", "code"])


def _check_nothing_promised(work: Work, row: Any) -> None:
    promised = sa.select(_LEVELS.variant_id).where(_LEVELS.warehouse_id == row.id, _LEVELS.allocated + _LEVELS.reserved > 0)
    if work.connection.scalar(promised.limit(1)) is not None:
        what = f"The warehouse {row.code}, from which goods are promised,"
        raise NotAllowedFrom(what, "ACTIVE", [], ["input", "active"])


def _products_in(work: Work, warehouse_id: str) -> list[str]:
    of_product = sa.select(t.variants.c.product_id).join(t.stock_levels, _LEVELS.variant_id == t.variants.c.id)
    here = of_product.where(_LEVELS.warehouse_id == warehouse_id)
    return list(work.connection.scalars(here.distinct().order_by(t.variants.c.product_id)))
