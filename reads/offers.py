"""What a listing offers to be narrowed by: the values of each facet with their counts, and from where to where prices go.

Counts are disjunctive: a facet is counted against what fits all conditions but its own, and so is the price range.
"""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from reads import catalog
from reads.filters import rule_of
from reads.narrowing import Choice, Key, Narrowing, all_of
from reads.store import Span
from shop import ids, views
from shop.money import Money, money
from shop.views import Category, Channel, Collection, Product

# Each kind with the field of the filter that its values go to, and what it is called.
_KINDS = {
    "CATEGORY": ("category", "Category"),
    "COLLECTION": ("collection", "Collection"),
    "VENDOR": ("vendor", "Vendor"),
    "TAG": ("tag", "Tag"),
    "IN_STOCK": ("inStock", "In stock"),
}
_IN_STOCK = {"true": "In stock", "false": "Out of stock"}


class FacetValue(msgspec.Struct, frozen=True):
    value: str
    label: str
    count: int
    selected: bool


class Facet(msgspec.Struct, frozen=True):
    key: str
    label: str
    kind: str
    values: list[FacetValue]


Counts = dict[Key, Counter[str]]  # by kind and key, how many products have each value


class Offers(msgspec.Struct, frozen=True):
    """All values that products of a channel have, and their prices, as read; not narrowed yet."""

    narrowing: Narrowing
    values: Mapping[str, Sequence[str]]  # ids by entry of FACETS
    prices: Mapping[str, Sequence[str]]  # ids by price
    parents: Mapping[str, str]  # by category
    sold_in: Channel | None
    ruled: list[Collection]

    def price_range(self, choices: Mapping[Key, Choice]) -> tuple[Money, Money] | None:
        fitting = all_of(choice for key, choice in choices.items() if key != ("PRICE", ""))
        rising = sorted(self.prices)
        low = next((key for key in rising if fitting.count(self.prices[key])), None)
        high = next((key for key in reversed(rising) if fitting.count(self.prices[key])), None)
        if low is None or high is None or self.sold_in is None:
            return None
        currency = self.sold_in.currency
        return money(views.key_number(low), currency), money(views.key_number(high), currency)

    async def facets(self, choices: Mapping[Key, Choice]) -> list[Facet]:
        """Each facet with its values, the most frequent first; a chosen value is there even where nothing has it."""
        counts, chosen = self._counts(choices), self._chosen()
        if by_rule := await self._by_rule(choices):
            counts.setdefault(("COLLECTION", ""), Counter()).update(by_rule)
        for key, values in chosen.items():
            counts.setdefault(key, Counter()).update(dict.fromkeys(values, 0))
        named = await self._names(counts)
        order = [*((kind, "") for kind in _KINDS), *sorted(key for key in counts if key[0] == "ATTRIBUTE")]
        return [_facet(key, counts[key], chosen.get(key, set()), named) for key in order if counts.get(key)]

    def _counts(self, choices: Mapping[Key, Choice]) -> Counts:
        every = all_of(choices.values())
        without = {own: all_of(one for key, one in choices.items() if key != own) for own in choices}
        counts: Counts = {}
        for (kind, key, value), product_ids in self._shown().items():
            if kind != "STATUS" and (count := without.get((kind, key), every).count(product_ids)):
                counts.setdefault((kind, key), Counter())[value] = count
        return counts

    async def _by_rule(self, choices: Mapping[Key, Choice]) -> Counter[str]:
        """How many products fit the rule of each collection that has one."""
        if not self.ruled:
            return Counter()
        rules = [rule for one in self.ruled if (rule := rule_of(one)) is not None]
        base = all_of(choice for key, choice in choices.items() if key != ("COLLECTION", ""))
        statuses = [product_ids for (kind, _, _), product_ids in self._shown().items() if kind == "STATUS"]
        among = {one for product_ids in statuses for one in product_ids if one in base}
        fitting = await asyncio.gather(*(self.narrowing.of_rule(rule).fitting() for rule in rules))
        counts = {one.id: fits.count(among) for one, fits in zip(self.ruled, fitting, strict=True)}
        return Counter({collection_id: count for collection_id, count in counts.items() if count})

    def _shown(self) -> dict[tuple[str, str, str], set[str]]:
        """The products that are shown and have a value, by kind, key and value; a category has what is filed below it too."""
        found: dict[tuple[str, str, str], set[str]] = defaultdict(set)
        for entry, product_ids in self.values.items():
            kind, key, value, channels = views.facet_of(entry)
            if self.narrowing.shows(channels):
                for one in self._with_ancestors(value) if kind == "CATEGORY" else (value,):
                    found[kind, key, one].update(product_ids)
        return found

    def _with_ancestors(self, category_id: str) -> Iterator[str]:
        above = category_id
        while above:
            yield above
            above = self.parents.get(above, "")

    def _chosen(self) -> dict[Key, set[str]]:
        where = self.narrowing.where
        chosen = {key: values for key, values in where.valued().items() if key[0] != "STATUS"}
        chosen |= {("CATEGORY", ""): {where.category}} if where.category is not None else {}
        return chosen | ({("COLLECTION", ""): {where.collection}} if where.collection is not None else {})

    async def _names(self, counts: Counts) -> dict[str, str]:
        reading = self.narrowing.reading
        categories, collections = await asyncio.gather(
            reading.many(Category, sorted(counts.get(("CATEGORY", ""), ()))),
            reading.many(Collection, sorted(counts.get(("COLLECTION", ""), ()))),
        )
        return {one.id: one.name for one in (*categories, *collections) if one is not None} | _IN_STOCK


def _facet(key: Key, counts: Counter[str], chosen: Iterable[str], named: Mapping[str, str]) -> Facet:
    kind, name = key
    field, label = _KINDS.get(kind, (name, name))
    values = [
        FacetValue(value, value if kind in {"ATTRIBUTE", "VENDOR", "TAG"} else named.get(value, value), count, value in chosen)
        for value, count in counts.items()
    ]
    return Facet(field, label, kind, sorted(values, key=lambda one: (-one.count, one.label, one.value)))


async def read_offers(narrowing: Narrowing) -> Offers:
    """Read all that is counted, in one round trip."""
    reading = narrowing.reading
    spans = [Span(views.FACETS, *views.of_kind(kind)) for kind in (*_KINDS, "ATTRIBUTE", "STATUS")]
    listings = await narrowing.listings("PRICE")
    values, prices, tree, sold_in, ruled = await asyncio.gather(
        reading.grouped(Product, spans),
        reading.grouped(Product, [Span(index) for index in listings]),
        catalog.tree(reading),
        reading.get(Channel, ids.channel(narrowing.channel)),
        catalog.ruled(reading),
    )
    parents = {child: parent for parent, children in tree.items() for child in children}
    return Offers(narrowing, values, prices, parents, sold_in, ruled)
