"""What makes a total beside prices, as the shop offers it: shipping methods, tax rates, promotions."""

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


class _OfPromotion(Event, frozen=True, kw_only=True, omit_defaults=True):
    promotion_id: str

    @property
    def stream(self) -> str:
        return self.promotion_id


class PromotionDefined(_OfPromotion, frozen=True, kw_only=True, omit_defaults=True):
    """A promotion as it is from now on. `percentage` is a decimal text; amounts are in the currency's smallest units."""

    code: str
    name: str
    kind: str
    percentage: str | None = None
    amount: int | None = None
    minimum_subtotal: int | None = None
    currency: str | None = None
    starts_at: str | None = None
    ends_at: str | None = None
    usage_limit: int | None = None
    once_per_customer: bool = False
    used: int = 0


class PromotionDeactivated(_OfPromotion, frozen=True, kw_only=True, omit_defaults=True):
    pass
