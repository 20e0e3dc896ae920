"""Checkouts: a cart with its prices taken and its stock held, on the way to an order."""

import datetime as dt
import enum
from typing import TYPE_CHECKING, Annotated

import msgspec
import strawberry
from strawberry import Parent

from reads import carts, charges, orders, products
from reads.carts import JoinedCart
from schema.addresses import Address, AddressInput
from schema.carts import Cart
from schema.context import Info
from schema.errors import UserError
from schema.inputs import cleared, command
from schema.money import Money, MoneyInput
from schema.nodes import Node, Versioned, Within, known
from schema.payloads import MutationPayload, after, send
from schema.payment_actions import PaymentAction, PaymentProvider, as_json
from schema.products import Variant
from schema.promotions import AppliedCode
from schema.scalars import JSON
from schema.shipping import ShippingQuote
from schema.taxes import TaxLine
from shop import views
from shop.events import PaymentAction as Action
from writes.bus import Answer
from writes.checkout import CancelCheckout, StartCheckout
from writes.checkout_edits import SelectShipping, UpdateCheckout
from writes.completing import CompleteCheckout

if TYPE_CHECKING:
    from schema.orders import Order

ShownLine = Within[views.Line, views.Checkout]


@strawberry.enum
class CheckoutStatus(enum.StrEnum):
    OPEN = "OPEN"
    PAYMENT_PENDING = "PAYMENT_PENDING"
    COMPLETED = "COMPLETED"
    EXPIRED = "EXPIRED"
    CANCELED = "CANCELED"


@strawberry.type(description="The line as it was when the checkout took its prices; the cart may have moved on.")
class CheckoutLine:
    id: strawberry.ID
    quantity: int
    unit_price: Money
    discount: Money
    tax: Money
    total: Money

    @strawberry.field(graphql_type=Variant)
    @staticmethod
    async def variant(line: Parent[ShownLine], info: Info) -> views.Variant | None:
        taken = line.source
        return await products.variant_of(info.context.reading, line.owner.channel, taken.product_id, taken.variant_id)

    @strawberry.field
    @staticmethod
    def problems() -> list[UserError]:
        """Nothing is wrong with a line whose price was taken and whose stock is held."""
        return []


@strawberry.type
class Checkout(Node, Versioned):
    status: CheckoutStatus
    email: str | None
    shipping_address: Address | None
    billing_address: Address | None
    subtotal: Money
    discount: Money
    shipping: Money
    tax: Money
    total: Money
    reserved_until: dt.datetime
    metadata: JSON | None
    shipping_method: ShippingQuote | None
    tax_lines: list[TaxLine]
    tax_included: bool
    applied_codes: list[AppliedCode]

    @strawberry.field(graphql_type=Cart)
    @staticmethod
    async def cart(checkout: Parent[views.Checkout], info: Info) -> JoinedCart | None:
        return await carts.cart(info.context.reading, checkout.cart_id)

    @strawberry.field(graphql_type=list[CheckoutLine])
    @staticmethod
    def lines(checkout: Parent[views.Checkout]) -> list[ShownLine]:
        return [Within(line, checkout) for line in checkout.lines]

    @strawberry.field(
        graphql_type=list[ShippingQuote], description="The ways to ship that fit the address and the weight, cheapest first."
    )
    @staticmethod
    async def shipping_methods(checkout: Parent[views.Checkout], info: Info) -> list[views.ShippingQuote]:
        return await charges.quotes(info.context.reading, checkout)

    @strawberry.field
    @staticmethod
    def payment_providers(checkout: Parent[views.Checkout], info: Info) -> list[PaymentProvider]:
        ways = info.context.bus.ways_to_pay(checkout.channel)
        return [PaymentProvider(code=code, name=way.name, data=way.data) for code, way in ways.items()]

    @strawberry.field(graphql_type=Annotated["Order", strawberry.lazy("schema.orders")] | None)
    @staticmethod
    async def order(checkout: Parent[views.Checkout], info: Info) -> views.Order | None:
        return None if checkout.order_id is None else await orders.order(info.context.reading, id=checkout.order_id)


@strawberry.input(
    description="Starting a checkout reserves the stock for a while; every change to it extends that, up to a limit."
)
class CheckoutStartInput:
    idempotency_key: str
    cart_id: strawberry.ID
    email: str | None = strawberry.UNSET
    shipping_address: AddressInput | None = strawberry.UNSET
    billing_address: AddressInput | None = strawberry.UNSET
    metadata: JSON | None = strawberry.UNSET


@strawberry.input
class CheckoutUpdateInput:
    idempotency_key: str | None = strawberry.UNSET
    email: str | None = strawberry.UNSET
    shipping_address: AddressInput | None = strawberry.UNSET
    billing_address: AddressInput | None = strawberry.UNSET
    metadata: JSON | None = strawberry.UNSET


@strawberry.input(
    description="`expectedTotal` guards the buyer against a price that changed between the page and the commit. "
    "Nothing to pay needs no provider and no token. After a decline the checkout is OPEN again and its order waits: "
    "complete it again, with a new key, until the reservation ends."
)
class CheckoutCompleteInput:
    idempotency_key: str
    checkout_id: strawberry.ID
    expected_total: MoneyInput
    payment_provider: str | None = strawberry.UNSET
    payment_token: str | None = strawberry.UNSET
    capture: bool = False
    return_url: str | None = strawberry.UNSET


@strawberry.type
class CheckoutPayload(MutationPayload):
    @strawberry.field
    @staticmethod
    def checkout_id(answer: Parent[Answer]) -> strawberry.ID | None:
        return answer.ids.get("checkout_id")

    @strawberry.field(graphql_type=Checkout | None)
    @staticmethod
    async def checkout(answer: Parent[Answer], info: Info) -> views.Checkout | None:
        return await _checkout(answer, info)


@strawberry.type(
    description="`nextAction` is `action` as the provider gave it. "
    "`orderToken` is the secret by which a guest reads this order from now on."
)
class CheckoutCompletePayload(MutationPayload):
    @strawberry.field
    @staticmethod
    def order_id(answer: Parent[Answer]) -> strawberry.ID | None:
        return answer.ids.get("order_id")

    @strawberry.field(graphql_type=Annotated["Order", strawberry.lazy("schema.orders")] | None)
    @staticmethod
    async def order(answer: Parent[Answer], info: Info) -> views.Order | None:
        order_id = answer.ids.get("order_id")
        return None if order_id is None else await orders.order(await after(info, answer), id=order_id)

    @strawberry.field(graphql_type=Checkout | None)
    @staticmethod
    async def checkout(answer: Parent[Answer], info: Info) -> views.Checkout | None:
        return await _checkout(answer, info)

    @strawberry.field(graphql_type=PaymentAction | None)
    @staticmethod
    def action(answer: Parent[Answer]) -> Action | None:
        return _action(answer)

    @strawberry.field
    @staticmethod
    def next_action(answer: Parent[Answer]) -> JSON | None:
        action = _action(answer)
        return None if action is None else JSON(as_json(action))

    @strawberry.field
    @staticmethod
    def order_token(answer: Parent[Answer], info: Info) -> str | None:
        made = answer.ids.get("guest_order_id")
        return None if made is None else info.context.proofs.token(made)


@strawberry.type
class CheckoutQuery:
    @strawberry.field(graphql_type=Checkout | None)
    @staticmethod
    async def checkout(info: Info, id: strawberry.ID, token: str | None = strawberry.UNSET) -> views.Checkout | None:
        found = await carts.checkout(info.context.reading, id)
        shown = info.context.cart_token(known(token))
        return found if found is not None and info.context.shows(found.cart_id, shown) else None


@strawberry.type
class CheckoutMutation:
    @strawberry.mutation(graphql_type=CheckoutPayload)
    @staticmethod
    async def checkout_start(info: Info, input: CheckoutStartInput) -> Answer:
        return await send(info, command(StartCheckout, input), input.idempotency_key)

    @strawberry.mutation(graphql_type=CheckoutPayload)
    @staticmethod
    async def checkout_update(info: Info, id: strawberry.ID, input: CheckoutUpdateInput) -> Answer:
        gone = dict.fromkeys(set(cleared(input)) - {"idempotency_key"})
        return await send(info, command(UpdateCheckout, input, checkout_id=id, **gone), known(input.idempotency_key))

    @strawberry.mutation(graphql_type=CheckoutPayload)
    @staticmethod
    async def checkout_shipping_select(
        info: Info, id: strawberry.ID, quote_id: strawberry.ID, idempotency_key: str | None = strawberry.UNSET
    ) -> Answer:
        return await send(info, SelectShipping(id, quote_id), known(idempotency_key))

    @strawberry.mutation(graphql_type=CheckoutPayload)
    @staticmethod
    async def checkout_cancel(
        info: Info,
        id: strawberry.ID,
        idempotency_key: str | None = strawberry.UNSET,
    ) -> Answer:
        return await send(info, CancelCheckout(id), idempotency_key)

    @strawberry.mutation(graphql_type=CheckoutCompletePayload)
    @staticmethod
    async def checkout_complete(info: Info, input: CheckoutCompleteInput) -> Answer:
        total = {"expected_total": input.expected_total.amount, "expected_currency": input.expected_total.currency}
        return await send(info, command(CompleteCheckout, input, **total), input.idempotency_key)


def _action(answer: Answer) -> Action | None:
    asked = answer.ids.get("action")
    return None if asked is None else msgspec.convert(asked, Action)


async def _checkout(answer: Answer, info: Info) -> views.Checkout | None:
    checkout_id = answer.ids.get("checkout_id")
    return None if checkout_id is None else await carts.checkout(await after(info, answer), checkout_id)
