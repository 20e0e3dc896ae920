"""Payment providers: the interface, and the two that ship. A provider moves money and knows no rule of the shop."""

from typing import Protocol

import msgspec

_APPROVED = "approve"


class ProviderCall(msgspec.Struct, frozen=True):
    """One thing asked of a provider. `entry_id` is its idempotency key: asked twice, it acts once. Smallest units."""

    provider: str
    entry_id: str
    payment_id: str
    order_id: str
    kind: str  # AUTHORIZE, CAPTURE (with a token authorize and capture at once, else what was authorized), VOID or REFUND
    amount: int
    currency: str
    token: str | None = None


class ProviderResult(msgspec.Struct, frozen=True):
    """What the provider did: `succeeded`, its own reference, or why not."""

    succeeded: bool
    reference: str | None = None
    decline_code: str | None = None
    message: str | None = None


class Provider(Protocol):
    """How money is moved. `by_hand` providers are never called: staff record what they see on the account.

    `ship_before_payment` lets goods leave before any money is there or promised.
    """

    by_hand: bool
    ship_before_payment: bool

    async def perform(self, call: ProviderCall) -> ProviderResult: ...

    def accepts(self, token: str | None) -> bool:
        """Tell whether the token can be one of this provider's, before anything is written."""
        ...


class Manual:
    """Cash or bank transfer: the order is placed unpaid, staff capture the money when it is there."""

    by_hand = True

    def __init__(self, *, ship_before_payment: bool = False) -> None:
        self.ship_before_payment = ship_before_payment

    async def perform(self, call: ProviderCall) -> ProviderResult:
        return ProviderResult(succeeded=True, reference=call.entry_id)

    def accepts(self, token: str | None) -> bool:
        return token is None


class Test:
    """Moves no money. The token says what happens: `approve` or `decline`."""

    by_hand = False
    ship_before_payment = False
    tokens = frozenset({_APPROVED, "decline"})

    async def perform(self, call: ProviderCall) -> ProviderResult:
        if call.token not in {None, _APPROVED}:
            return ProviderResult(succeeded=False, decline_code="card_declined", message="The card was declined.")
        return ProviderResult(succeeded=True, reference=f"test_{call.entry_id}")

    def accepts(self, token: str | None) -> bool:
        return token in self.tokens
