"""Carts and checkouts."""

from typing import Any

import msgspec

from shop.events import Address, Attribute, Media
from shop.money import Money
from shop.views.base import Document
from shop.views.charges import AppliedCode, ShippingQuote, TaxLine

# Parts of documents never refer back to them, so the garbage collector need not look at them (gc=False).


class CartLine(msgspec.Struct, kw_only=True, omit_defaults=True, gc=False):
    id: str
    variant_id: str
    product_id: str
    quantity: int


class Cart(Document, kw_only=True, omit_defaults=True):
    """Prices and problems of its lines are joined when it is read: a cart promises nothing."""

    view = "cart"

    channel: str
    currency: str
    expires_at: str
    status: str = "OPEN"
    customer_id: str | None = None
    checkout_id: str | None = None
    lines: list[CartLine] = []
    promotion_ids: list[str] = []


class Line(msgspec.Struct, kw_only=True, omit_defaults=True, gc=False):
    """A line with the price that was taken: it does not move with the catalog."""

    id: str
    variant_id: str
    product_id: str
    sku: str
    name: str
    quantity: int
    unit_price: Money
    discount: Money
    tax: Money
    total: Money
    option_values: list[Attribute] = []
    image: Media | None = None


class Checkout(Document, kw_only=True, omit_defaults=True):
    view = "checkout"

    cart_id: str
    channel: str
    reserved_until: str
    subtotal: Money
    discount: Money
    shipping: Money
    tax: Money
    total: Money
    status: str = "OPEN"
    email: str | None = None
    shipping_address: Address | None = None
    billing_address: Address | None = None
    metadata: Any = None
    order_id: str | None = None
    lines: list[Line] = []
    weight_grams: int = 0
    shipping_method: ShippingQuote | None = None
    tax_lines: list[TaxLine] = []
    tax_included: bool = False
    applied_codes: list[AppliedCode] = []
