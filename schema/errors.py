"""Business refusals as clients see them. The table at the end is the one place where a refusal becomes an error type."""

import enum
from collections.abc import Callable, Mapping
from typing import Any

import strawberry

from schema.money import Money, of_units
from writes import refusals
from writes.refusals import Refused


@strawberry.enum
class ErrorCode(enum.StrEnum):
    INVALID = "INVALID"
    NOT_FOUND = "NOT_FOUND"
    FORBIDDEN = "FORBIDDEN"
    UNAUTHENTICATED = "UNAUTHENTICATED"
    CONFLICT = "CONFLICT"
    INSUFFICIENT_STOCK = "INSUFFICIENT_STOCK"
    RESERVATION_EXPIRED = "RESERVATION_EXPIRED"
    PRICE_CHANGED = "PRICE_CHANGED"
    INVALID_TRANSITION = "INVALID_TRANSITION"
    CODE_NOT_APPLICABLE = "CODE_NOT_APPLICABLE"
    LIMIT_EXCEEDED = "LIMIT_EXCEEDED"
    PAYMENT_DECLINED = "PAYMENT_DECLINED"
    PAYMENT_PENDING = "PAYMENT_PENDING"
    IDEMPOTENCY_KEY_REUSED = "IDEMPOTENCY_KEY_REUSED"
    IN_PROGRESS = "IN_PROGRESS"


@strawberry.interface(
    description="A business refusal. Nothing was written (but see PaymentError). "
    "Transport faults, missing rights and bugs are GraphQL errors with extensions.code instead."
)
class UserError:
    code: ErrorCode
    message: str
    path: list[str] | None


@strawberry.type
class GenericError(UserError):
    pass


@strawberry.type
class StockError(UserError):
    variant_id: strawberry.ID
    requested: int
    available: int


@strawberry.type
class ConflictError(UserError):
    current_version: int


@strawberry.type
class TransitionError(UserError):
    from_: str = strawberry.field(name="from")
    allowed: list[str]


@strawberry.type
class PriceChangedError(UserError):
    expected: Money
    actual: Money


@strawberry.type(description="`changeFrom` was not what is on hand: nothing was changed.")
class StockConflictError(UserError):
    variant_id: strawberry.ID
    warehouse_id: strawberry.ID
    on_hand: int


@strawberry.type(description="A quantity or a count above `limit`.")
class LimitError(UserError):
    limit: int


@strawberry.enum
class CodeProblem(enum.StrEnum):
    UNKNOWN = "UNKNOWN"
    NOT_STARTED = "NOT_STARTED"
    EXPIRED = "EXPIRED"
    USED_UP = "USED_UP"
    MINIMUM_NOT_MET = "MINIMUM_NOT_MET"
    SIGN_IN_REQUIRED = "SIGN_IN_REQUIRED"
    NOT_COMBINABLE = "NOT_COMBINABLE"


@strawberry.type(description="CODE_NOT_APPLICABLE, and why. `missing` is what the cart lacks to the code's minimum.")
class CodeError(UserError):
    reason: CodeProblem
    missing: Money | None


@strawberry.type(
    description="PAYMENT_DECLINED or PAYMENT_PENDING: the attempt is on record at `position`. "
    "`retryable`: complete the same checkout again with a new key."
)
class PaymentError(UserError):
    payment_id: strawberry.ID
    decline_code: str | None
    retryable: bool


def told(refused: Refused) -> UserError:
    """Turn a refusal into the error that the client sees."""
    kind, own = TOLD[type(refused)]
    return kind(code=ErrorCode(refused.code), message=refused.message, path=refused.path, **own(refused))


def _nothing(_: Refused) -> dict[str, Any]:
    return {}


def _same(*names: str) -> Callable[[Any], dict[str, Any]]:
    """Take over attributes that are called the same on both sides."""
    return lambda refused: {name: getattr(refused, name) for name in names}


def _prices(refused: refusals.PriceChanged) -> dict[str, Any]:
    return {
        "expected": of_units(refused.expected, refused.currency),
        "actual": of_units(refused.actual, refused.currency),
    }


def _code(refused: refusals.CodeNotApplicable) -> dict[str, Any]:
    missing = None if refused.missing is None else of_units(refused.missing, refused.currency)
    return {"reason": CodeProblem(refused.reason), "missing": missing}


TOLD: Mapping[type[Refused], tuple[type[UserError], Callable[[Any], dict[str, Any]]]] = {
    refusals.Refused: (GenericError, _nothing),
    refusals.Invalid: (GenericError, _nothing),
    refusals.NotFound: (GenericError, _nothing),
    refusals.Taken: (GenericError, _nothing),
    refusals.NotBought: (GenericError, _nothing),
    refusals.VersionConflict: (ConflictError, lambda refused: {"current_version": refused.current}),
    refusals.OutOfStock: (StockError, _same("variant_id", "requested", "available")),
    refusals.StockConflict: (StockConflictError, _same("variant_id", "warehouse_id", "on_hand")),
    refusals.NotAllowedFrom: (TransitionError, lambda refused: {"from_": refused.state, "allowed": refused.allowed}),
    refusals.ReservationExpired: (GenericError, _nothing),
    refusals.PriceChanged: (PriceChangedError, _prices),
    refusals.AboveLimit: (LimitError, _same("limit")),
    refusals.CodeNotApplicable: (CodeError, _code),
    refusals.PaymentRefused: (PaymentError, _same("payment_id", "decline_code", "retryable")),
    refusals.KeyReused: (GenericError, _nothing),
    refusals.StillInProgress: (GenericError, _nothing),
}

TYPES: tuple[type[UserError], ...] = (
    GenericError, StockError, ConflictError, TransitionError, PriceChangedError, StockConflictError, LimitError,
    CodeError, PaymentError,
)  # fmt: skip
