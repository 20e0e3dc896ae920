"""Products as a channel shows them, one by one and in listings."""

import datetime as dt
from collections.abc import Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

import msgspec

from reads.catalog import category_and_below
from reads.pages import Edge, Page, Window, page, page_among, page_of
from reads.reading import Reading
from reads.store import Group, Range
from shop import clock, ids, views
from shop.money import decimals
from shop.views import Channel, Product, Variant

_BEYOND_ALL_PRICES = Decimal(10) ** 13
_LAST = "\U0010ffff"

# Which way a sort goes where nobody says: best sellers and newest first, names, prices and places rising.
_FALLING = {"NAME": False, "PRICE": False, "CREATED_AT": True, "BEST_SELLING": True, "UPDATED_AT": True, "POSITION": False}


class Prices(msgspec.Struct, frozen=True):
    """Decimal texts, in the channel's currency. A product's price is the lowest of its variants'."""

    gte: str | None = None
    lte: str | None = None


class Moments(msgspec.Struct, frozen=True):
    gte: dt.datetime | None = None
    lt: dt.datetime | None = None


class ProductFilter(msgspec.Struct, frozen=True):
    """What a listing shows; all that is named must hold. Only what is published in the channel is listed."""

    ids: list[str] | None = None
    category: str | None = None
    collection: str | None = None
    status: list[str] | None = None
    price: Prices | None = None
    updated_at: Moments | None = None


async def product(reading: Reading, channel: str, *, id: str | None = None, slug: str | None = None) -> Product | None:
    """One product by its id or by a slug it has or had: as the channel sells it, else as staff see it."""
    if id is None and slug is not None:
        id = await reading.lookup(Product, "slug", slug)
    if id is None:
        return None
    [found] = await by_ids(reading, channel, [id])
    return found


async def by_ids(reading: Reading, channel: str, ids: Sequence[str]) -> list[Product | None]:
    """Products by id, in the order asked for, in one round trip."""
    both = await reading.many(Product, [f"{one}:{channel}" for one in ids] + list(ids))
    return [_shown(here or staff, channel) for here, staff in zip(both[: len(ids)], both[len(ids) :], strict=True)]


async def products(
    reading: Reading, channel: str, where: ProductFilter | None, sort: str, descending: bool | None, window: Window
) -> Page[Product]:
    """A listing. `descending` None takes the sort's natural direction."""
    where = where or ProductFilter()
    falling = _FALLING[sort] if descending is None else descending
    if where.ids is not None:
        return await _chosen(reading, channel, where, sort, falling, window)
    sold = where.status is None or "ACTIVE" in where.status  # what is published is active
    ordered, *others = await _groups(reading, channel, where, sort) if sold else [Group([])]

    def document_id(product_id: str) -> str:
        return f"{product_id}:{channel}"

    def fits(one: Product) -> bool:
        return one.published

    if others or ordered.bounded:
        members = await _in_all(reading, ordered, others)
        found = await page_among(reading, Product, members, window, falling=falling, document_id=document_id, fits=fits)
    else:
        found = await page(reading, Product, ordered.indexes, window, falling=falling, document_id=document_id, fits=fits)
    edges = [Edge(edge.cursor, node) for edge in found.edges if (node := _shown(edge.node, channel)) is not None]
    return Page(edges, found.page_info, found.total_count)


async def _groups(reading: Reading, channel: str, where: ProductFilter, sort: str) -> list[Group]:
    """What must all hold, as groups of indexes: the first is in the order of the sort."""
    groups = [] if where.collection is None else [Group([views.listing(channel, where.collection, sort)])]
    if where.category is not None:
        by = "NAME" if groups else sort
        scopes = await category_and_below(reading, where.category)
        groups.append(Group([views.listing(channel, scope, by) for scope in scopes]))
    bounds = await _bounds(reading, channel, where)
    within = [Group([views.listing(channel, "all", by)], *between) for by, between in bounds.items() if by != sort]
    if sort not in bounds:
        return [*(groups or [Group([views.listing(channel, "all", sort)])]), *within]
    return [Group([views.listing(channel, "all", sort)], *bounds[sort]), *groups, *within]


async def _bounds(reading: Reading, channel: str, where: ProductFilter) -> dict[str, tuple[str | None, str | None]]:
    """From where on and up to where sort keys must lie, by the sort: None where that end is open."""
    found: dict[str, tuple[str | None, str | None]] = {}
    if where.price is not None and (sold_in := await reading.get(Channel, ids.channel(channel))) is not None:
        low, high = _units(where.price.gte, sold_in, ROUND_CEILING), _units(where.price.lte, sold_in, ROUND_FLOOR)
        found["PRICE"] = None if low is None else views.number_key(low), None if high is None else views.number_key(high + 1)
    if where.updated_at is not None:
        found["UPDATED_AT"] = _instant(where.updated_at.gte), _instant(where.updated_at.lt)
    return found


def _units(amount: str | None, sold_in: Channel, rounding: str) -> int | None:
    """An amount in smallest units; one beyond all prices is as good as the largest."""
    if amount is None:
        return None
    least = Decimal(1).scaleb(-decimals(sold_in.currency))
    bounded = max(min(Decimal(amount), _BEYOND_ALL_PRICES), -_BEYOND_ALL_PRICES)
    return int((bounded / least).to_integral_value(rounding))


def _instant(moment: dt.datetime | None) -> str | None:
    """Views know moments by the millisecond: one between two of them stands for the later."""
    return None if moment is None else clock.text(moment + dt.timedelta(microseconds=999))


async def _in_all(reading: Reading, ordered: Group, others: Sequence[Group]) -> list[str]:
    """The members of the first group whose products stand in all the others too."""
    members, *rest = await reading.groups(Product, [ordered, *others])
    fitting = [{views.member_id(entry) for entry in group} for group in rest]
    return [entry for entry in members if all(views.member_id(entry) in group for group in fitting)]


async def product_count(reading: Reading, channel: str, category_id: str) -> int:
    """How many products the channel sells in a category and all below it."""
    scopes = await category_and_below(reading, category_id)
    return await reading.counts(Product, [views.listing(channel, scope, "NAME") for scope in scopes])


async def collected_count(reading: Reading, channel: str, collection_id: str) -> int:
    """How many products of a collection the channel sells."""
    return await reading.counts(Product, [views.listing(channel, collection_id, "NAME")])


async def variant(
    reading: Reading, channel: str, *, id: str | None = None, sku: str | None = None, barcode: str | None = None
) -> Variant | None:
    """One variant by its id, SKU (without case) or barcode."""
    if id is not None:
        product_id = await reading.lookup(Product, "variant", id)
    elif sku is not None:
        product_id = await reading.lookup(Product, "sku", sku.casefold())
    else:
        product_id = await reading.lookup(Product, "barcode", barcode or "")
    found = None if product_id is None else await product(reading, channel, id=product_id)
    if found is None:
        return None
    named = (one for one in found.variants if one.id == id or (sku and one.sku.casefold() == sku.casefold()))
    return next(named, None) or next((one for one in found.variants if barcode and one.barcode == barcode), None)


async def variants_by_sku(reading: Reading, skus: Sequence[str]) -> list[str]:
    """The ids of the variants that have these SKUs (without case), in two round trips. An unknown SKU is left out."""
    folded = {sku.casefold() for sku in skus}
    ranges = [Range(views.LOOKUP, 1, prefix=views.member(f"sku={sku}", "")) for sku in sorted(folded)]
    product_ids = {views.member_id(entry) for found in await reading.ranges(Product, ranges) for entry in found}
    documents = await reading.many(Product, sorted(product_ids))
    variants = [one for document in documents if document is not None for one in document.variants]
    return [one.id for one in variants if one.sku.casefold() in folded]


async def variant_of(reading: Reading, channel: str, product_id: str, variant_id: str) -> Variant | None:
    """A variant whose product is known: a line's."""
    found = await product(reading, channel, id=product_id)
    return None if found is None else next((one for one in found.variants if one.id == variant_id), None)


async def _chosen(
    reading: Reading, channel: str, where: ProductFilter, sort: str, falling: bool, window: Window
) -> Page[Product]:
    ids = list(dict.fromkeys(where.ids or []))
    inside = None if where.category is None else set(await category_and_below(reading, where.category))

    bounds = await _bounds(reading, channel, where)

    def fits(one: Product) -> bool:
        keys = views.product_sort_keys(one)
        if not all((low or "") <= keys[by] < (beyond or _LAST) for by, (low, beyond) in bounds.items()):
            return False
        filed = inside is None or bool(inside & set(one.category_ids))
        listed = where.collection is None or where.collection in one.places
        return one.published and filed and listed and (where.status is None or one.status in where.status)

    def key(one: Product) -> str:
        if sort == "POSITION":
            return views.number_key(one.places[where.collection or ""])
        return views.product_sort_keys(one)[sort]

    found = [one for one in await by_ids(reading, channel, ids) if one is not None and fits(one)]
    found.sort(key=lambda one: (key(one), one.id), reverse=falling)
    return page_of(found, window, key)


def _shown(document: Product | None, channel: str) -> Product | None:
    """Say of a document what it does not store: its own id and channel, and those of its variants.

    A channel's own document is known by a longer id inside; clients know the product's. A copy, for the operation's
    other fields may show the same document for another channel.
    """
    if document is None:
        return None
    product_id, replace = views.root(document.id), msgspec.structs.replace
    variants = [replace(one, product_id=product_id, channel=channel) for one in document.variants]
    return replace(document, id=product_id, channel=channel, variants=variants)
