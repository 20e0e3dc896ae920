"""Products as a channel shows them, one by one and in listings."""

from collections.abc import Sequence

import msgspec

from reads.catalog import category_and_below
from reads.pages import Edge, Page, Window, page, page_of
from reads.reading import Reading
from shop import views
from shop.views import Product, Variant

# Which way a sort goes where nobody says: best sellers and newest first, names and prices rising.
_FALLING = {"NAME": False, "PRICE": False, "CREATED_AT": True, "BEST_SELLING": True, "UPDATED_AT": True}


class ProductFilter(msgspec.Struct, frozen=True):
    """What a listing shows; all that is named must hold. Only what is published in the channel is listed."""

    ids: list[str] | None = None
    category: str | None = None
    status: list[str] | None = None


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
    scopes: Sequence[str] = ["all"]
    if where.category is not None:
        scopes = await category_and_below(reading, where.category)
    sold = where.status is None or "ACTIVE" in where.status  # what is published is active
    found = await page(
        reading,
        Product,
        [views.listing(channel, scope, sort) for scope in scopes] if sold else [],
        window,
        falling=falling,
        document_id=lambda product_id: f"{product_id}:{channel}",
        fits=lambda one: one.published,
    )
    edges = [Edge(edge.cursor, node) for edge in found.edges if (node := _shown(edge.node, channel)) is not None]
    return Page(edges, found.page_info, found.total_count)


async def product_count(reading: Reading, channel: str, category_id: str) -> int:
    """How many products the channel sells in a category and all below it."""
    scopes = await category_and_below(reading, category_id)
    return await reading.counts(Product, [views.listing(channel, scope, "NAME") for scope in scopes])


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


async def variant_of(reading: Reading, channel: str, product_id: str, variant_id: str) -> Variant | None:
    """A variant whose product is known: a line's."""
    found = await product(reading, channel, id=product_id)
    return None if found is None else next((one for one in found.variants if one.id == variant_id), None)


async def _chosen(
    reading: Reading, channel: str, where: ProductFilter, sort: str, falling: bool, window: Window
) -> Page[Product]:
    ids = list(dict.fromkeys(where.ids or []))
    inside = None if where.category is None else set(await category_and_below(reading, where.category))

    def fits(one: Product) -> bool:
        filed = inside is None or bool(inside & set(one.category_ids))
        return one.published and filed and (where.status is None or one.status in where.status)

    found = [one for one in await by_ids(reading, channel, ids) if one is not None and fits(one)]
    found.sort(key=lambda one: (views.product_sort_keys(one)[sort], one.id), reverse=falling)
    return page_of(found, window, lambda one: views.product_sort_keys(one)[sort])


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
