"""What happens to the money of an order: each step of a payment, as its ledger has it."""

from typing import Any

import msgspec

from shop import ids
from shop.events.orders import OfOrder, known


class _Payment(OfOrder, frozen=True, kw_only=True, omit_defaults=True):
    """A step of a payment. `payment_status` is the order's, decided from the whole ledger after this step."""

    payment_id: str
    entry_id: str
    amount: int
    currency: str
    payment_status: str
    customer_id: str | None = None
    provider_ref: str | None = None
    message: str | None = None


class PaymentStarted(_Payment, frozen=True, kw_only=True, omit_defaults=True):
    """A step is on the ledger as PENDING. `checkout_id` is the checkout that now waits for a provider's answer."""

    provider: str
    kind: str
    checkout_id: str | None = None

    def roots(self) -> set[str]:
        return {self.order_id, *known(self.checkout_id)}


class PaymentAction(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the buyer does before the money moves: REDIRECT to `url`, WIDGET with `data`, or WAIT."""

    kind: str
    url: str | None = None
    data: Any = None
    expires_at: str | None = None


class PaymentActionRequired(_Payment, frozen=True, kw_only=True, omit_defaults=True):
    """The provider wants the buyer to do something first; the entry stays PENDING."""

    action: PaymentAction | None = None


class PaymentAuthorized(_Payment, frozen=True, kw_only=True, omit_defaults=True):
    pass


class PaymentCaptured(_Payment, frozen=True, kw_only=True, omit_defaults=True):
    def roots(self) -> set[str]:
        return {self.order_id, *known(self.customer_id)}


class PaymentVoided(_Payment, frozen=True, kw_only=True, omit_defaults=True):
    pass


class PaymentFailed(_Payment, frozen=True, kw_only=True, omit_defaults=True):
    decline_code: str | None = None


class PaymentRefunded(_Payment, frozen=True, kw_only=True, omit_defaults=True):
    """`goods` is the part of the refund that gives back line totals: what the sales figures count.

    `refunded_at` is when the provider was asked for it, also where its answer came days later.
    """

    channel: str
    refunded_at: str
    goods: int

    @property
    def day(self) -> str:
        return self.refunded_at[:10]

    def roots(self) -> set[str]:
        return {self.order_id, ids.sales_day(self.channel, self.day), *known(self.customer_id)}


class ChargebackRecorded(_Payment, frozen=True, kw_only=True, omit_defaults=True):
    """The buyer's bank took money back. It is no refund: nobody here gave it."""
