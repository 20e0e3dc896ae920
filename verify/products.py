"""Products with their variants, for staff and for each channel, and the listings they stand in, as the tables tell them."""

import copy
from decimal import Decimal
from typing import Any

import msgspec

from shop.events import Attribute, Media
from shop.money import money
from shop.views import Level, Product, Variant, VariantPrice
from verify.catalog import media
from verify.expected import Expected
from verify.finding import expect_found

_VARIANTS = """
    SELECT product_id AS of, id, sku, sku_folded, name, option_values, backorderable, discontinued, weight_grams, barcode, image
    FROM variants
"""
_PRICES = """
    SELECT p.variant_id AS of, p.channel, p.amount, p.compare_at, c.currency
    FROM variant_prices p JOIN channels c ON c.code = p.channel
"""
_LEVELS = """
    SELECT l.variant_id AS of, v.product_id, l.variant_id, l.warehouse_id, l.on_hand, l.allocated, l.reserved, w.active
    FROM stock_levels l JOIN variants v ON v.id = l.variant_id JOIN warehouses w ON w.id = l.warehouse_id
"""
_SOLD = """
    SELECT l.product_id, CAST(sum(l.quantity) AS bigint) AS units FROM order_lines l JOIN orders o ON o.id = l.order_id
    WHERE o.placed_at IS NOT NULL GROUP BY l.product_id
"""


def expect_products(expected: Expected) -> None:
    variants = expected.grouped(_VARIANTS)
    prices = expected.grouped(_PRICES)
    levels = expected.grouped(_LEVELS)
    slugs = expected.grouped("SELECT product_id AS of, slug FROM product_slugs")
    filed = expected.grouped("SELECT product_id AS of, category_id FROM product_categories")
    listed = expected.grouped("SELECT product_id AS of, collection_id, place FROM collection_products")
    published = expected.grouped("SELECT product_id AS of, channel FROM publications")
    sold = {row.product_id: row.units for row in expected.rows(_SOLD)}
    ratings = _ratings(expected)
    for row in expected.rows("SELECT * FROM products"):
        product = Product(
            id=row.id,
            version=expected.versions[row.id],
            slug=row.slug,
            name=row.name,
            created_at=row.created_at,
            status=row.status,
            description=row.description,
            vendor=row.vendor,
            category_ids=[one.category_id for one in filed[row.id]],
            places={one.collection_id: one.place for one in listed[row.id]},
            tags=row.tags,
            attributes=msgspec.convert(row.attributes, list[Attribute]),
            media=msgspec.convert(row.media, list[Media]),
            metadata=row.metadata,
            variants=[_variant(expected, one, prices[one.id], levels[one.id]) for one in variants[row.id]],
            units_sold=sold.get(row.id, 0),
            ratings=ratings.get(row.id, []),
            channels=sorted(one.channel for one in published[row.id]),
            former_slugs=[one.slug for one in slugs[row.id] if one.slug != row.slug],
        )
        expected.document(product)
        for channel in {price.channel for one in variants[row.id] for price in prices[one.id]}:
            expected.document(_shown_in(product, channel))
        _expect_lookups(expected, product, [one.slug for one in slugs[row.id]], variants[row.id])
        sold_at = {one.id: prices[one.id] for one in variants[row.id] if not one.discontinued}
        priced_in = {price.channel for one in variants[row.id] for price in prices[one.id]}
        _expect_listings(expected, product, sold_at, priced_in)
        expect_found(expected, product, sold_at)


def _ratings(expected: Expected) -> dict[str, list[int]]:
    """Of each product that staff ever moderated a review of: its published reviews of one star, of two, and so on."""
    found: dict[str, list[int]] = {}
    for row in expected.rows("SELECT id, product_id, rating, status FROM reviews"):
        if expected.versions[row.id] > 1:
            counts = found.setdefault(row.product_id, [0, 0, 0, 0, 0])
            counts[row.rating - 1] += row.status == "PUBLISHED"
    return found


def _average(counts: list[int]) -> int:
    """In hundredths of a star, half up."""
    stars = [star for star, count in enumerate(counts, 1) for _ in range(count)]
    return int(Decimal(100 * sum(stars)) / len(stars) + Decimal("0.5")) if stars else 0


def _variant(expected: Expected, row: Any, prices: list[Any], levels: list[Any]) -> Variant:
    shown = [level for level in levels if expected.level_is_shown(level)]
    free = [level.on_hand - level.allocated - level.reserved for level in levels if level.active]
    return Variant(
        id=row.id,
        version=expected.versions[row.id],
        updated_at="",
        sku=row.sku,
        name=row.name,
        option_values=msgspec.convert(row.option_values, list[Attribute]),
        backorderable=bool(row.backorderable),
        discontinued=bool(row.discontinued),
        weight_grams=row.weight_grams,
        barcode=row.barcode,
        image=media(row.image),
        available_quantity=sum(units for units in free if units > 0),
        prices=[_price(price) for price in sorted(prices, key=lambda row: row.channel)],
        levels={one.warehouse_id: Level(one.on_hand, one.allocated, one.reserved, bool(one.active)) for one in shown},
    )


def _price(row: Any) -> VariantPrice:
    compare_at = None if row.compare_at is None else money(row.compare_at, row.currency)
    return VariantPrice(row.channel, money(row.amount, row.currency), compare_at)


def _shown_in(product: Product, channel: str) -> Product:
    """What a channel's buyers see: its own price of each variant, none of the staff's lists."""
    shown = copy.deepcopy(product)
    shown.id, shown.channel = f"{product.id}:{channel}", channel
    shown.published = channel in product.channels
    shown.channels, shown.former_slugs = [], []
    for variant in shown.variants:
        for price in variant.prices:
            if price.channel == channel:
                variant.price, variant.compare_at_price = price.price, price.compare_at
        variant.prices, variant.levels = [], {}
    return shown


def _expect_lookups(expected: Expected, product: Product, slugs: list[str], variants: list[Any]) -> None:
    expected.sorted_by(product, "every", product.created_at)
    for slug in slugs:
        expected.sorted_by(product, "lookup", f"slug={slug}")
    for variant in variants:
        expected.sorted_by(product, "lookup", f"variant={variant.id}")
        expected.sorted_by(product, "lookup", f"sku={variant.sku_folded}")
        if variant.barcode is not None:
            expected.sorted_by(product, "lookup", f"barcode={variant.barcode}")


def _expect_listings(expected: Expected, product: Product, prices: dict[str, list[Any]], priced_in: set[str]) -> None:
    """`prices` are those of the variants that are still sold. A listing shows what is published in its channel."""
    for channel in priced_in | set(product.channels):
        keys = _keys(expected, product, [row.amount for rows in prices.values() for row in rows if row.channel == channel])
        if channel not in product.channels:
            expected.sorted_by(product, f"listing:{channel}:unsold:PRICE", keys["PRICE"])
            continue
        for scope in ["all", *product.category_ids, *product.places]:
            for sort, key in keys.items():
                expected.sorted_by(product, f"listing:{channel}:{scope}:{sort}", key)
        for collection_id, place in product.places.items():
            expected.sorted_by(product, f"listing:{channel}:{collection_id}:POSITION", as_number(place))
    if not product.channels:
        for sort, key in _keys(expected, product, []).items():
            expected.sorted_by(product, f"listing::all:{sort}", key)


def _keys(expected: Expected, product: Product, amounts: list[int]) -> dict[str, str]:
    return {
        "NAME": product.name.casefold(),
        "PRICE": as_number(min(amounts) if amounts else 0),
        "CREATED_AT": product.created_at,
        "BEST_SELLING": as_number(product.units_sold),
        "UPDATED_AT": expected.updated_at(product),
        "RATING": as_number(_average(product.ratings)),
    }


def as_number(value: int) -> str:
    """A whole number as sort keys write it: eighteen digits, a hundred quadrillions up, so that texts order as numbers."""
    return str(100_000_000_000_000_000 + value).rjust(18, "0")
