"""Warehouses and stock levels."""

import datetime as dt
import enum

import strawberry
from strawberry import Parent

from reads import catalog, products, stock
from reads.pages import Edge, Page
from schema.carts import CartLineInput
from schema.catalog import DEFAULT
from schema.context import Info
from schema.inputs import cleared, command
from schema.listings import window
from schema.nodes import Node, PageInfo, Within, known
from schema.payloads import MutationPayload, after, refused, send
from schema.products import Variant
from shop import views
from writes.bus import Answer
from writes.refusals import Invalid
from writes.stock import AdjustStock, CreateWarehouse
from writes.transfers import TransferStock
from writes.warehouses import UpdateWarehouse

# A level's variant is shown for the channel of the root field that it came from.
ShownLevel = Within[views.StockLevel, str]


@strawberry.enum
class StockReason(enum.StrEnum):
    RECEIVED = "RECEIVED"
    COUNT = "COUNT"
    DAMAGE = "DAMAGE"
    RETURN = "RETURN"
    CORRECTION = "CORRECTION"


@strawberry.type
class Warehouse(Node):
    code: str
    name: str
    active: bool
    priority: int


@strawberry.type(
    description="available = onHand - allocated - reserved, and never below zero unless the variant is backorderable."
)
class StockLevel:
    on_hand: int
    allocated: int
    reserved: int
    updated_at: dt.datetime

    @strawberry.field(graphql_type=Variant)
    @staticmethod
    async def variant(level: Parent[ShownLevel], info: Info) -> views.Variant | None:
        return await _variant_at(level, info)

    @strawberry.field(graphql_type=Warehouse)
    @staticmethod
    async def warehouse(level: Parent[ShownLevel], info: Info) -> views.Warehouse | None:
        return await info.context.reading.get(views.Warehouse, level.source.warehouse_id)

    @strawberry.field
    @staticmethod
    async def available(level: Parent[ShownLevel], info: Info) -> int:
        held = level.source
        free = held.on_hand - held.allocated - held.reserved
        if free >= 0:
            return free
        variant = await _variant_at(level, info)
        return free if variant is not None and variant.backorderable else 0


@strawberry.type
class StockLevelEdge:
    cursor: str

    @strawberry.field(graphql_type=StockLevel)
    @staticmethod
    def node(edge: Parent[Edge[views.StockLevel]]) -> ShownLevel:
        return Within(edge.node, DEFAULT)


@strawberry.type
class StockLevelConnection:
    edges: list[StockLevelEdge]
    page_info: PageInfo
    total_count: int

    @strawberry.field(graphql_type=list[StockLevel])
    @staticmethod
    def nodes(page: Parent[Page[views.StockLevel]]) -> list[ShownLevel]:
        return [Within(level, DEFAULT) for level in page.nodes]


@strawberry.input
class WarehouseInput:
    idempotency_key: str | None = strawberry.UNSET
    code: str
    name: str
    active: bool = True
    priority: int = 0


@strawberry.input
class WarehouseUpdateInput:
    idempotency_key: str | None = strawberry.UNSET
    code: str | None = strawberry.UNSET
    name: str | None = strawberry.UNSET
    active: bool | None = strawberry.UNSET
    priority: int | None = strawberry.UNSET


@strawberry.input(
    description="The variant by id, SKU or barcode; either `delta` or `countedTo`, the quantity found on the shelf. "
    "changeFrom is a compare-and-swap on onHand."
)
class StockChangeInput:
    variant_id: strawberry.ID | None = strawberry.UNSET
    sku: str | None = strawberry.UNSET
    barcode: str | None = strawberry.UNSET
    delta: int | None = strawberry.UNSET
    counted_to: int | None = strawberry.UNSET
    change_from: int | None = strawberry.UNSET


@strawberry.input
class StockAdjustInput:
    idempotency_key: str
    warehouse_id: strawberry.ID
    reason: StockReason
    changes: list[StockChangeInput]


@strawberry.input
class StockTransferInput:
    idempotency_key: str
    from_warehouse_id: strawberry.ID
    to_warehouse_id: strawberry.ID
    lines: list[CartLineInput]


@strawberry.type
class WarehousePayload(MutationPayload):
    @strawberry.field
    @staticmethod
    def warehouse_id(answer: Parent[Answer]) -> strawberry.ID | None:
        return answer.ids.get("warehouse_id")

    @strawberry.field(graphql_type=Warehouse | None)
    @staticmethod
    async def warehouse(answer: Parent[Answer], info: Info) -> views.Warehouse | None:
        warehouse_id = answer.ids.get("warehouse_id")
        return None if warehouse_id is None else await (await after(info, answer)).get(views.Warehouse, warehouse_id)


@strawberry.type
class StockPayload(MutationPayload):
    @strawberry.field(graphql_type=list[StockLevel] | None)
    @staticmethod
    async def levels(answer: Parent[Answer], info: Info) -> list[ShownLevel] | None:
        if "levels" not in answer.ids:
            return None
        found = await (await after(info, answer)).many(views.StockLevel, answer.ids["levels"])
        return [Within(level, DEFAULT) for level in found if level is not None]


@strawberry.type
class StockQuery:
    @strawberry.field(graphql_type=list[Warehouse])
    @staticmethod
    async def warehouses(info: Info) -> list[views.Warehouse]:
        return await catalog.warehouses(info.context.reading)

    @strawberry.field(graphql_type=StockLevelConnection)
    @staticmethod
    async def stock_levels(
        info: Info,
        variant_ids: list[strawberry.ID] | None = strawberry.UNSET,
        skus: list[str] | None = strawberry.UNSET,
        search: str | None = strawberry.UNSET,
        warehouse_id: strawberry.ID | None = strawberry.UNSET,
        low_stock_below: int | None = strawberry.UNSET,
        first: int = 50,
        after: str | None = strawberry.UNSET,
    ) -> Page[views.StockLevel]:
        part = window(first, after)
        named = known(variant_ids), known(skus), known(search), known(warehouse_id), known(low_stock_below)
        return await stock.stock_levels(info.context.reading, stock.LevelFilter(*named), part)


@strawberry.type
class StockMutation:
    @strawberry.mutation(graphql_type=WarehousePayload)
    @staticmethod
    async def warehouse_create(info: Info, input: WarehouseInput) -> Answer:
        return await send(info, command(CreateWarehouse, input), input.idempotency_key)

    @strawberry.mutation(graphql_type=WarehousePayload)
    @staticmethod
    async def warehouse_update(info: Info, id: strawberry.ID, input: WarehouseUpdateInput) -> Answer:
        for name in set(cleared(input)) - {"idempotency_key"}:
            return refused(Invalid(f"A warehouse's {name} cannot be cleared.", ["input", name]))
        return await send(info, command(UpdateWarehouse, input, warehouse_id=id), input.idempotency_key)

    @strawberry.mutation(graphql_type=StockPayload)
    @staticmethod
    async def stock_adjust(info: Info, input: StockAdjustInput) -> Answer:
        return await send(info, command(AdjustStock, input), input.idempotency_key)

    @strawberry.mutation(graphql_type=StockPayload)
    @staticmethod
    async def stock_transfer(info: Info, input: StockTransferInput) -> Answer:
        return await send(info, command(TransferStock, input), input.idempotency_key)


async def _variant_at(level: ShownLevel, info: Info) -> views.Variant | None:
    held = level.source
    return await products.variant_of(info.context.reading, level.owner, held.product_id, held.variant_id)
