"""What happens to an order after it exists. Its money, its parcels and what comes back stand in files of their own."""

from typing import Any

import msgspec

from shop import ids
from shop.events.base import Address, Event
from shop.events.selling import Priced
from shop.pricing import Applied, Quote, TaxShare


def known(identifier: str | None) -> set[str]:
    """The root that an event changes beside its own, where there is one."""
    return set() if identifier is None else {identifier}


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
            *known(self.customer_id),
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
    tax_lines: list[TaxShare] = []
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
