"""Orders: what was bought, and its three axes of status."""

import datetime as dt
from typing import TYPE_CHECKING, Annotated

import strawberry
from strawberry import Parent

from reads import catalog, customers, orders, products, returns, timelines
from reads.pages import Page
from schema.addresses import Address, AddressInput
from schema.catalog import Attribute, Channel, Media
from schema.context import Info
from schema.fulfillment import Fulfillment, Return, ShownLine
from schema.inputs import cleared, command
from schema.listings import window
from schema.money import Money
from schema.nodes import Node, PageInfo, Versioned, Within, known, one_of
from schema.order_lists import (
    FulfillmentStatus,
    OrderLineStatus,
    OrderSort,
    OrderSortField,
    OrderStatus,
    OrderWhere,
    PaymentStatus,
    order_filter,
)
from schema.payloads import MutationPayload, after, send
from schema.payments import Payment
from schema.products import Variant
from schema.promotions import AppliedCode
from schema.scalars import JSON, SortDirection
from schema.shipping import ShippingQuote
from schema.stock import Warehouse
from schema.taxes import TaxLine
from schema.timelines import TimelineConnection
from shop import views
from writes.bus import Answer
from writes.fulfillment import SetOrderLineStatus
from writes.orders import AddOrderNote, CancelOrder, UpdateOrder

if TYPE_CHECKING:
    from schema.customers import Customer

_MENDED = {"email", "shipping_address", "billing_address", "metadata"}


@strawberry.type(description="Where a line's stock is held.")
class Allocation:
    quantity: int

    @strawberry.field(graphql_type=Warehouse)
    @staticmethod
    async def warehouse(held: Parent[views.Allocation], info: Info) -> views.Warehouse | None:
        return await info.context.reading.get(views.Warehouse, held.warehouse_id)


@strawberry.type
class OrderLine:
    id: strawberry.ID
    sku: str
    name: str
    quantity: int
    quantity_shipped: int
    quantity_returned: int
    quantity_canceled: int
    status: OrderLineStatus
    unit_price: Money
    discount: Money
    tax: Money
    total: Money
    option_values: list[Attribute]
    image: Media | None
    allocations: list[Allocation] | None

    @strawberry.field(graphql_type=Variant | None)
    @staticmethod
    async def variant(line: Parent[ShownLine], info: Info) -> views.Variant | None:
        sold = line.source
        return await products.variant_of(info.context.reading, line.owner.channel, sold.product_id, sold.variant_id)

    @strawberry.field
    @staticmethod
    def quantity_returnable(line: Parent[ShownLine]) -> int:
        return returns.returnable(line.owner, line.source)


@strawberry.type(
    description="`guestToken` reads this order without an account, for the link in a mail: told to staff, and to a guest "
    "who proved the order."
)
class Order(Node, Versioned):
    number: str
    status: OrderStatus
    payment_status: PaymentStatus
    fulfillment_status: FulfillmentStatus
    created_at: dt.datetime
    placed_at: dt.datetime | None
    email: str | None
    payments: list[Payment]
    shipping_address: Address | None
    billing_address: Address | None
    subtotal: Money
    discount: Money
    shipping: Money
    tax: Money
    total: Money
    paid: Money
    refunded: Money
    metadata: JSON | None
    shipping_method: ShippingQuote | None
    tax_lines: list[TaxLine]
    tax_included: bool
    applied_codes: list[AppliedCode]

    @strawberry.field(graphql_type=Channel)
    @staticmethod
    async def channel(order: Parent[views.Order], info: Info) -> views.Channel | None:
        return await catalog.channel(info.context.reading, order.channel)

    @strawberry.field(graphql_type=Annotated["Customer", strawberry.lazy("schema.customers")] | None)
    @staticmethod
    async def customer(order: Parent[views.Order], info: Info) -> views.Customer | None:
        return None if order.customer_id is None else await customers.customer(info.context.reading, order.customer_id)

    @strawberry.field(graphql_type=list[OrderLine])
    @staticmethod
    def lines(order: Parent[views.Order]) -> list[ShownLine]:
        return [Within(line, order) for line in order.lines]

    @strawberry.field(graphql_type=list[Fulfillment])
    @staticmethod
    def fulfillments(order: Parent[views.Order]) -> list[Within[views.Fulfillment, views.Order]]:
        return [Within(sent, order) for sent in order.fulfillments]

    @strawberry.field(graphql_type=list[Return])
    @staticmethod
    def returns(order: Parent[views.Order]) -> list[Within[views.Return, views.Order]]:
        return [Within(back, order) for back in order.returns]

    @strawberry.field(graphql_type=TimelineConnection, description="What happened to it, the earliest first.")
    @staticmethod
    async def timeline(
        order: Parent[views.Order], info: Info, first: int = 50, after: str | None = strawberry.UNSET
    ) -> timelines.Page:
        return await timelines.timeline(
            info.context.reading, order.id, window(first, after), as_buyer=info.context.is_buyer_of(order.id)
        )

    @strawberry.field
    @staticmethod
    def guest_token(order: Parent[views.Order], info: Info) -> str | None:
        told = info.context.caller.staff or order.id in info.context.proven
        return info.context.proofs.token(order.id) if told else None


@strawberry.type
class OrderEdge:
    cursor: str
    node: Order


@strawberry.type
class OrderConnection:
    edges: list[OrderEdge]
    nodes: list[Order]
    page_info: PageInfo
    total_count: int


@strawberry.input(description="Mends what was typed wrong; the address only until something is shipped.")
class OrderUpdateInput:
    idempotency_key: str | None = strawberry.UNSET
    expected_version: int | None = strawberry.UNSET
    email: str | None = strawberry.UNSET
    shipping_address: AddressInput | None = strawberry.UNSET
    billing_address: AddressInput | None = strawberry.UNSET
    metadata: JSON | None = strawberry.UNSET


@strawberry.input
class OrderCancelInput:
    idempotency_key: str
    expected_version: int | None = strawberry.UNSET
    reason: str
    restock: bool = True
    refund: bool = True


@strawberry.input
class OrderLineStatusInput:
    idempotency_key: str | None = strawberry.UNSET
    order_id: strawberry.ID
    line_id: strawberry.ID
    status: OrderLineStatus
    quantity: int | None = strawberry.UNSET
    expected_version: int | None = strawberry.UNSET


@strawberry.type
class OrderPayload(MutationPayload):
    @strawberry.field
    @staticmethod
    def order_id(answer: Parent[Answer]) -> strawberry.ID | None:
        return answer.ids.get("order_id")

    @strawberry.field(graphql_type=Order | None)
    @staticmethod
    async def order(answer: Parent[Answer], info: Info) -> views.Order | None:
        order_id = answer.ids.get("order_id")
        return None if order_id is None else await orders.order(await after(info, answer), id=order_id)


@strawberry.type
class OrderQuery:
    @strawberry.field(graphql_type=Order | None, description="A guest adds the order's token, or reads it by the token alone.")
    @staticmethod
    async def order(
        info: Info,
        id: strawberry.ID | None = strawberry.UNSET,
        number: str | None = strawberry.UNSET,
        token: str | None = strawberry.UNSET,
    ) -> views.Order | None:
        shown = info.context.order_token(known(token))
        alone = shown is not None and known(id) is None and known(number) is None
        named = {"id": info.context.proofs.proven(shown)} if alone else one_of(id=id, number=number)
        found = await orders.order(info.context.reading, **named)
        return found if found is not None and info.context.shows(found.id, shown) else None

    @strawberry.field(graphql_type=OrderConnection)
    @staticmethod
    async def orders(
        info: Info,
        where: OrderWhere | None = strawberry.UNSET,
        sort: OrderSort | None = strawberry.UNSET,
        search: str | None = strawberry.UNSET,
        first: int = 20,
        after: str | None = strawberry.UNSET,
    ) -> Page[views.Order]:
        by = known(sort) or OrderSort(field=OrderSortField.PLACED_AT)
        descending = by.direction is SortDirection.DESC
        wanted, part = order_filter(where), window(first, after)
        return await orders.orders(info.context.reading, wanted, by.field.value, descending, part, known(search))


@strawberry.type
class OrderMutation:
    @strawberry.mutation(graphql_type=OrderPayload)
    @staticmethod
    async def order_update(info: Info, id: strawberry.ID, input: OrderUpdateInput) -> Answer:
        gone = dict.fromkeys(_MENDED & set(cleared(input)))
        return await send(info, command(UpdateOrder, input, order_id=id, **gone), input.idempotency_key)

    @strawberry.mutation(graphql_type=OrderPayload)
    @staticmethod
    async def order_note_add(
        info: Info,
        id: strawberry.ID,
        note: str,
        visible_to_customer: bool = False,
        idempotency_key: str | None = strawberry.UNSET,
    ) -> Answer:
        return await send(info, AddOrderNote(id, note, visible_to_customer), known(idempotency_key))

    @strawberry.mutation(graphql_type=OrderPayload)
    @staticmethod
    async def order_cancel(info: Info, id: strawberry.ID, input: OrderCancelInput) -> Answer:
        return await send(info, command(CancelOrder, input, order_id=id), input.idempotency_key)

    @strawberry.mutation(graphql_type=OrderPayload)
    @staticmethod
    async def order_line_status_set(info: Info, input: OrderLineStatusInput) -> Answer:
        return await send(info, command(SetOrderLineStatus, input), input.idempotency_key)
