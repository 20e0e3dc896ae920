"""How an order's goods left the house and came back: fulfillments and returns, read through their order."""

import datetime as dt
import enum
from typing import TYPE_CHECKING, Annotated

import strawberry
from strawberry import Parent

from schema.context import Info
from schema.money import Money
from schema.nodes import Node, Within
from schema.stock import Warehouse
from shop import views

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
