"""What a listing of products may be narrowed by, as clients say it; a collection's rule is written down in the same words."""

import datetime as dt
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

import msgspec

from shop import clock, views
from shop.money import decimals
from shop.views import Channel, Collection

Bounds = tuple[str | None, str | None]  # from a sort key on, and below another; None where that end is open

_BEYOND_ALL_PRICES = Decimal(10) ** 13
_BEYOND_ALL_RATINGS = Decimal(6)


class Prices(msgspec.Struct, frozen=True, rename="camel"):
    """Decimal texts, in the channel's currency. A product's price is the lowest of its variants'."""

    gte: str | None = None
    lte: str | None = None


class Moments(msgspec.Struct, frozen=True, rename="camel"):
    gte: dt.datetime | None = None
    lt: dt.datetime | None = None

    @property
    def bounds(self) -> Bounds:
        return _instant(self.gte), _instant(self.lt)


class Texts(msgspec.Struct, frozen=True, rename="camel"):
    eq: str | None = None
    in_: list[str] | None = msgspec.field(name="in", default=None)

    @property
    def values(self) -> set[str] | None:
        """The texts that fit; None where all do."""
        if self.eq is None:
            return None if self.in_ is None else set(self.in_)
        return {self.eq} if self.in_ is None else {self.eq} & set(self.in_)


class AttributeFilter(msgspec.Struct, frozen=True, rename="camel"):
    key: str
    in_: list[str] = msgspec.field(name="in")


class ProductFilter(msgspec.Struct, frozen=True, rename="camel"):
    """What a listing shows; all that is named must hold.

    `published` False shows what the channel does not sell, None both.
    """

    ids: list[str] | None = None
    category: str | None = None
    collection: str | None = None
    vendor: Texts | None = None
    tag: Texts | None = None
    price: Prices | None = None
    in_stock: bool | None = None
    on_sale: bool | None = None
    status: list[str] | None = None
    attributes: list[AttributeFilter] | None = None
    rating_at_least: str | None = None
    updated_at: Moments | None = None
    published: bool | None = True

    def valued(self) -> dict[tuple[str, str], set[str]]:
        """By kind and key of a facet, the values of which one must hold."""
        found: dict[tuple[str, str], set[str]] = {}
        for kind, texts in (("VENDOR", self.vendor), ("TAG", self.tag)):
            if texts is not None and (values := texts.values) is not None:
                found[kind, ""] = values
        for attribute in self.attributes or ():
            found.setdefault(("ATTRIBUTE", attribute.key), set()).update(attribute.in_)
        if self.in_stock is not None:
            found["IN_STOCK", ""] = {views.truth(value=self.in_stock)}
        if self.status is not None:
            found["STATUS", ""] = set(self.status)
        return found

    def bounds(self, sold_in: Channel | None) -> dict[str, Bounds]:
        """Where sort keys must lie, by the sort. A channel that is not there has no prices."""
        found: dict[str, Bounds] = {}
        if self.price is not None and sold_in is not None:
            low, high = _units(self.price.gte, sold_in, ROUND_CEILING), _units(self.price.lte, sold_in, ROUND_FLOOR)
            found["PRICE"] = (
                None if low is None else views.number_key(low),
                None if high is None else views.number_key(high + 1),
            )
        if self.rating_at_least is not None:
            found["RATING"] = views.number_key(_hundredths(self.rating_at_least)), None
        if self.updated_at is not None:
            found["UPDATED_AT"] = self.updated_at.bounds
        return found


def rule_of(collection: Collection | None) -> ProductFilter | None:
    """The filter that a collection's products fit; None where it is a list."""
    return None if collection is None or collection.rule is None else msgspec.convert(collection.rule, ProductFilter)


def _key(units: int | None) -> str | None:
    return None if units is None else views.number_key(units)


def _units(amount: str | None, sold_in: Channel, rounding: str) -> int | None:
    """An amount in smallest units; one beyond all prices is as good as the largest."""
    if amount is None:
        return None
    least = Decimal(1).scaleb(-decimals(sold_in.currency))
    bounded = max(min(Decimal(amount), _BEYOND_ALL_PRICES), -_BEYOND_ALL_PRICES)
    return int((bounded / least).to_integral_value(rounding))


def _hundredths(rating: str) -> int:
    """A rating as sort keys have it; one beyond all ratings is as good as any of those."""
    return int((max(min(Decimal(rating), _BEYOND_ALL_RATINGS), Decimal(0)) * 100).to_integral_value(ROUND_CEILING))


def _instant(moment: dt.datetime | None) -> str | None:
    """Moments are stored in milliseconds: one between two of them stands for the later."""
    return None if moment is None else clock.text(moment + dt.timedelta(microseconds=999))
