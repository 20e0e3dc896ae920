"""What a buyer is asked to do before money moves, and the ways to pay that a checkout offers."""

import datetime as dt
import enum
from typing import Any

import strawberry

from schema.scalars import JSON
from shop.events import PaymentAction as Action


@strawberry.enum
class PaymentActionKind(enum.StrEnum):
    REDIRECT = "REDIRECT"
    WIDGET = "WIDGET"
    WAIT = "WAIT"


@strawberry.type(
    description="What the buyer does before the money moves. REDIRECT: open `url`, come back to `returnUrl`. "
    "WIDGET: hand `data` to the provider's script. WAIT: nothing."
)
class PaymentAction:
    kind: PaymentActionKind
    url: str | None
    data: JSON | None
    expires_at: dt.datetime | None


@strawberry.type(
    description="A way to pay that is open to this checkout. `data` is what its widget needs, such as a public key."
)
class PaymentProvider:
    code: str
    name: str
    data: JSON | None


def as_json(action: Action) -> dict[str, Any]:
    """An action as one JSON value, under the names of the API; what is absent is left out."""
    told = {"kind": action.kind, "url": action.url, "data": action.data, "expiresAt": action.expires_at}
    return {name: value for name, value in told.items() if value is not None}
