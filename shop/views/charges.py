"""What makes a total beside prices: shipping methods and tax rates, and what checkouts and orders show of them."""

import msgspec

from shop.money import Money
from shop.views.base import Document


class ShippingMethod(Document, kw_only=True, omit_defaults=True):
    view = "shipping_method"

    name: str
    channel: str
    countries: list[str]
    price: Money
    free_from: Money | None = None
    max_weight_grams: int | None = None
    min_days: int | None = None
    max_days: int | None = None
    active: bool = True


class TaxRate(Document, kw_only=True, omit_defaults=True):
    """`rate` as a decimal text in percent."""

    view = "tax_rate"

    country: str
    rate: str
    inclusive: bool
    region: str | None = None


# Parts of documents never refer back to them, so the garbage collector need not look at them (gc=False).


class ShippingQuote(msgspec.Struct, kw_only=True, omit_defaults=True, gc=False):
    """A way to ship, at its price for what is bought; its id is the method's."""

    id: str
    name: str
    price: Money
    min_days: int | None = None
    max_days: int | None = None


class TaxLine(msgspec.Struct, kw_only=True, omit_defaults=True, gc=False):
    """One rate's share; `taxable` is without the tax."""

    country: str
    rate: str
    included: bool
    taxable: Money
    amount: Money
    region: str | None = None
