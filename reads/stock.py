"""Stock levels, for those who keep the shelves."""

import asyncio
from collections.abc import Sequence

import msgspec

from reads.pages import Page, Window, page, page_among, size
from reads.products import variants_by_sku
from reads.reading import Reading
from reads.store import Range, Span
from shop import views
from shop.views import Product, StockLevel, Variant

_MOST = 10_000


class LevelFilter(msgspec.Struct, frozen=True):
    """What a list of levels shows; all that is named must hold. `low_below`: fewer than so many are free."""

    variant_ids: Sequence[str] | None = None
    skus: Sequence[str] | None = None
    search: str | None = None
    warehouse_id: str | None = None
    low_below: int | None = None


async def stock_levels(reading: Reading, where: LevelFilter, window: Window) -> Page[StockLevel]:
    """Levels by variant."""
    size(window)  # refuses, before anything is read
    variant_ids = await _variants(reading, where)
    if variant_ids is None and where.low_below is None:
        index = views.EVERY if where.warehouse_id is None else views.stock_in(where.warehouse_id)
        return await page(reading, StockLevel, [index], window)
    found = await asyncio.gather(_of_variants(reading, variant_ids), _low(reading, where.low_below))
    members = set.intersection(*(one for one in found if one is not None))

    async def load(level_ids: Sequence[str]) -> Sequence[StockLevel | None]:
        return await reading.many(StockLevel, level_ids)

    return await page_among([one for one in members if _stands_in(one, where.warehouse_id)], window, load)


async def _variants(reading: Reading, where: LevelFilter) -> set[str] | None:
    """The variants that are named, in each way that any is named; None where none is."""
    named = [] if where.variant_ids is None else [set(where.variant_ids)]
    if where.skus is not None:
        named.append(set(await variants_by_sku(reading, where.skus)))
    if words := views.searched_words(where.search or ""):
        named.append(await _searched(reading, words))
    return set.intersection(*named) if named else None


async def _searched(reading: Reading, words: list[str]) -> set[str]:
    """Variants of which each word begins something of: of the product's name, of its own, of SKU or barcode."""
    begun = [[Span(views.WORDS, part, f"{part}\U0010ffff") for part in views.words(word)] for word in words]
    found = await asyncio.gather(*(reading.spans(Product, [span]) for spans in begun for span in spans))
    if not found:
        return set()
    products = set.intersection(*({views.member_id(entry) for entry in entries} for entries in found))
    documents = await reading.many(Product, sorted(products))
    every = [(document, one) for document in documents if document is not None for one in document.variants]
    return {one.id for document, one in every if _is_told(document, one, words)}


def _is_told(document: Product, variant: Variant, words: list[str]) -> bool:
    wholes = {variant.sku.casefold(), (variant.barcode or "").casefold()}
    told = wholes.union(views.words(f"{document.name} {variant.name} {variant.sku}"))
    return all(any(one.startswith(word) for one in told) for word in words)


async def _of_variants(reading: Reading, variant_ids: set[str] | None) -> set[str] | None:
    if variant_ids is None:
        return None
    ranges = [Range(views.EVERY, _MOST, prefix=views.member(one, "")) for one in sorted(variant_ids)]
    return {entry for found in await reading.ranges(StockLevel, ranges) for entry in found}


async def _low(reading: Reading, below: int | None) -> set[str] | None:
    if below is None:
        return None
    entries = await reading.spans(StockLevel, [Span(views.FREE, beyond=views.number_key(below))])
    return {views.member(_variant_of(level_id), level_id) for level_id in map(views.member_id, entries)}


def _variant_of(level_id: str) -> str:
    return level_id.split(":")[1]


def _stands_in(entry: str, warehouse_id: str | None) -> bool:
    return warehouse_id in {None, entry.rpartition(":")[2]}


async def stock_level(reading: Reading, level_id: str) -> StockLevel | None:
    return await reading.get(StockLevel, level_id)
