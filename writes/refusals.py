"""Why a command may say no. Each refusal is the fact that forbids; nothing was written when one is raised.

`code` is the API's ErrorCode; `path` leads to the input field that is to blame.
"""

from collections.abc import Sequence

Path = Sequence[str | int]


class Refused(Exception):  # noqa: N818 - a refusal is no error of ours
    """A business refusal: named, told to the caller as it stands, never a bug."""

    code = "INVALID"

    def __init__(self, message: str, path: Path | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.path = None if path is None else [str(step) for step in path]


class Invalid(Refused):
    """The input itself cannot be right: a negative quantity, a wrong currency, an empty name."""


class NotFound(Refused):
    """What the command names does not exist."""

    code = "NOT_FOUND"


class NotBought(Refused):
    """Only a verified buyer may do this."""

    code = "FORBIDDEN"


class Taken(Refused):
    """Something that must be unique is in use: a slug, a SKU, a code."""

    code = "CONFLICT"


class VersionConflict(Refused):
    """`expectedVersion` is not the version the thing has."""

    code = "CONFLICT"

    def __init__(self, current: int, expected: int) -> None:
        super().__init__(f"It is at version {current}, not {expected}: read it again and decide anew.", ["expectedVersion"])
        self.current = current


class OutOfStock(Refused):
    """Less is free than was asked for. `overdue` are checkouts that hold some of it past their time."""

    code = "INSUFFICIENT_STOCK"

    def __init__(
        self, variant_id: str, requested: int, available: int, path: Path | None = None, overdue: Sequence[str] = ()
    ) -> None:
        super().__init__(f"{requested} of {variant_id} were asked for and {available} are free.", path)
        self.variant_id = variant_id
        self.requested = requested
        self.available = available
        self.overdue = list(overdue)


class StockConflict(Refused):
    """`changeFrom` was not what is on hand."""

    code = "CONFLICT"

    def __init__(self, variant_id: str, warehouse_id: str, on_hand: int, path: Path | None = None) -> None:
        super().__init__(f"{on_hand} of {variant_id} are on hand: count again.", path)
        self.variant_id = variant_id
        self.warehouse_id = warehouse_id
        self.on_hand = on_hand


class NotAllowedFrom(Refused):
    """The thing is in a state from which this step is not allowed."""

    code = "INVALID_TRANSITION"

    def __init__(self, what: str, state: str, allowed: Sequence[str], path: Path | None = None) -> None:
        legal = ", ".join(allowed) if allowed else "nothing"
        super().__init__(f"{what} is {state}: from there it may become {legal}.", path)
        self.state = state
        self.allowed = list(allowed)


class ReservationExpired(Refused):
    """The checkout's time is over and its stock was given back."""

    code = "RESERVATION_EXPIRED"


class PriceChanged(Refused):
    """The total is not what the buyer was shown. Amounts in smallest units."""

    code = "PRICE_CHANGED"

    def __init__(self, expected: int, actual: int, currency: str) -> None:
        message = "The total is not the expected one: show the buyer the new total and complete again."
        super().__init__(message, ["expectedTotal"])
        self.expected = expected
        self.actual = actual
        self.currency = currency


class AboveLimit(Refused):
    """A quantity or a count above what one may have."""

    code = "LIMIT_EXCEEDED"

    def __init__(self, message: str, limit: int, path: Path | None = None) -> None:
        super().__init__(message, path)
        self.limit = limit


class CodeNotApplicable(Refused):
    """A code gives nothing here. `reason` is the API's CodeProblem; `missing` is what the cart lacks, in smallest units."""

    code = "CODE_NOT_APPLICABLE"

    def __init__(self, reason: str, message: str, missing: int | None = None, currency: str = "") -> None:
        super().__init__(message, ["code"])
        self.reason = reason
        self.missing = missing
        self.currency = currency


class PaymentRefused(Refused):
    """PAYMENT_DECLINED or PAYMENT_PENDING. Unlike other refusals the attempt is on record."""

    def __init__(self, code: str, message: str, payment_id: str, decline_code: str | None, *, retryable: bool) -> None:
        super().__init__(message)
        self.code = code
        self.payment_id = payment_id
        self.decline_code = decline_code
        self.retryable = retryable


class KeyReused(Refused):
    """The idempotency key belongs to another input."""

    code = "IDEMPOTENCY_KEY_REUSED"


class StillInProgress(Refused):
    """The same command under the same key has not finished yet."""

    code = "IN_PROGRESS"


class BusyError(Exception):
    """No refusal: the database was held by others too long. Nothing was written; the command may be sent again."""

    code = "BUSY"
