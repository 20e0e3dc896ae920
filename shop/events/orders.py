"""What happens to an order after it exists: money, movement of goods, and what imported books say of the past."""

from typing import Any

import msgspec

from shop import ids
from shop.events.base import Address, Event
from shop.events.selling import Priced
from shop.pricing import Applied, Quote, TaxShare


class OfOrder(Event, frozen=True, kw_only=True, omit_defaults=True):
    order_id: str

    @property
    def stream(self) -> str:
        return self.order_id


class OrderCreated(OfOrder, frozen=True, kw_only=True, omit_defaults=True):
    """The order exists and its stock is held; it counts as a sale only once it is placed."""

    number: str
    checkout_id: str
    channel: str
    currency: str
    lines: list[Priced]
    subtotal: int
    total: int
    discount: int = 0
    shipping: int = 0
    tax: int = 0
    customer_id: str | None = None
    email: str | None = None
    shipping_address: Address | None = None
    billing_address: Address | None = None
    metadata: Any = None
    shipping_method: Quote | None = None
    tax_lines: list[TaxShare] = []
    tax_included: bool = False
    codes: list[Applied] = []

    def roots(self) -> set[str]:
        return {self.order_id, self.checkout_id}


class Sold(msgspec.Struct, frozen=True):
    """What one order sold of one product: units, and line totals after discount, without tax."""

    product_id: str
    units: int
    revenue: int


class OrderPlaced(OfOrder, frozen=True, kw_only=True, omit_defaults=True):
    checkout_id: str
    cart_id: str
    channel: str
    currency: str
    placed_at: str
    sold: list[Sold]
    customer_id: str | None = None

    @property
    def day(self) -> str:
        return self.placed_at[:10]

    def roots(self) -> set[str]:
        return {
            self.order_id,
            self.checkout_id,
            ids.sales_day(self.channel, self.day),
            *(sold.product_id for sold in self.sold),
            *_known(self.customer_id),
        }


class OrderCanceled(OfOrder, frozen=True, kw_only=True, omit_defaults=True):
    payment_status: str
    reason: str | None = None


class LineQuantity(msgspec.Struct, frozen=True):
    line_id: str
    quantity: int


class OrderLinesCanceled(OfOrder, frozen=True, kw_only=True, omit_defaults=True):
    """Lines will not leave; a part of a line is a line of its own by now. The totals are the order's without them."""

    lines: list[LineQuantity]
    subtotal: int
    discount: int
    tax: int
    total: int
    payment_status: str
    fulfillment_status: str
    reason: str | None = None


class OrderDescribed(OfOrder, frozen=True, kw_only=True, omit_defaults=True):
    """What was typed wrong is mended: contact, addresses and metadata as they are from now on."""

    email: str | None = None
    shipping_address: Address | None = None
    billing_address: Address | None = None
    metadata: Any = None


class OrderNoted(OfOrder, frozen=True, kw_only=True, omit_defaults=True):
    """Staff, or the system, left a note on the order's timeline; the log has it and no table."""

    note: str | None = None
    visible_to_customer: bool = False


class PromotionRedeemed(OfOrder, frozen=True, kw_only=True, omit_defaults=True):
    """The order counts as a use of a promotion, which gave it so much."""

    promotion_id: str
    code: str
    amount: int

    def roots(self) -> set[str]:
        return {self.order_id, self.promotion_id}


class PromotionReleased(OfOrder, frozen=True, kw_only=True, omit_defaults=True):
    """The order will never be placed: its use of a promotion counts no more."""

    promotion_id: str

    def roots(self) -> set[str]:
        return {self.order_id, self.promotion_id}


class Share(msgspec.Struct, frozen=True):
    """Units of a line that a warehouse holds, a fulfillment carries, or a return is to bring back."""

    of: str
    quantity: int


class Split(msgspec.Struct, frozen=True, omit_defaults=True):
    """The new line that was cut off another: its share of the money, of what is allocated, was shipped and is to come back."""

    line_id: str
    total: int
    allocations: list[Share]
    fulfillments: list[Share]
    discount: int = 0
    tax: int = 0
    returns: list[Share] = []


class OrderLineMoved(OfOrder, frozen=True, kw_only=True, omit_defaults=True):
    """`quantity` units of a line entered `status`. Where that is not the whole line, they are `split` off."""

    line_id: str
    status: str
    quantity: int
    split: Split | None = None


class OrderCompleted(OfOrder, frozen=True, kw_only=True, omit_defaults=True):
    pass


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
        return {self.order_id, *_known(self.checkout_id)}


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
        return {self.order_id, *_known(self.customer_id)}


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
        return {self.order_id, ids.sales_day(self.channel, self.day), *_known(self.customer_id)}


class ChargebackRecorded(_Payment, frozen=True, kw_only=True, omit_defaults=True):
    """The buyer's bank took money back. It is no refund: nobody here gave it."""


class FulfillmentCreated(OfOrder, frozen=True, kw_only=True, omit_defaults=True):
    fulfillment_id: str
    warehouse_id: str
    lines: list[LineQuantity]


class FulfillmentShipped(OfOrder, frozen=True, kw_only=True, omit_defaults=True):
    fulfillment_id: str
    lines: list[LineQuantity]
    fulfillment_status: str
    carrier: str | None = None
    tracking_number: str | None = None
    tracking_url: str | None = None


class FulfillmentDelivered(OfOrder, frozen=True, kw_only=True, omit_defaults=True):
    fulfillment_id: str
    lines: list[LineQuantity]


class FulfillmentCanceled(OfOrder, frozen=True, kw_only=True, omit_defaults=True):
    """What was packed is unpacked: its lines are held in their warehouse as before."""

    fulfillment_id: str


class FulfillmentTrackingSet(OfOrder, frozen=True, kw_only=True, omit_defaults=True):
    """Carrier and tracking as they are from now on; what is absent is unknown."""

    fulfillment_id: str
    carrier: str | None = None
    tracking_number: str | None = None
    tracking_url: str | None = None


class CustomerRegistered(Event, frozen=True, kw_only=True, omit_defaults=True):
    customer_id: str
    external_ref: str | None = None
    email: str | None = None
    name: str | None = None

    @property
    def stream(self) -> str:
        return self.customer_id


class PastLine(msgspec.Struct, frozen=True, omit_defaults=True):
    """A line of the books. `unit_price` is the exact decimal text: books may have more decimals than the currency."""

    line_id: str
    variant_id: str
    product_id: str
    sku: str
    name: str
    quantity: int
    unit_price: str
    total: int


class PastOrderRecorded(OfOrder, frozen=True, kw_only=True, omit_defaults=True):
    """An order of the past as one fact: placed, paid and shipped at `placed_at`. No stock is touched."""

    number: str
    channel: str
    currency: str
    placed_at: str
    lines: list[PastLine]
    total: int
    payment_id: str
    entry_id: str
    fulfillment_id: str
    warehouse_id: str
    customer_id: str | None = None

    @property
    def day(self) -> str:
        return self.placed_at[:10]

    def roots(self) -> set[str]:
        return {
            self.order_id,
            ids.sales_day(self.channel, self.day),
            *(line.product_id for line in self.lines),
            *_known(self.customer_id),
        }


class ReturnedLine(msgspec.Struct, frozen=True):
    line_id: str
    quantity: int
    amount: int


class PastReturnRecorded(OfOrder, frozen=True, kw_only=True, omit_defaults=True):
    """Goods of a past order that came back and were refunded at `returned_at`, as a credit invoice tells it."""

    return_id: str
    entry_id: str
    payment_id: str
    credit_number: str
    channel: str
    currency: str
    returned_at: str
    lines: list[ReturnedLine]
    refunded: int
    payment_status: str
    fulfillment_status: str
    customer_id: str | None = None

    @property
    def day(self) -> str:
        return self.returned_at[:10]

    def roots(self) -> set[str]:
        return {self.order_id, ids.sales_day(self.channel, self.day), *_known(self.customer_id)}


class CreditLine(msgspec.Struct, frozen=True):
    sku: str
    name: str
    quantity: int
    unit_price: str
    total: int


class CreditRecorded(Event, frozen=True, kw_only=True, omit_defaults=True):
    """Money given back that belongs to no order here. Quantities and totals are above zero."""

    credit_id: str
    number: str
    channel: str
    currency: str
    credited_at: str
    lines: list[CreditLine]
    amount: int
    customer_id: str | None = None

    @property
    def stream(self) -> str:
        return self.credit_id

    @property
    def day(self) -> str:
        return self.credited_at[:10]

    def roots(self) -> set[str]:
        return {self.credit_id, ids.sales_day(self.channel, self.day), *_known(self.customer_id)}


def _known(identifier: str | None) -> set[str]:
    return set() if identifier is None else {identifier}
