"""Stock levels, for those who keep the shelves."""

from collections.abc import Sequence

from reads.pages import Page, Window, page, page_of
from reads.products import variants_by_sku
from reads.reading import Reading
from reads.store import Range
from shop import views
from shop.views import StockLevel

_MOST = 10_000


async def stock_levels(
    reading: Reading,
    variant_ids: Sequence[str] | None,
    skus: Sequence[str] | None,
    warehouse_id: str | None,
    window: Window,
) -> Page[StockLevel]:
    """Levels by variant, of some variants or all, in one warehouse or all. A variant that is named both ways must be both."""
    if skus is not None:
        of_skus = await variants_by_sku(reading, skus)
        variant_ids = of_skus if variant_ids is None else [one for one in of_skus if one in variant_ids]
    if variant_ids is None:
        index = views.EVERY if warehouse_id is None else views.stock_in(warehouse_id)
        return await page(reading, StockLevel, [index], window)
    ranges = [Range(views.EVERY, _MOST, prefix=views.member(one, "")) for one in sorted(set(variant_ids))]
    members = [entry for found in await reading.ranges(StockLevel, ranges) for entry in found]
    levels = await reading.many(StockLevel, [views.member_id(entry) for entry in members])
    fitting = [one for one in levels if one is not None and warehouse_id in {None, one.warehouse_id}]
    return page_of(fitting, window, lambda one: one.variant_id)


async def stock_level(reading: Reading, level_id: str) -> StockLevel | None:
    return await reading.get(StockLevel, level_id)
