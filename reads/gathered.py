"""Which collections a product stands in, and how many products a collection has: by its list or by its rule."""

import asyncio

from reads import catalog
from reads.filters import ProductFilter, rule_of
from reads.listings import Wanted, listing
from reads.narrowing import Lookups, Narrowing
from reads.pages import Window
from reads.reading import Reading
from shop import views
from shop.money import units
from shop.views import Collection, Product


async def collections_of(reading: Reading, product: Product) -> list[Collection]:
    """Those that list the product, and those whose rule it fits where its channel sells it; by id."""
    listed, ruled = await asyncio.gather(reading.many(Collection, sorted(product.places)), catalog.ruled(reading))
    rules = [rule for one in ruled if (rule := rule_of(one)) is not None] if product.published else []
    known = await asyncio.gather(*(Narrowing(reading, product.channel, rule).lookups() for rule in rules))
    fitting = [one for one, rule, at in zip(ruled, rules, known, strict=False) if _fits(product, rule, at)]
    return sorted([one for one in listed if one is not None] + fitting, key=lambda one: one.id)


async def product_count(reading: Reading, channel: str, collection: Collection) -> int:
    """How many products of a collection the channel sells."""
    if collection.rule is None:
        return await reading.counts(Product, [views.listing(channel, collection.id, "NAME")])
    wanted = Wanted(channel, ProductFilter(collection=collection.id), None, "NAME", None, Window(first=0))
    return (await listing(reading, wanted)).page.total_count


def _fits(one: Product, rule: ProductFilter, known: Lookups) -> bool:
    """Whether a product, as its channel shows it, fits a rule: what the indexes say, said of one document."""
    values, keys = set(views.facet_values(one)), views.product_sort_keys(one)
    return (
        all(any((kind, key, value) in values for value in wanted) for (kind, key), wanted in rule.valued().items())
        and all((low or "") <= keys[by] and (beyond is None or keys[by] < beyond) for by, (low, beyond) in known.bounds.items())
        and (known.categories is None or bool(set(known.categories) & set(one.category_ids)))
        and (rule.ids is None or one.id in rule.ids)
        and (rule.on_sale is None or rule.on_sale is _is_reduced(one))
    )


def _is_reduced(one: Product) -> bool:
    sold = [variant for variant in one.variants if not variant.discontinued]
    pairs = [(variant.compare_at_price, variant.price) for variant in sold]
    return any(before is not None and now is not None and units(before) > units(now) for before, now in pairs)
