"""Many prices in one command: all rows hold, or none. What a price must be is told with the variants."""

from typing import Any

import msgspec
import sqlalchemy as sa

from writes import tables as t
from writes import variants
from writes.refusals import Invalid, NotFound, Path
from writes.variants import PriceIn
from writes.work import Done, Work

_BY_SKU = sa.select(t.variants.c.id, t.variants.c.product_id).where(t.variants.c.sku_folded == sa.bindparam("sku"))


class VariantPrices(msgspec.Struct, frozen=True):
    """The variant by id or SKU."""

    prices: list[PriceIn]
    variant_id: str | None = None
    sku: str | None = None


class SetVariantsPrices(msgspec.Struct, frozen=True):
    rows: list[VariantPrices]


def set_variants_prices(work: Work, command: SetVariantsPrices) -> Done:
    if not command.rows:
        raise Invalid("Name one row at least.", ["input", "rows"])
    paths: list[Path] = [["input", "rows", index] for index in range(len(command.rows))]
    named = [_variant(work, row, path) for row, path in zip(command.rows, paths, strict=True)]
    variant_ids = [variant.id for variant in named]
    if len(set(variant_ids)) < len(variant_ids):
        again = next(index for index, variant_id in enumerate(variant_ids) if variant_id in variant_ids[:index])
        raise Invalid("A variant stands here twice: put its prices into one row.", paths[again])
    for variant_id in sorted(variant_ids):
        work.one(t.variants, variant_id)
    happened = [
        variants.set_prices(work, variant.id, variant.product_id, row.prices, path)
        for variant, row, path in zip(named, command.rows, paths, strict=True)
    ]
    return Done(happened, {"variant_ids": variant_ids})


def _variant(work: Work, row: VariantPrices, path: Path) -> Any:
    if (row.variant_id is None) == (row.sku is None):
        raise Invalid("Name the variant by one of variantId and sku.", path)
    if row.variant_id is not None:
        found, field = work.seen(t.variants, row.variant_id), "variantId"
    else:
        found, field = work.connection.execute(_BY_SKU, {"sku": (row.sku or "").casefold()}).first(), "sku"
    if found is None:
        raise NotFound(f"There is no variant with the {field} {row.variant_id or row.sku}.", [*path, field])
    return found
