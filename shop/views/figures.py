"""Customers, their reviews and credits, and what was sold by day and by product."""

import msgspec

from shop.events import Address
from shop.money import Money
from shop.views.base import Document

# Parts of documents never refer back to them, so the garbage collector need not look at them (gc=False).


class CreditLine(msgspec.Struct, gc=False):
    sku: str
    name: str
    quantity: int
    unit_price: Money
    total: Money


class Credit(Document, kw_only=True, omit_defaults=True):
    view = "credit"

    number: str
    at: str
    channel: str
    amount: Money
    lines: list[CreditLine]
    customer_id: str | None = None


class KeptAddress(Address, frozen=True, kw_only=True, omit_defaults=True):
    """An address that a customer keeps, by its own id."""

    id: str


class Customer(Document, kw_only=True, omit_defaults=True):
    """`total_spent`: per currency, what was paid less what was refunded on orders. `credit_ids` in order of recording.

    The defaults are ids of `addresses`.
    """

    view = "customer"

    external_ref: str | None = None
    email: str | None = None
    name: str | None = None
    order_count: int = 0
    total_spent: list[Money] = []
    credit_ids: list[str] = []
    email_verified: bool = False
    addresses: list[KeptAddress] = []
    default_shipping_id: str | None = None
    default_billing_id: str | None = None


class Review(Document, kw_only=True, omit_defaults=True):
    """`channel` is the one that its product is shown for: not stored, the read side fills it in."""

    view = "review"

    channel: str = ""

    product_id: str
    customer_id: str
    rating: int
    created_at: str
    status: str = "PENDING"
    title: str | None = None
    body: str | None = None


class SalesDay(Document, kw_only=True, omit_defaults=True):
    view = "sales_day"

    channel: str
    date: str
    orders: int = 0
    units: int = 0
    revenue: Money
    refunded: Money


class DayOfProduct(msgspec.Struct, array_like=True, gc=False):
    """Units and revenue (smallest units of the channel's currency) of one product on one day."""

    units: int
    revenue: int


class ProductSales(Document, kw_only=True, omit_defaults=True):
    """What one product sold in one channel in one month, by day: what top products are ranked from."""

    view = "product_sales"

    channel: str
    days: dict[str, DayOfProduct] = {}
