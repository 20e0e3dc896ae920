"""What makes a total beside prices: shipping methods, tax rates, promotions, and what checkouts and orders show of them."""

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


class Promotion(Document, kw_only=True, omit_defaults=True):
    """`percentage` as a decimal text. That it has started, or ended, depends on the clock: whoever reads it sees."""

    view = "promotion"

    code: str
    name: str
    kind: str
    percentage: str | None = None
    amount: Money | None = None
    minimum_subtotal: Money | None = None
    starts_at: str | None = None
    ends_at: str | None = None
    usage_limit: int | None = None
    used: int = 0
    active: bool = True
    once_per_customer: bool = False


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


class AppliedCode(msgspec.Struct, kw_only=True, omit_defaults=True, gc=False):
    """What a code gives; with a `problem` (the API's CodeProblem) it gives nothing."""

    code: str
    name: str
    kind: str
    amount: Money
    problem: str | None = None
    missing: Money | None = None
