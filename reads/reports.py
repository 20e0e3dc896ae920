"""Figures: what was sold by day, and what sold best."""

import datetime as dt

import msgspec

from reads import catalog, products
from reads.errors import BadCursor
from reads.reading import Reading
from shop import ids, views
from shop.money import Money, money
from shop.views import Product, ProductSales, SalesDay

_MOST_DAYS = 3_700
_MOST_RANKED = 100


class TopProduct(msgspec.Struct, frozen=True):
    product: Product
    units: int
    revenue: Money


async def sales(reading: Reading, channel: str, from_day: dt.date, to_day: dt.date) -> list[SalesDay]:
    """The days of a span, both ends inclusive; a day without sales or refunds is left out."""
    days = _days(from_day, to_day)
    found = await reading.many(SalesDay, [ids.sales_day(channel, day) for day in days])
    return [one for one in found if one is not None]


async def top_products(
    reading: Reading, channel: str, from_day: dt.date, to_day: dt.date, first: int, by: str
) -> list[TopProduct]:
    """The best sellers of a span, by REVENUE or UNITS, gross; among equals the older product comes first."""
    if not 0 <= first <= _MOST_RANKED:
        raise BadCursor(f"Ask for 0 to {_MOST_RANKED} products, not {first}.")
    days = _days(from_day, to_day)
    units = await reading.sums(ProductSales, [views.top(channel, day, "UNITS") for day in days])
    revenue = await reading.sums(ProductSales, [views.top(channel, day, "REVENUE") for day in days])
    ranked = revenue if by == "REVENUE" else units
    best = sorted(ranked, key=lambda product_id: (-ranked[product_id], product_id))[:first]
    shown = await products.by_ids(reading, channel, best)
    sold_in = await catalog.channel(reading, channel)
    currency = "" if sold_in is None else sold_in.currency
    return [
        TopProduct(product, units.get(product_id, 0), money(revenue.get(product_id, 0), currency))
        for product_id, product in zip(best, shown, strict=True)
        if product is not None
    ]


def _days(from_day: dt.date, to_day: dt.date) -> list[str]:
    count = (to_day - from_day).days + 1
    if count > _MOST_DAYS:
        raise BadCursor(f"A span has {_MOST_DAYS} days at most, not {count}.")
    return [str(from_day + dt.timedelta(days=number)) for number in range(count)]
