"""Payment providers: what the shop asks of one and what it may answer. A provider moves money and knows no rule of the shop."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, Literal, Protocol

import msgspec

from shop.events import PaymentAction
from writes.signatures import BadWebhookError


class ProviderCall(msgspec.Struct, frozen=True):
    """One thing asked of a provider. `entry_id` is its idempotency key: asked twice, it acts once. Smallest units.

    `way`: PERFORM it; RESUME it, for the buyer is back with `data`; or ASK what became of it, for nobody here knows.
    `repeatable`: where the provider never heard of it, it may be performed now; a token is not kept, so a first charge is not.
    """

    provider: str
    entry_id: str
    payment_id: str
    order_id: str
    kind: str  # AUTHORIZE, CAPTURE (with a token authorize and capture at once, else what was authorized), VOID or REFUND
    amount: int
    currency: str
    token: str | None = None
    return_url: str | None = None
    data: Any = None
    way: Literal["PERFORM", "RESUME", "ASK"] = "PERFORM"
    repeatable: bool = False


class ProviderResult(msgspec.Struct, frozen=True):
    """What the provider did: `succeeded`, with its own reference, or why not. None: it is not decided yet.

    `action` is what the buyer must do before it is.
    """

    succeeded: bool | None
    reference: str | None = None
    decline_code: str | None = None
    message: str | None = None
    action: PaymentAction | None = None


class Settled(msgspec.Struct, frozen=True):
    """A webhook says what came of a ledger entry."""

    entry_id: str
    result: ProviderResult


class ChargedBack(msgspec.Struct, frozen=True):
    """A webhook says that the buyer's bank took money back of the charge that `entry_id` asked for. Smallest units."""

    entry_id: str
    reference: str
    amount: int
    message: str | None = None


Told = Settled | ChargedBack


class Provider(Protocol):
    """How money is moved. `by_hand` providers are asked for no charge: staff record what they see on the account.

    `name` and `data` are shown to buyers; `data` is what the provider's widget needs, such as a public key.
    `ship_before_payment` lets goods leave before any money is there or promised.
    What is raised here is taken as no answer: recovery will ask.
    """

    name: str
    data: Any
    by_hand: bool
    ship_before_payment: bool

    def accepts(self, token: str | None) -> bool:
        """Tell whether the token can be one of this provider's, before anything is written."""
        ...

    async def perform(self, call: ProviderCall) -> ProviderResult:
        """Move the money, once for the call's `entry_id` however often it is asked."""
        ...

    async def resume(self, call: ProviderCall) -> ProviderResult:
        """Go on after the buyer's action; `call.data` is what the buyer's browser brought back, and proves nothing."""
        ...

    async def ask(self, call: ProviderCall) -> ProviderResult | None:
        """Say what became of `call.entry_id`. None only where the provider is sure that it never heard of it."""
        ...

    def read_webhook(self, headers: Mapping[str, str], body: bytes, now: dt.datetime) -> Sequence[Told]:
        """Check who sent the body and when, then say what it tells. Otherwise it is a BadWebhookError."""
        ...


def open_ways(
    providers: Mapping[str, Provider], open_in: Mapping[str, Sequence[str]] | None, channel: str
) -> dict[str, Provider]:
    """The providers that are open to the buyers of a channel, by code, in the order of the settings; None opens all."""
    return {code: providers[code] for code in (providers if open_in is None else open_in.get(channel, ()))}


class Manual:
    """Cash or bank transfer: the order is placed unpaid, staff capture the money when it is there."""

    name = "Cash or bank transfer"
    data = None
    by_hand = True

    def __init__(self, *, ship_before_payment: bool = False) -> None:
        self.ship_before_payment = ship_before_payment

    def accepts(self, token: str | None) -> bool:
        return token is None

    async def perform(self, call: ProviderCall) -> ProviderResult:
        return ProviderResult(succeeded=True, reference=call.entry_id)

    async def resume(self, call: ProviderCall) -> ProviderResult:  # noqa: ARG002  nothing of it is ever undecided
        return ProviderResult(succeeded=None)

    async def ask(self, call: ProviderCall) -> None:  # noqa: ARG002  nobody but staff could tell
        return None

    def read_webhook(self, headers: Mapping[str, str], body: bytes, now: dt.datetime) -> Sequence[Told]:  # noqa: ARG002
        raise BadWebhookError("What is paid by hand is told by nobody.")
