"""Promotions: codes that take something off. What a code gives in a cart, a checkout or an order is here too."""

import datetime as dt
import enum

import strawberry
from strawberry import Parent

from reads import charges
from schema.context import Info
from schema.errors import CodeError, CodeProblem, ErrorCode, UserError
from schema.inputs import cleared, command
from schema.money import Money, MoneyInput, of_units
from schema.nodes import Node, Versioned, known
from schema.payloads import MutationPayload, after, refused, send
from schema.scalars import Decimal
from shop import views
from shop.money import units
from writes.bus import Answer
from writes.promotions import CreatePromotion, DeactivatePromotion, UpdatePromotion
from writes.refusals import Invalid

_KEPT = {"code", "name", "kind", "once_per_customer"}  # a promotion is never without these


@strawberry.enum
class PromotionKind(enum.StrEnum):
    PERCENTAGE = "PERCENTAGE"
    FIXED_AMOUNT = "FIXED_AMOUNT"
    FREE_SHIPPING = "FREE_SHIPPING"


@strawberry.type(description="What a code gives here. A code that stopped applying stays, with its problem, and gives nothing.")
class AppliedCode:
    code: str
    name: str
    kind: PromotionKind
    amount: Money

    @strawberry.field(graphql_type=UserError | None)
    @staticmethod
    def problem(applied: Parent[views.AppliedCode]) -> UserError | None:
        if applied.problem is None:
            return None
        missing = None if applied.missing is None else of_units(units(applied.missing), applied.missing.currency)
        return CodeError(
            code=ErrorCode.CODE_NOT_APPLICABLE,
            message=f"The code {applied.code} gives nothing here: {applied.problem}.",
            path=None,
            reason=CodeProblem(applied.problem),
            missing=missing,
        )


@strawberry.type
class Promotion(Node, Versioned):
    code: str
    name: str
    kind: PromotionKind
    percentage: Decimal | None
    amount: Money | None
    minimum_subtotal: Money | None
    starts_at: dt.datetime | None
    ends_at: dt.datetime | None
    usage_limit: int | None
    used: int
    active: bool
    once_per_customer: bool


@strawberry.input
class PromotionInput:
    idempotency_key: str | None = strawberry.UNSET
    code: str
    name: str
    kind: PromotionKind
    percentage: Decimal | None = strawberry.UNSET
    amount: MoneyInput | None = strawberry.UNSET
    minimum_subtotal: MoneyInput | None = strawberry.UNSET
    starts_at: dt.datetime | None = strawberry.UNSET
    ends_at: dt.datetime | None = strawberry.UNSET
    usage_limit: int | None = strawberry.UNSET
    once_per_customer: bool = False


@strawberry.input
class PromotionUpdateInput:
    idempotency_key: str | None = strawberry.UNSET
    code: str | None = strawberry.UNSET
    name: str | None = strawberry.UNSET
    kind: PromotionKind | None = strawberry.UNSET
    percentage: Decimal | None = strawberry.UNSET
    amount: MoneyInput | None = strawberry.UNSET
    minimum_subtotal: MoneyInput | None = strawberry.UNSET
    starts_at: dt.datetime | None = strawberry.UNSET
    ends_at: dt.datetime | None = strawberry.UNSET
    usage_limit: int | None = strawberry.UNSET
    once_per_customer: bool | None = strawberry.UNSET
    expected_version: int | None = strawberry.UNSET


@strawberry.type
class PromotionPayload(MutationPayload):
    @strawberry.field
    @staticmethod
    def promotion_id(answer: Parent[Answer]) -> strawberry.ID | None:
        return answer.ids.get("promotion_id")

    @strawberry.field(graphql_type=Promotion | None)
    @staticmethod
    async def promotion(answer: Parent[Answer], info: Info) -> views.Promotion | None:
        promotion_id = answer.ids.get("promotion_id")
        return None if promotion_id is None else await charges.promotion(await after(info, answer), promotion_id)


@strawberry.type
class PromotionQuery:
    @strawberry.field(graphql_type=list[Promotion], description="All promotions, by code.")
    @staticmethod
    async def promotions(info: Info) -> list[views.Promotion]:
        return await charges.promotions(info.context.reading)


@strawberry.type
class PromotionMutation:
    @strawberry.mutation(graphql_type=PromotionPayload)
    @staticmethod
    async def promotion_create(info: Info, input: PromotionInput) -> Answer:
        return await send(info, command(CreatePromotion, input), known(input.idempotency_key))

    @strawberry.mutation(graphql_type=PromotionPayload)
    @staticmethod
    async def promotion_update(info: Info, id: strawberry.ID, input: PromotionUpdateInput) -> Answer:
        gone = set(cleared(input)) - {"idempotency_key", "expected_version"}
        for name in sorted(_KEPT & gone):
            return refused(Invalid(f"A promotion's {name} cannot be cleared.", ["input", name]))
        return await send(
            info, command(UpdatePromotion, input, promotion_id=id, **dict.fromkeys(gone)), known(input.idempotency_key)
        )

    @strawberry.mutation(graphql_type=PromotionPayload)
    @staticmethod
    async def promotion_deactivate(info: Info, id: strawberry.ID, idempotency_key: str | None = strawberry.UNSET) -> Answer:
        return await send(info, DeactivatePromotion(id), known(idempotency_key))
