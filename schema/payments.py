"""Payments and their ledger, as an order shows them, and what staff ask of them."""

import datetime as dt
import enum
from typing import TYPE_CHECKING, Annotated

import strawberry
from strawberry import Parent

from reads import orders
from schema.checkout import CheckoutCompletePayload
from schema.context import Info
from schema.fulfillment import LineQuantityInput
from schema.inputs import command
from schema.money import Money, MoneyInput
from schema.nodes import Node
from schema.payloads import MutationPayload, after, send
from schema.payment_actions import PaymentAction
from schema.scalars import JSON
from shop import views
from writes.bus import Answer
from writes.charging import CapturePayment, RefundPayment, VoidPayment
from writes.recovery import ContinuePayment

if TYPE_CHECKING:
    from schema.orders import Order


@strawberry.enum
class PaymentState(enum.StrEnum):
    CREATED = "CREATED"
    ACTION_REQUIRED = "ACTION_REQUIRED"
    AUTHORIZED = "AUTHORIZED"
    CAPTURED = "CAPTURED"
    VOIDED = "VOIDED"
    FAILED = "FAILED"


@strawberry.enum
class LedgerKind(enum.StrEnum):
    AUTHORIZE = "AUTHORIZE"
    CAPTURE = "CAPTURE"
    VOID = "VOID"
    REFUND = "REFUND"
    CHARGEBACK = "CHARGEBACK"


@strawberry.enum
class LedgerOutcome(enum.StrEnum):
    PENDING = "PENDING"
    SUCCESS = "SUCCESS"
    FAILURE = "FAILURE"


@strawberry.type
class LedgerEntry:
    id: strawberry.ID
    kind: LedgerKind
    outcome: LedgerOutcome
    amount: Money
    provider_ref: str | None
    at: dt.datetime
    message: str | None


@strawberry.type(description="`action` is there while the state is ACTION_REQUIRED, so that a reloaded page can go on.")
class Payment(Node):
    provider: str
    state: PaymentState
    authorized: Money
    captured: Money
    refunded: Money
    ledger: list[LedgerEntry]
    decline_code: str | None
    action: PaymentAction | None


@strawberry.input(description="`data` is what the provider added to `returnUrl`, or what its widget answered.")
class PaymentContinueInput:
    idempotency_key: str
    data: JSON | None = strawberry.UNSET


@strawberry.input(description="No amount means all that is left.")
class PaymentCaptureInput:
    idempotency_key: str
    amount: MoneyInput | None = strawberry.UNSET


@strawberry.input(
    description="No amount means what the lines and, if asked, the shipping cost the buyer, tax and discount included; "
    "without lines, all that is left."
)
class PaymentRefundInput:
    idempotency_key: str
    amount: MoneyInput | None = strawberry.UNSET
    reason: str | None = strawberry.UNSET
    lines: list[LineQuantityInput] | None = strawberry.UNSET
    shipping: bool = False


@strawberry.type
class PaymentPayload(MutationPayload):
    @strawberry.field
    @staticmethod
    def payment_id(answer: Parent[Answer]) -> strawberry.ID | None:
        return answer.ids.get("payment_id")

    @strawberry.field(graphql_type=Payment | None)
    @staticmethod
    async def payment(answer: Parent[Answer], info: Info) -> views.Payment | None:
        order = await _order(answer, info)
        paid = [] if order is None else order.payments
        return next((one for one in paid if one.id == answer.ids["payment_id"]), None)

    @strawberry.field(graphql_type=Annotated["Order", strawberry.lazy("schema.orders")] | None)
    @staticmethod
    async def order(answer: Parent[Answer], info: Info) -> views.Order | None:
        return await _order(answer, info)


@strawberry.type
class PaymentMutation:
    @strawberry.mutation(
        graphql_type=CheckoutCompletePayload,
        description="After the buyer did what `action` asked. The provider's webhook may have been first: "
        "then this finds the work done.",
    )
    @staticmethod
    async def payment_continue(info: Info, id: strawberry.ID, input: PaymentContinueInput) -> Answer:
        return await send(info, command(ContinuePayment, input, payment_id=id), input.idempotency_key)

    @strawberry.mutation(graphql_type=PaymentPayload)
    @staticmethod
    async def payment_capture(info: Info, id: strawberry.ID, input: PaymentCaptureInput) -> Answer:
        return await send(info, command(CapturePayment, input, payment_id=id), input.idempotency_key)

    @strawberry.mutation(graphql_type=PaymentPayload)
    @staticmethod
    async def payment_void(info: Info, id: strawberry.ID, idempotency_key: str) -> Answer:
        return await send(info, VoidPayment(id), idempotency_key)

    @strawberry.mutation(graphql_type=PaymentPayload)
    @staticmethod
    async def payment_refund(info: Info, id: strawberry.ID, input: PaymentRefundInput) -> Answer:
        return await send(info, command(RefundPayment, input, payment_id=id), input.idempotency_key)


async def _order(answer: Answer, info: Info) -> views.Order | None:
    """The order that a payload answers with."""
    order_id = answer.ids.get("order_id")
    return None if order_id is None else await orders.order(await after(info, answer), id=order_id)
