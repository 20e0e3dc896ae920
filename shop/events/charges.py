"""What makes a total beside prices, as the shop offers it: shipping methods and tax rates."""

from shop import ids
from shop.events.base import Event


class ShippingMethodDefined(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A shipping method as it is from now on. Amounts in the channel's smallest units, weights in grams."""

    shipping_method_id: str
    name: str
    channel: str
    currency: str
    countries: list[str]
    price: int
    active: bool
    free_from: int | None = None
    max_weight_grams: int | None = None
    min_days: int | None = None
    max_days: int | None = None

    @property
    def stream(self) -> str:
        return self.shipping_method_id


class TaxRateSet(Event, frozen=True, kw_only=True, omit_defaults=True):
    """The rate of a country, or of a region of it, from now on: a decimal text in percent."""

    country: str
    rate: str
    inclusive: bool
    region: str | None = None

    @property
    def stream(self) -> str:
        return ids.tax_rate(self.country, self.region)
