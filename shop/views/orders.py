"""Orders with their money and the movement of their goods."""

from typing import Any

import msgspec

from shop.events import Address, PaymentAction
from shop.money import Money
from shop.views.base import Document
from shop.views.charges import AppliedCode, ShippingQuote, TaxLine
from shop.views.selling import Line

# Parts of documents never refer back to them, so the garbage collector need not look at them (gc=False).


class Allocation(msgspec.Struct, gc=False):
    warehouse_id: str
    quantity: int


class OrderLine(Line, kw_only=True, omit_defaults=True, gc=False):
    status: str
    quantity_shipped: int = 0
    quantity_returned: int = 0
    quantity_canceled: int = 0
    allocations: list[Allocation] = []


class LedgerEntry(msgspec.Struct, kw_only=True, omit_defaults=True, gc=False):
    id: str
    kind: str
    outcome: str
    amount: Money
    at: str
    provider_ref: str | None = None
    message: str | None = None


class Payment(msgspec.Struct, kw_only=True, omit_defaults=True, gc=False):
    id: str
    provider: str
    state: str
    authorized: Money
    captured: Money
    refunded: Money
    ledger: list[LedgerEntry] = []
    decline_code: str | None = None
    action: PaymentAction | None = None


class MovedLine(msgspec.Struct, gc=False):
    """Units of an order line that a fulfillment carries or a return brings back."""

    line_id: str
    quantity: int


class Fulfillment(msgspec.Struct, kw_only=True, omit_defaults=True, gc=False):
    id: str
    state: str
    warehouse_id: str
    created_at: str
    lines: list[MovedLine] = []
    carrier: str | None = None
    tracking_number: str | None = None
    tracking_url: str | None = None
    shipped_at: str | None = None
    delivered_at: str | None = None


class Return(msgspec.Struct, kw_only=True, omit_defaults=True, gc=False):
    id: str
    state: str
    created_at: str
    lines: list[MovedLine] = []
    reason: str | None = None
    refunded: Money | None = None


class Order(Document, kw_only=True, omit_defaults=True):
    view = "order"
    fold_version = 5

    number: str
    channel: str
    created_at: str
    subtotal: Money
    discount: Money
    shipping: Money
    tax: Money
    total: Money
    paid: Money
    refunded: Money
    status: str = "PENDING_PAYMENT"
    payment_status: str = "NONE"
    fulfillment_status: str = "UNFULFILLED"
    checkout_id: str | None = None
    placed_at: str | None = None
    customer_id: str | None = None
    email: str | None = None
    shipping_address: Address | None = None
    billing_address: Address | None = None
    metadata: Any = None
    lines: list[OrderLine] = []
    payments: list[Payment] = []
    fulfillments: list[Fulfillment] = []
    returns: list[Return] = []
    shipping_method: ShippingQuote | None = None
    tax_lines: list[TaxLine] = []
    tax_included: bool = False
    applied_codes: list[AppliedCode] = []
