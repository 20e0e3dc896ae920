"""Stock: what is on the shelves, and who it is promised to. The guard stands in the UPDATE and in the table's CHECKs.

Demand is summed per stock row before it is checked, and rows are touched in key order, so that two commands that
want the same rows never wait for each other in a circle.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from shop import events, ids
from shop.events import Move
from shop.upsert import insert
from writes import backorders, levels
from writes import tables as t
from writes.refusals import Invalid, NotFound, OutOfStock, Path, StockConflict, Taken
from writes.work import Done, Work

REASONS = frozenset({"RECEIVED", "COUNT", "DAMAGE", "RETURN", "CORRECTION"})
LARGEST = 2**31 - 1
_LEVELS = t.stock_levels.c
_FREE = _LEVELS.on_hand - _LEVELS.allocated - _LEVELS.reserved


class CreateWarehouse(msgspec.Struct, frozen=True):
    code: str
    name: str
    active: bool = True
    priority: int = 0


class StockChange(msgspec.Struct, frozen=True):
    """The variant by id, SKU or barcode; either `delta` or `counted_to`. `change_from` compares and swaps on hand."""

    variant_id: str | None = None
    sku: str | None = None
    barcode: str | None = None
    delta: int | None = None
    counted_to: int | None = None
    change_from: int | None = None


class AdjustStock(msgspec.Struct, frozen=True):
    warehouse_id: str
    reason: str
    changes: list[StockChange]


class Demand(msgspec.Struct, frozen=True):
    """What one line wants of one variant."""

    line_id: str
    variant_id: str
    quantity: int
    path: Path = ()


class Share(msgspec.Struct, frozen=True):
    """What one line has from one warehouse."""

    line_id: str
    variant_id: str
    warehouse_id: str
    quantity: int


def create_warehouse(work: Work, command: CreateWarehouse) -> Done:
    if not command.code.strip() or not command.name.strip():
        raise Invalid("A warehouse has a code and a name.", ["input", "code" if not command.code.strip() else "name"])
    row: dict[str, Any] = {"code": command.code.strip(), "name": command.name.strip()}
    row |= {"active": command.active, "priority": command.priority}
    warehouse_id = ids.new("warehouse")
    fresh = insert(t.warehouses).values(id=warehouse_id, **row).on_conflict_do_nothing().returning(t.warehouses.c.id)
    if work.do(fresh).first() is None:
        raise Taken(f"There is a warehouse {row['code']} already.", ["input", "code"])
    return Done([events.WarehouseCreated(warehouse_id=warehouse_id, **row)], {"warehouse_id": warehouse_id})


def adjust_stock(work: Work, command: AdjustStock) -> Done:
    if command.reason not in REASONS:
        raise Invalid(f"{command.reason} is no reason for a change of stock.", ["input", "reason"])
    if not command.changes:
        raise Invalid("Name one change at least.", ["input", "changes"])
    if work.seen(t.warehouses, command.warehouse_id) is None:
        raise NotFound(f"There is no warehouse {command.warehouse_id}.", ["input", "warehouseId"])
    paths: list[Path] = [["input", "changes", index] for index in range(len(command.changes))]
    named = [(_variant(work, change, path), change, path) for change, path in zip(command.changes, paths, strict=True)]
    if len({variant.id for variant, _, _ in named}) < len(named):
        raise Invalid("A variant stands here twice: put its changes into one.", ["input", "changes"])
    backorders.hold(work, [variant.id for variant, _, _ in named])
    warehouse: Any = work.shared(t.warehouses, command.warehouse_id)  # what is told of it stays true
    may_be_owed = levels.backorderable(work, [variant.id for variant, _, _ in named])
    moves, shortfalls = [], []
    for variant, change, path in sorted(named, key=lambda one: str(one[0].id)):
        levels.open_level(work, variant.id, command.warehouse_id, may_be_owed[variant.id])
        move, missing = _adjust(work, command, variant, change, path)
        moves.append(move)
        if missing:
            shortfalls.append(msgspec.structs.replace(move, quantity=missing))
    about: dict[str, Any] = {"adjustment_id": ids.new("adjustment"), "warehouse_id": command.warehouse_id}
    about |= {"reason": command.reason, "active": warehouse.active}
    happened: list[events.Event] = [events.StockAdjusted(moves=moves, **about)]
    if shortfalls:
        happened.append(events.StockShortfallFound(moves=shortfalls, **about))
    happened += backorders.served(work, [move.variant_id for move in moves])
    return Done(happened, {"levels": [levels.level_id(move) for move in moves]})


def reserve(work: Work, checkout_id: str, demands: Sequence[Demand]) -> tuple[list[Share], list[Move]]:
    """Hold stock for a checkout: from active warehouses by priority, then code; a line may be split.

    Raises OutOfStock, with the checkouts that hold some of it past their time.
    """
    taken = _plan(work, demands)
    moves = _move(work, taken, {"reserved": +1}, of=sa.case((_LEVELS.backorderable, LARGEST), else_=_FREE))
    rows = [{"checkout_id": checkout_id, "checkout_line_id": one.line_id, **_row(one)} for one in taken]
    work.do_each(sa.insert(t.reservations), rows)
    return taken, moves


def release(work: Work, checkout_id: str) -> list[Move]:
    """Give back whatever the checkout still holds. Running it twice gives back once: the rows are gone."""
    return _move(work, _no_longer_reserved(work, checkout_id), {"reserved": -1})


def allocate_reserved(work: Work, checkout_id: str, order_line: dict[str, str]) -> list[Move]:
    """Turn a checkout's reservation into an order's allocation. `order_line` leads from checkout line to order line."""
    reserved = _no_longer_reserved(work, checkout_id)
    taken = [msgspec.structs.replace(one, line_id=order_line[one.line_id]) for one in reserved]
    held = [{"order_line_id": one.line_id, "warehouse_id": one.warehouse_id, "quantity": one.quantity} for one in taken]
    work.do_each(sa.insert(t.allocations), held)
    return _move(work, taken, {"reserved": -1, "allocated": +1})


def deallocate(work: Work, taken: Sequence[Share], *, restock: bool) -> list[Move]:
    """Free allocated stock; with `restock` false the goods are lost and leave the shelf as well, where they were on it."""
    _lower_allocations(work, taken)
    return _move(work, taken, {"allocated": -1} if restock else {"allocated": -1, "on_hand": -1})


def ship(work: Work, taken: Sequence[Share]) -> list[Move]:
    """Goods leave the house: on hand and allocated fall together. What was promised but is not there cannot leave."""
    _lower_allocations(work, taken)
    return _move(work, taken, {"allocated": -1, "on_hand": -1}, of=_LEVELS.on_hand)


def carry(work: Work, taken: Sequence[Share], to_warehouse: str) -> list[Move]:
    """Goods that are promised to nobody leave their shelves for another warehouse. Raises OutOfStock where fewer are free.

    Whoever calls holds the rows of both warehouses: here those that give are touched first.
    """
    gone = _move(work, taken, {"on_hand": -1}, of=_FREE)
    come = _move(work, [msgspec.structs.replace(one, warehouse_id=to_warehouse) for one in taken], {"on_hand": +1})
    moves = [*(msgspec.structs.replace(move, quantity=-move.quantity) for move in gone), *come]
    return [msgspec.structs.replace(move, line_id=None) for move in moves]


def come_back(work: Work, came: Sequence[Share]) -> list[Move]:
    """Goods that had left stand on a shelf again."""
    may_be_owed = levels.backorderable(work, {one.variant_id for one in came})
    for variant_id, warehouse_id in sorted({(one.variant_id, one.warehouse_id) for one in came}):
        levels.open_level(work, variant_id, warehouse_id, may_be_owed[variant_id])
    return _move(work, came, {"on_hand": +1})


def held_for(work: Work, line_ids: Iterable[str]) -> list[Share]:
    """What is allocated to order lines, warehouse by warehouse."""
    columns = t.allocations.c
    held = (
        sa.select(columns.order_line_id, t.order_lines.c.variant_id, columns.warehouse_id, columns.quantity)
        .join(t.order_lines, t.order_lines.c.id == columns.order_line_id)
        .where(columns.order_line_id.in_(list(line_ids)))
        .order_by(columns.order_line_id, columns.warehouse_id)
    )
    return [Share(*row) for row in work.all(held)]


def overdue(work: Work, variant_ids: Sequence[str]) -> list[str]:
    """The checkouts that hold some of these variants past their time: reserved, or allocated to an order never paid."""
    columns = t.checkouts.c
    reserved = sa.exists().where(t.reservations.c.checkout_id == columns.id, t.reservations.c.variant_id.in_(variant_ids))
    unpaid = sa.exists().where(
        t.orders.c.checkout_id == columns.id,
        t.order_lines.c.order_id == t.orders.c.id,
        t.order_lines.c.variant_id.in_(variant_ids),
        t.orders.c.status == "PENDING_PAYMENT",
    )
    overdue = sa.select(columns.id).where(columns.status.in_(["OPEN", "PAYMENT_PENDING"]), columns.reserved_until <= work.at)
    return list(work.connection.scalars(overdue.where(reserved | unpaid).order_by(columns.reserved_until)))


def _plan(work: Work, demands: Sequence[Demand]) -> list[Share]:
    """Decide which warehouse gives how much to which line. What is still short goes on backorder, where allowed."""
    variant_ids = sorted({demand.variant_id for demand in demands})
    free = _free(work, variant_ids)
    wanted: dict[str, int] = defaultdict(int)
    for demand in demands:
        wanted[demand.variant_id] += demand.quantity
    available = {variant_id: sum(max(row["free"], 0) for row in free[variant_id]) for variant_id in variant_ids}
    taken = []
    for demand in demands:
        left = demand.quantity
        for row in free[demand.variant_id]:
            part = min(left, max(row["free"], 0))
            if part:
                taken.append(Share(demand.line_id, demand.variant_id, row["warehouse_id"], part))
                row["free"] -= part
                left -= part
        backorder = next((row for row in free[demand.variant_id] if row["backorderable"]), None)
        if left and backorder is None:
            wanted_of, free_of = wanted[demand.variant_id], available[demand.variant_id]
            raise OutOfStock(demand.variant_id, wanted_of, free_of, demand.path, overdue(work, variant_ids))
        if left and backorder is not None:
            taken.append(Share(demand.line_id, demand.variant_id, backorder["warehouse_id"], left))
    return _merged(taken)


def _free(work: Work, variant_ids: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    """For each variant the active warehouses in their order, and what each has free."""
    keep = sa.select(t.warehouses.c.id).where(t.warehouses.c.active).order_by(t.warehouses.c.id)
    work.all(keep.with_for_update(read=True))  # none of them is switched off while it gives
    for variant_id, may_be_owed in levels.backorderable(work, variant_ids).items():
        if may_be_owed:
            levels.open_levels(work, variant_id)
    rows = work.all(
        sa.select(
            _LEVELS.variant_id,
            _LEVELS.warehouse_id,
            _LEVELS.backorderable,
            t.warehouses.c.priority,
            t.warehouses.c.code,
            _FREE.label("free"),
        )
        .join(t.warehouses, t.warehouses.c.id == _LEVELS.warehouse_id)
        .where(_LEVELS.variant_id.in_(variant_ids), t.warehouses.c.active)
        .order_by(_LEVELS.variant_id, _LEVELS.warehouse_id)
        .with_for_update(of=t.stock_levels)  # what is planned on here is still so when it is taken
    )
    free: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: (-row.priority, row.code)):
        free[row.variant_id].append(row._asdict())
    return free


def _no_longer_reserved(work: Work, checkout_id: str) -> list[Share]:
    """Take away the rows of what a checkout has reserved and say what they were."""
    columns = t.reservations.c
    gone = sa.delete(t.reservations).where(columns.checkout_id == checkout_id)
    told = gone.returning(columns.checkout_line_id, columns.variant_id, columns.warehouse_id, columns.quantity)
    return [Share(*row) for row in work.do(told)]


def _merged(taken: Sequence[Share]) -> list[Share]:
    """One entry for each line and warehouse: a backorder may add to what the same warehouse gave."""
    sums: dict[tuple[str, str, str], int] = defaultdict(int)
    for one in taken:
        sums[one.line_id, one.variant_id, one.warehouse_id] += one.quantity
    return [Share(*line_variant_warehouse, quantity) for line_variant_warehouse, quantity in sums.items()]


def _move(work: Work, taken: Sequence[Share], change: dict[str, int], *, of: sa.ColumnElement[int] | None = None) -> list[Move]:
    """Change each stock row once, in key order, and say what each line's part did.

    `change` leads from column to +1 or -1; `of` is what the row must have at least as much of as is moved.
    """
    sums: dict[tuple[str, str], int] = defaultdict(int)
    for one in taken:
        sums[one.variant_id, one.warehouse_id] += one.quantity
    after = {key: _change_level(work, key, quantity, change, of) for key, quantity in sorted(sums.items())}
    return [
        Move(
            variant_id=one.variant_id,
            product_id=after[one.variant_id, one.warehouse_id].product_id,
            warehouse_id=one.warehouse_id,
            quantity=one.quantity,
            on_hand=after[one.variant_id, one.warehouse_id].on_hand,
            allocated=after[one.variant_id, one.warehouse_id].allocated,
            reserved=after[one.variant_id, one.warehouse_id].reserved,
            line_id=one.line_id,
        )
        for one in taken
    ]


def _change_level(
    work: Work, key: tuple[str, str], quantity: int, change: dict[str, int], of: sa.ColumnElement[int] | None
) -> Any:
    here = sa.and_(_LEVELS.variant_id == key[0], _LEVELS.warehouse_id == key[1])
    enough = sa.true() if of is None else of >= quantity
    level: dict[str, sa.ColumnElement[int]] = {name: _LEVELS[name] for name in ("on_hand", "allocated", "reserved")}
    level |= {name: level[name] + sign * quantity for name, sign in change.items()}
    level["on_hand"] = sa.case((level["on_hand"] < 0, 0), else_=level["on_hand"])  # lost goods may never have been there
    short = level["allocated"] + level["reserved"] - level["on_hand"]
    level["shortfall"] = sa.case((_LEVELS.backorderable, 0), (short > 0, short), else_=0)
    product = sa.select(t.variants.c.product_id).where(t.variants.c.id == key[0]).scalar_subquery()
    told = (_LEVELS.on_hand, _LEVELS.allocated, _LEVELS.reserved, product.label("product_id"))
    row = work.do(sa.update(t.stock_levels).where(here, enough).values(level).returning(*told)).first()
    if row is None:
        there = work.connection.scalar(sa.select(of).where(here)) if of is not None else 0
        raise OutOfStock(key[0], quantity, there or 0)
    return row


def _adjust(work: Work, command: AdjustStock, variant: Any, change: StockChange, path: Path) -> tuple[Move, int]:
    """Change one level; return the move, and what is missing of what was promised."""
    if (change.delta is None) == (change.counted_to is None):
        raise Invalid("Give either delta or countedTo.", path)
    here = sa.and_(_LEVELS.variant_id == variant.id, _LEVELS.warehouse_id == command.warehouse_id)
    level = work.connection.execute(sa.select(t.stock_levels).where(here).with_for_update()).one()
    if change.change_from is not None and change.change_from != level.on_hand:
        raise StockConflict(variant.id, command.warehouse_id, level.on_hand, [*path, "changeFrom"])
    on_hand = level.on_hand + change.delta if change.delta is not None else change.counted_to or 0
    if on_hand < 0:
        raise Invalid(f"{level.on_hand} are on hand: there cannot be fewer than none.", path)
    if on_hand > LARGEST:
        raise Invalid(f"A level is {LARGEST} at most.", path)
    promised = level.allocated + level.reserved
    missing = 0 if level.backorderable else max(0, promised - on_hand)
    if missing and on_hand < level.on_hand and command.reason != "COUNT":
        raise OutOfStock(variant.id, level.on_hand - on_hand, max(0, level.on_hand - promised), path)
    work.do(sa.update(t.stock_levels).where(here).values(on_hand=on_hand, shortfall=missing))
    move = Move(
        variant.id, variant.product_id, command.warehouse_id, on_hand - level.on_hand, on_hand, level.allocated, level.reserved
    )
    return move, missing


def _variant(work: Work, change: StockChange, path: Path) -> Any:
    columns = t.variants.c
    named = {
        "variantId": (change.variant_id, columns.id == change.variant_id),
        "sku": (change.sku, columns.sku_folded == (change.sku or "").casefold()),
        "barcode": (change.barcode, columns.barcode == change.barcode),
    }
    given = [(field, value, where) for field, (value, where) in named.items() if value is not None]
    if len(given) != 1:
        raise Invalid("Name the variant by one of variantId, sku and barcode.", path)
    field, value, where = given[0]
    rows = work.all(sa.select(columns.id, columns.product_id).where(where).limit(2))
    if not rows:
        raise NotFound(f"There is no variant with the {field} {value}.", [*path, field])
    if len(rows) > 1:
        raise Invalid(f"Several variants have the {field} {value}: name one by its id.", [*path, field])
    return rows[0]


def _row(one: Share) -> dict[str, Any]:
    return {"variant_id": one.variant_id, "warehouse_id": one.warehouse_id, "quantity": one.quantity}


def _lower_allocations(work: Work, taken: Sequence[Share]) -> None:
    columns = t.allocations.c
    for one in taken:
        here = sa.and_(columns.order_line_id == one.line_id, columns.warehouse_id == one.warehouse_id)
        gone = work.do(sa.delete(t.allocations).where(here, columns.quantity == one.quantity)).rowcount
        if not gone:
            work.do(sa.update(t.allocations).where(here).values(quantity=columns.quantity - one.quantity))
