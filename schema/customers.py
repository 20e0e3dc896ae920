"""Customers, and the credits that imported books gave them."""

import datetime as dt
from typing import Annotated

import strawberry
from strawberry import Parent

from reads import carts, customers, orders
from reads.carts import JoinedCart
from reads.pages import Page
from schema.addresses import Address, AddressInput
from schema.carts import Cart
from schema.catalog import DEFAULT
from schema.context import Context, Info
from schema.inputs import cleared, command
from schema.listings import window
from schema.money import Money
from schema.nodes import Node, PageInfo, Versioned, known
from schema.order_lists import OrderWhere, of_customer
from schema.orders import OrderConnection
from schema.payloads import MutationPayload, after, send
from shop import views
from writes.addresses import RemoveAddress, SaveAddress
from writes.bus import Answer
from writes.customers import UpdateCustomer


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
    email_verified: bool
    addresses: list[Address]

    @strawberry.field(graphql_type=Address | None)
    @staticmethod
    def default_shipping(customer: Parent[views.Customer]) -> views.KeptAddress | None:
        return _address(customer, customer.default_shipping_id)

    @strawberry.field(graphql_type=Address | None)
    @staticmethod
    def default_billing(customer: Parent[views.Customer]) -> views.KeptAddress | None:
        return _address(customer, customer.default_billing_id)

    @strawberry.field(graphql_type=list[Credit])
    @staticmethod
    async def credits(customer: Parent[views.Customer], info: Info) -> list[views.Credit]:
        found = await info.context.reading.many(views.Credit, customer.credit_ids)
        return [credit for credit in found if credit is not None]

    @strawberry.field(graphql_type=Cart | None)
    @staticmethod
    async def cart(customer: Parent[views.Customer], info: Info, channel: str = DEFAULT) -> JoinedCart | None:
        return await carts.of_customer(info.context.reading, customer.id, channel)

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


@strawberry.input(description="Staff name the customer by `customerId`. A new email counts once it is verified.")
class CustomerUpdateInput:
    idempotency_key: str | None = strawberry.UNSET
    expected_version: int | None = strawberry.UNSET
    name: str | None = strawberry.UNSET
    email: str | None = strawberry.UNSET
    customer_id: strawberry.ID | None = strawberry.UNSET


@strawberry.input
class AddressSaveInput:
    idempotency_key: str | None = strawberry.UNSET
    id: strawberry.ID | None = strawberry.UNSET
    address: AddressInput
    default_shipping: bool = False
    default_billing: bool = False


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
    @strawberry.field(graphql_type=Customer | None)
    @staticmethod
    async def me(info: Info) -> views.Customer | None:
        customer_id = info.context.caller.customer_id
        return None if customer_id is None else await customers.customer(info.context.reading, customer_id)

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


@strawberry.type
class CustomerMutation:
    @strawberry.mutation(graphql_type=CustomerPayload)
    @staticmethod
    async def customer_update(info: Info, input: CustomerUpdateInput) -> Answer:
        gone = dict.fromkeys({"name", "email"} & set(cleared(input)))
        whose = _whose(info.context, known(input.customer_id))
        return await send(info, command(UpdateCustomer, input, **{**gone, "customer_id": whose}), input.idempotency_key)

    @strawberry.mutation(graphql_type=CustomerPayload)
    @staticmethod
    async def address_save(info: Info, input: AddressSaveInput) -> Answer:
        mine = {"customer_id": info.context.customer_id, "address_id": known(input.id)}
        return await send(info, command(SaveAddress, input, **mine), input.idempotency_key)

    @strawberry.mutation(graphql_type=CustomerPayload)
    @staticmethod
    async def address_remove(info: Info, id: strawberry.ID, idempotency_key: str | None = strawberry.UNSET) -> Answer:
        return await send(info, RemoveAddress(info.context.customer_id, id), known(idempotency_key))


def _whose(context: Context, named: str | None) -> str:
    """The customer who asks; only staff name another."""
    if named is None or named == context.caller.customer_id:
        return context.customer_id
    context.check_staff()
    return named


def _address(customer: views.Customer, address_id: str | None) -> views.KeptAddress | None:
    return next((one for one in customer.addresses if one.id == address_id), None)
