"""Transfers: goods go from one warehouse to another, out and in at once. What is promised to somebody stays where it is."""

from collections import defaultdict

import msgspec
import sqlalchemy as sa

from shop import events, ids
from writes import backorders, levels, stock
from writes import tables as t
from writes.refusals import Invalid, NotFound, OutOfStock
from writes.stock import Share
from writes.work import Done, Work

_LEVELS = t.stock_levels.c


class TransferLine(msgspec.Struct, frozen=True):
    variant_id: str
    quantity: int


class TransferStock(msgspec.Struct, frozen=True):
    from_warehouse_id: str
    to_warehouse_id: str
    lines: list[TransferLine]


def transfer_stock(work: Work, command: TransferStock) -> Done:
    if command.from_warehouse_id == command.to_warehouse_id:
        raise Invalid("Goods go to another warehouse than the one they are in.", ["input", "toWarehouseId"])
    wanted = _wanted(command)
    backorders.hold(work, wanted)
    sells = _sell(work, command)
    _hold(work, command, wanted)
    taken = [Share("", variant_id, command.from_warehouse_id, wanted[variant_id]) for variant_id in sorted(wanted)]
    try:
        moves = stock.carry(work, taken, command.to_warehouse_id)
    except OutOfStock as short:
        first = next(index for index, line in enumerate(command.lines) if line.variant_id == short.variant_id)
        free, overdue = max(0, short.available), stock.overdue(work, sorted(wanted))
        raise OutOfStock(short.variant_id, short.requested, free, ["input", "lines", first], overdue) from None
    transferred = events.StockTransferred(
        transfer_id=ids.new("transfer"),
        from_warehouse_id=command.from_warehouse_id,
        to_warehouse_id=command.to_warehouse_id,
        from_active=sells[command.from_warehouse_id],
        to_active=sells[command.to_warehouse_id],
        moves=moves,
    )
    served = backorders.served(work, wanted)
    return Done([transferred, *served], {"levels": [levels.level_id(move) for move in moves]})


def _wanted(command: TransferStock) -> dict[str, int]:
    """How many of each variant are to go: lines of one variant are summed."""
    if not command.lines:
        raise Invalid("Name one line at least.", ["input", "lines"])
    wanted: dict[str, int] = defaultdict(int)
    for index, line in enumerate(command.lines):
        wanted[line.variant_id] += line.quantity
        if not 0 < line.quantity <= wanted[line.variant_id] <= stock.LARGEST:
            raise Invalid(f"A quantity is 1 to {stock.LARGEST}.", ["input", "lines", index, "quantity"])
    return wanted


def _sell(work: Work, command: TransferStock) -> dict[str, bool]:
    """Whether each of the two warehouses sells; both stay as they are until the goods are there."""
    columns, fields = t.warehouses.c, ("fromWarehouseId", "toWarehouseId")
    named = (command.from_warehouse_id, command.to_warehouse_id)
    both = sa.select(columns.id, columns.active).where(columns.id.in_(named)).order_by(columns.id).with_for_update(read=True)
    sells = {row.id: row.active for row in work.all(both)}
    for field, warehouse_id in zip(fields, named, strict=True):
        if warehouse_id not in sells:
            raise NotFound(f"There is no warehouse {warehouse_id}.", ["input", field])
    return sells


def _hold(work: Work, command: TransferStock, wanted: dict[str, int]) -> None:
    """Hold both levels of each variant in key order, whichever way the goods go; make room where they never were."""
    backorderable = levels.backorderable(work, wanted)
    for index, line in enumerate(command.lines):
        if line.variant_id not in backorderable:
            raise NotFound(f"There is no variant {line.variant_id}.", ["input", "lines", index, "variantId"])
    for variant_id in sorted(wanted):
        on_hand = {}
        for warehouse_id in sorted((command.from_warehouse_id, command.to_warehouse_id)):
            if warehouse_id == command.to_warehouse_id:
                levels.open_level(work, variant_id, warehouse_id, backorderable[variant_id])
            here = sa.and_(_LEVELS.variant_id == variant_id, _LEVELS.warehouse_id == warehouse_id)
            on_hand[warehouse_id] = work.connection.scalar(sa.select(_LEVELS.on_hand).where(here).with_for_update()) or 0
        if on_hand[command.to_warehouse_id] + wanted[variant_id] > stock.LARGEST:
            raise Invalid(f"A level is {stock.LARGEST} at most.", ["input", "lines"])
