"""How an order's goods leave the house and come back: fulfillments and returns, read through their order."""

import datetime as dt
import enum
from typing import TYPE_CHECKING, Annotated

import strawberry
from strawberry import Parent

from reads import orders
from schema.context import Info
from schema.inputs import cleared, command
from schema.money import Money
from schema.nodes import Node, Within
from schema.payloads import MutationPayload, after, send
from schema.stock import Warehouse
from shop import views
from writes.bus import Answer
from writes.parcels import (
    CancelFulfillment,
    CreateFulfillment,
    DeliverFulfillment,
    SetFulfillmentTracking,
    ShipFulfillment,
)

if TYPE_CHECKING:
    from schema.orders import Order, OrderLine

ShownLine = Within[views.OrderLine, views.Order]
Moved = Within[views.MovedLine, views.Order]


@strawberry.enum
class FulfillmentState(enum.StrEnum):
    PENDING = "PENDING"
    SHIPPED = "SHIPPED"
    DELIVERED = "DELIVERED"
    CANCELED = "CANCELED"


@strawberry.enum
class ReturnState(enum.StrEnum):
    REQUESTED = "REQUESTED"
    APPROVED = "APPROVED"
    RECEIVED = "RECEIVED"
    REFUNDED = "REFUNDED"
    REJECTED = "REJECTED"
    CANCELED = "CANCELED"


@strawberry.type
class FulfillmentLine:
    quantity: int

    @strawberry.field(graphql_type=Annotated["OrderLine", strawberry.lazy("schema.orders")])
    @staticmethod
    def line(moved: Parent[Moved]) -> ShownLine:
        line = next(line for line in moved.owner.lines if line.id == moved.source.line_id)
        return Within(line, moved.owner)


@strawberry.type
class Fulfillment(Node):
    state: FulfillmentState
    carrier: str | None
    tracking_number: str | None
    shipped_at: dt.datetime | None
    delivered_at: dt.datetime | None
    tracking_url: str | None
    created_at: dt.datetime

    @strawberry.field(graphql_type=Warehouse)
    @staticmethod
    async def warehouse(sent: Parent[Within[views.Fulfillment, views.Order]], info: Info) -> views.Warehouse | None:
        return await info.context.reading.get(views.Warehouse, sent.source.warehouse_id)

    @strawberry.field(graphql_type=list[FulfillmentLine])
    @staticmethod
    def lines(sent: Parent[Within[views.Fulfillment, views.Order]]) -> list[Moved]:
        return [Within(line, sent.owner) for line in sent.source.lines]


@strawberry.type
class Return(Node):
    state: ReturnState
    reason: str | None
    created_at: dt.datetime
    refunded: Money | None

    @strawberry.field(graphql_type=list[FulfillmentLine])
    @staticmethod
    def lines(back: Parent[Within[views.Return, views.Order]]) -> list[Moved]:
        return [Within(line, back.owner) for line in back.source.lines]

    @strawberry.field(graphql_type=Annotated["Order", strawberry.lazy("schema.orders")])
    @staticmethod
    def order(back: Parent[Within[views.Return, views.Order]]) -> views.Order:
        return back.owner


@strawberry.input
class LineQuantityInput:
    line_id: strawberry.ID
    quantity: int


@strawberry.input
class FulfillmentCreateInput:
    idempotency_key: str
    order_id: strawberry.ID
    warehouse_id: strawberry.ID
    lines: list[LineQuantityInput]


@strawberry.input
class FulfillmentShipInput:
    idempotency_key: str
    carrier: str | None = strawberry.UNSET
    tracking_number: str | None = strawberry.UNSET
    tracking_url: str | None = strawberry.UNSET


@strawberry.type
class FulfillmentPayload(MutationPayload):
    @strawberry.field
    @staticmethod
    def fulfillment_id(answer: Parent[Answer]) -> strawberry.ID | None:
        return answer.ids.get("fulfillment_id")

    @strawberry.field(graphql_type=Fulfillment | None)
    @staticmethod
    async def fulfillment(answer: Parent[Answer], info: Info) -> Within[views.Fulfillment, views.Order] | None:
        order = await _order(answer, info)
        sent = [] if order is None else order.fulfillments
        return next((Within(one, order) for one in sent if order and one.id == answer.ids["fulfillment_id"]), None)

    @strawberry.field(graphql_type=Annotated["Order", strawberry.lazy("schema.orders")] | None)
    @staticmethod
    async def order(answer: Parent[Answer], info: Info) -> views.Order | None:
        return await _order(answer, info)


@strawberry.type
class FulfillmentMutation:
    @strawberry.mutation(graphql_type=FulfillmentPayload)
    @staticmethod
    async def fulfillment_create(info: Info, input: FulfillmentCreateInput) -> Answer:
        return await send(info, command(CreateFulfillment, input), input.idempotency_key)

    @strawberry.mutation(graphql_type=FulfillmentPayload)
    @staticmethod
    async def fulfillment_ship(info: Info, id: strawberry.ID, input: FulfillmentShipInput) -> Answer:
        return await send(info, command(ShipFulfillment, input, fulfillment_id=id), input.idempotency_key)

    @strawberry.mutation(graphql_type=FulfillmentPayload, description="Mends carrier and tracking of what is shipped.")
    @staticmethod
    async def fulfillment_tracking_set(info: Info, id: strawberry.ID, input: FulfillmentShipInput) -> Answer:
        unknown = dict.fromkeys(cleared(input))
        return await send(info, command(SetFulfillmentTracking, input, fulfillment_id=id, **unknown), input.idempotency_key)

    @strawberry.mutation(graphql_type=FulfillmentPayload)
    @staticmethod
    async def fulfillment_deliver(info: Info, id: strawberry.ID, idempotency_key: str) -> Answer:
        return await send(info, DeliverFulfillment(id), idempotency_key)

    @strawberry.mutation(graphql_type=FulfillmentPayload)
    @staticmethod
    async def fulfillment_cancel(info: Info, id: strawberry.ID, idempotency_key: str) -> Answer:
        return await send(info, CancelFulfillment(id), idempotency_key)


async def _order(answer: Answer, info: Info) -> views.Order | None:
    """The order that a payload answers with."""
    order_id = answer.ids.get("order_id")
    return None if order_id is None else await orders.order(await after(info, answer), id=order_id)
