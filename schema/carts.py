"""Carts: what a buyer means to buy, at today's prices."""

import datetime as dt
import enum
from typing import TYPE_CHECKING, Annotated

import strawberry
from strawberry import Parent

from reads import carts, catalog
from reads.carts import JoinedCart, JoinedLine, Problem
from schema.catalog import DEFAULT, Channel
from schema.context import Info
from schema.errors import ErrorCode, GenericError, StockError, UserError
from schema.inputs import command
from schema.money import Money
from schema.nodes import Node, Versioned, known
from schema.payloads import MutationPayload, after, refused, send
from schema.products import Variant
from schema.promotions import AppliedCode
from shop import views
from writes.bus import Answer
from writes.carts import AddCartLines, CreateCart, LineChange, LineIn, UpdateCartLines
from writes.codes import ApplyCode, RemoveCode
from writes.merging import MergeCarts
from writes.refusals import NotFound

if TYPE_CHECKING:
    from schema.checkout import Checkout


@strawberry.enum
class CartStatus(enum.StrEnum):
    OPEN = "OPEN"
    ORDERED = "ORDERED"
    MERGED = "MERGED"
    EXPIRED = "EXPIRED"


@strawberry.type
class CartLine:
    id: strawberry.ID
    variant: Variant
    quantity: int
    unit_price: Money
    discount: Money
    total: Money

    @strawberry.field
    @staticmethod
    def problems(line: Parent[JoinedLine]) -> list[UserError]:
        return [_told(problem) for problem in line.problems]


@strawberry.type
class Cart(Node, Versioned):
    lines: list[CartLine]
    subtotal: Money
    discount: Money
    total: Money
    expires_at: dt.datetime
    status: CartStatus
    total_quantity: int
    codes: list[str]
    applied_codes: list[AppliedCode]

    @strawberry.field(graphql_type=Channel)
    @staticmethod
    async def channel(cart: Parent[JoinedCart], info: Info) -> views.Channel | None:
        return await catalog.channel(info.context.reading, cart.channel)

    @strawberry.field(graphql_type=Annotated["Checkout", strawberry.lazy("schema.checkout")] | None)
    @staticmethod
    async def checkout(cart: Parent[JoinedCart], info: Info) -> views.Checkout | None:
        return None if cart.checkout_id is None else await carts.checkout(info.context.reading, cart.checkout_id)


@strawberry.input
class CartLineInput:
    variant_id: strawberry.ID
    quantity: int


@strawberry.input(description="A quantity of 0 removes the line.")
class CartLineUpdateInput:
    line_id: strawberry.ID
    quantity: int


@strawberry.type(
    description="`cartToken` is a guest's secret: it is returned once, on create, and sent back in the header "
    "Tradewind-Cart-Token."
)
class CartPayload(MutationPayload):
    @strawberry.field
    @staticmethod
    def cart_id(answer: Parent[Answer]) -> strawberry.ID | None:
        return answer.ids.get("cart_id")

    @strawberry.field(graphql_type=Cart | None)
    @staticmethod
    async def cart(answer: Parent[Answer], info: Info) -> JoinedCart | None:
        cart_id = answer.ids.get("cart_id")
        return None if cart_id is None else await carts.cart(await after(info, answer), cart_id)

    @strawberry.field
    @staticmethod
    def cart_token(answer: Parent[Answer], info: Info) -> str | None:
        made = answer.ids.get("guest_cart_id")
        return None if made is None else info.context.proofs.token(made)


@strawberry.type
class CartQuery:
    @strawberry.field(graphql_type=Cart | None, description="Without an id, the cart that the token proves.")
    @staticmethod
    async def cart(
        info: Info, id: strawberry.ID | None = strawberry.UNSET, token: str | None = strawberry.UNSET
    ) -> JoinedCart | None:
        shown = info.context.cart_token(known(token))
        cart_id = known(id) or info.context.proofs.proven(shown)
        if cart_id is None or not info.context.shows(cart_id, shown):
            return None
        return await carts.cart(info.context.reading, cart_id)


@strawberry.type
class CartMutation:
    @strawberry.mutation(graphql_type=CartPayload)
    @staticmethod
    async def cart_create(
        info: Info,
        channel: str = DEFAULT,
        lines: list[CartLineInput] | None = strawberry.UNSET,
        idempotency_key: str | None = strawberry.UNSET,
    ) -> Answer:
        wanted = [command(LineIn, line) for line in lines or []]
        return await send(info, CreateCart(channel, wanted, info.context.caller.customer_id), idempotency_key)

    @strawberry.mutation(graphql_type=CartPayload)
    @staticmethod
    async def cart_lines_add(
        info: Info,
        cart_id: strawberry.ID,
        lines: list[CartLineInput],
        idempotency_key: str | None = strawberry.UNSET,
    ) -> Answer:
        return await send(info, AddCartLines(cart_id, [command(LineIn, line) for line in lines]), idempotency_key)

    @strawberry.mutation(graphql_type=CartPayload)
    @staticmethod
    async def cart_merge(info: Info, guest_cart_token: str, idempotency_key: str | None = strawberry.UNSET) -> Answer:
        customer_id, guest_cart_id = info.context.customer_id, info.context.proofs.proven(guest_cart_token)
        if guest_cart_id is None:
            return refused(NotFound("This token proves no guest's cart.", ["guestCartToken"]))
        return await send(info, MergeCarts(guest_cart_id, customer_id), known(idempotency_key))

    @strawberry.mutation(graphql_type=CartPayload)
    @staticmethod
    async def cart_lines_update(
        info: Info,
        cart_id: strawberry.ID,
        lines: list[CartLineUpdateInput],
        expected_version: int | None = strawberry.UNSET,
        idempotency_key: str | None = strawberry.UNSET,
    ) -> Answer:
        changes = [command(LineChange, line) for line in lines]
        return await send(info, UpdateCartLines(cart_id, changes, known(expected_version)), idempotency_key)

    @strawberry.mutation(graphql_type=CartPayload)
    @staticmethod
    async def cart_code_apply(
        info: Info, cart_id: strawberry.ID, code: str, idempotency_key: str | None = strawberry.UNSET
    ) -> Answer:
        return await send(info, ApplyCode(cart_id, code), known(idempotency_key))

    @strawberry.mutation(graphql_type=CartPayload)
    @staticmethod
    async def cart_code_remove(
        info: Info, cart_id: strawberry.ID, code: str, idempotency_key: str | None = strawberry.UNSET
    ) -> Answer:
        return await send(info, RemoveCode(cart_id, code), known(idempotency_key))


def _told(problem: Problem) -> UserError:
    code = ErrorCode(problem.code)
    if code is not ErrorCode.INSUFFICIENT_STOCK or problem.variant_id is None:
        return GenericError(code=code, message=problem.message, path=None)
    return StockError(
        code=code,
        message=problem.message,
        path=None,
        variant_id=strawberry.ID(problem.variant_id),
        requested=problem.requested,
        available=problem.available,
    )
