"""Customers, and the credits that imported books gave them."""

import datetime as dt
from typing import Annotated

import strawberry
from strawberry import Parent

from reads import customers, orders
from reads.pages import Page
from schema.context import Info
from schema.listings import window
from schema.money import Money
from schema.nodes import Node, PageInfo, Versioned, known
from schema.order_lists import OrderWhere, of_customer
from schema.orders import OrderConnection
from schema.payloads import MutationPayload, after
from shop import views
from writes.bus import Answer


@strawberry.type
class CreditLine:
    sku: str
    name: str
    quantity: int
    unit_price: Money
    total: Money


@strawberry.type(description="Money given back that belongs to no order here, as imported books have it.")
class Credit(Node):
    number: str
    at: dt.datetime
    amount: Money
    lines: list[CreditLine]

    @strawberry.field(graphql_type="Customer | None")
    @staticmethod
    async def customer(credit: Parent[views.Credit], info: Info) -> views.Customer | None:
        return None if credit.customer_id is None else await customers.customer(info.context.reading, credit.customer_id)


@strawberry.type
class Customer(Node, Versioned):
    external_ref: str | None
    email: str | None
    name: str | None
    order_count: int
    total_spent: list[Money]

    @strawberry.field(graphql_type=list[Credit])
    @staticmethod
    async def credits(customer: Parent[views.Customer], info: Info) -> list[views.Credit]:
        found = await info.context.reading.many(views.Credit, customer.credit_ids)
        return [credit for credit in found if credit is not None]

    @strawberry.field(graphql_type=OrderConnection)
    @staticmethod
    async def orders(
        customer: Parent[views.Customer],
        info: Info,
        first: int = 20,
        after: str | None = strawberry.UNSET,
        where: OrderWhere | None = strawberry.UNSET,
    ) -> Page[views.Order]:
        """The newest first."""
        wanted = of_customer(where, customer.id)
        return await orders.orders(info.context.reading, wanted, "PLACED_AT", True, window(first, after))


@strawberry.type
class CustomerEdge:
    cursor: str
    node: Customer


@strawberry.type
class CustomerConnection:
    edges: list[CustomerEdge]
    nodes: list[Customer]
    page_info: PageInfo
    total_count: int


@strawberry.type
class CustomerPayload(MutationPayload):
    @strawberry.field
    @staticmethod
    def customer_id(answer: Parent[Answer]) -> strawberry.ID | None:
        return answer.ids.get("customer_id")

    @strawberry.field
    @staticmethod
    def address_id(answer: Parent[Answer]) -> strawberry.ID | None:
        return answer.ids.get("address_id")

    @strawberry.field(graphql_type=Customer | None)
    @staticmethod
    async def customer(answer: Parent[Answer], info: Info) -> views.Customer | None:
        customer_id = answer.ids.get("customer_id")
        return None if customer_id is None else await customers.customer(await after(info, answer), customer_id)


@strawberry.type
class CustomerQuery:
    @strawberry.field(graphql_type=list[Credit])
    @staticmethod
    async def credits(
        info: Info, from_: Annotated[dt.date, strawberry.argument(name="from")], to: dt.date
    ) -> list[views.Credit]:
        return await customers.credits(info.context.reading, from_, to)

    @strawberry.field(graphql_type=Customer | None)
    @staticmethod
    async def customer(info: Info, id: strawberry.ID) -> views.Customer | None:
        return await customers.customer(info.context.reading, id)

    @strawberry.field(graphql_type=CustomerConnection)
    @staticmethod
    async def customers(
        info: Info,
        search: str | None = strawberry.UNSET,
        first: int = 20,
        after: str | None = strawberry.UNSET,
    ) -> Page[views.Customer]:
        return await customers.customers(info.context.reading, known(search), window(first, after))
