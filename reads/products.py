"""Products as a channel shows them, one by one. Many of them are in `listings`."""

from collections.abc import Sequence

import msgspec

from reads.catalog import category_and_below
from reads.reading import Reading
from reads.store import Range
from shop import views
from shop.views import Product, Variant


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


async def sold_by_ids(reading: Reading, channel: str, ids: Sequence[str]) -> list[Product | None]:
    """Products by id as the channel sells them; None for what it does not sell."""
    found = await reading.many(Product, [f"{one}:{channel}" for one in ids])
    return [_shown(one, channel) if one is not None and one.published else None for one in found]


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
