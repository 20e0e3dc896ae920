"""Which products fit: sets of ids for each thing that a listing is narrowed by, all asked for at once."""

import asyncio
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from typing import Any

import msgspec

from reads.catalog import category_and_below, channel_codes, tree
from reads.filters import Bounds, ProductFilter, rule_of
from reads.reading import Reading
from reads.store import Span
from shop import ids, views
from shop.views import Channel, Collection, Product

Key = tuple[str, str]  # a kind of facet and its key; or another thing that narrows, and ''


class Choice(msgspec.Struct, frozen=True):
    """Ids that fit; or, negated, those that do not."""

    ids: set[str]
    negated: bool = False

    def count(self, product_ids: Sequence[str] | set[str]) -> int:
        """How many of some ids fit."""
        both = len(self.ids.intersection(product_ids))
        return len(product_ids) - both if self.negated else both

    def __contains__(self, product_id: str) -> bool:
        return (product_id in self.ids) != self.negated


class Lookups(msgspec.Struct, frozen=True):
    """What must be known before sort keys and trees can be asked for."""

    bounds: Mapping[str, Bounds]
    categories: Sequence[str] | None  # the category asked for and all below it
    rule: ProductFilter | None = None  # of the collection asked for, unless it is a list


def all_of(choices: Iterable[Choice]) -> Choice:
    """What fits every choice."""
    every = list(choices)
    fitting = sorted((one.ids for one in every if not one.negated), key=len)
    others = set[str]().union(*(one.ids for one in every if one.negated))
    if not fitting:
        return Choice(others, negated=True)
    return Choice(fitting[0].intersection(*fitting[1:]) - others)


class Narrowing:
    """The conditions of one filter in one channel."""

    def __init__(self, reading: Reading, channel: str, where: ProductFilter) -> None:
        self.reading = reading
        self.channel = channel
        self.where = where

    def shows(self, channels: str) -> bool:
        """Whether a product that is sold in `,these,channels,` is shown at all."""
        published = self.where.published
        return published is None or published == (f",{self.channel}," in channels)

    async def lookups(self) -> Lookups:
        channel, categories, rule, _ = await asyncio.gather(
            self._sold_in(), self._categories(), self._rule(), self.listings("NAME")
        )
        return Lookups(self.where.bounds(channel), categories, rule)

    async def fitting(self) -> Choice:
        """All that fits, where no order is asked for."""
        known = await self.lookups()
        both = await asyncio.gather(self.by_value(), self.by_place(known, frozenset()))
        return all_of(choice for choices in both for choice in choices.values())

    async def _sold_in(self) -> Channel | None:
        """A rule may ask for prices: its channel and the tree are read before it is known."""
        if self.where.price is None and self.where.collection is None:
            return None
        return await self.reading.get(Channel, ids.channel(self.channel))

    async def _categories(self) -> Sequence[str] | None:
        if self.where.category is not None:
            return await category_and_below(self.reading, self.where.category)
        if self.where.collection is not None:
            await tree(self.reading)
        return None

    async def _rule(self) -> ProductFilter | None:
        return None if self.where.collection is None else rule_of(await self.reading.get(Collection, self.where.collection))

    async def by_value(self) -> dict[Key, Choice]:
        """The conditions that nothing need be known for."""
        asked = {key: self.having(*key, values) for key, values in self.where.valued().items()}
        if self.where.on_sale is not None:
            asked["ON_SALE", ""] = self._on_sale(self.where.on_sale)
        found = await _gathered(asked)
        if self.where.ids is not None:
            found["IDS", ""] = Choice(set(self.where.ids))
        return found

    async def by_place(self, known: Lookups, but: frozenset[str]) -> dict[Key, Choice]:
        """The other conditions, `but` those that the listing itself is cut by."""
        asked = {(sort, ""): self._between(sort, *ends) for sort, ends in known.bounds.items() if sort not in but}
        if known.categories is not None and "CATEGORY" not in but:
            asked["CATEGORY", ""] = self.having("CATEGORY", "", known.categories)
        if self.where.collection is not None and "COLLECTION" not in but:
            asked["COLLECTION", ""] = self._collected(self.where.collection, known.rule)
        if self.where.published is False:
            asked["PUBLISHED", ""] = self._unpublished()
        return await _gathered(asked)

    async def having(self, kind: str, key: str, values: Iterable[str]) -> Choice:
        """The products that are shown and have one of the values."""
        ends = [views.after_cut(views.facet_prefix(kind, key, value)) for value in values]
        found = await self.reading.grouped(Product, [Span(views.FACETS, *one) for one in ends])
        return Choice(set().union(*(ids for key, ids in found.items() if self.shows(views.facet_of(key)[3]))))

    async def listings(self, sort: str, scopes: Sequence[str] = ("all",)) -> list[str]:
        """The listings of all that may be shown, by a sort. What is not published here is listed elsewhere, or nowhere."""
        if self.where.published is True:
            return [views.listing(self.channel, scope, sort) for scope in scopes]
        if sort == "PRICE":
            return [views.listing(self.channel, scope, sort) for scope in ("all", "unsold")]
        return [views.listing(code, "all", sort) for code in ("", *await channel_codes(self.reading))]

    def of_rule(self, rule: ProductFilter) -> "Narrowing":
        """The conditions of a rule, among what is shown here."""
        return Narrowing(self.reading, self.channel, msgspec.structs.replace(rule, published=self.where.published))

    async def _collected(self, collection_id: str, rule: ProductFilter | None) -> Choice:
        return await (self.having("COLLECTION", "", [collection_id]) if rule is None else self.of_rule(rule).fitting())

    async def _on_sale(self, wanted: bool) -> Choice:
        reduced = await self.having("ON_SALE", self.channel, [views.truth(value=True)])
        return Choice(reduced.ids, negated=not wanted)

    async def _unpublished(self) -> Choice:
        sold = await self.reading.grouped(Product, [Span(views.listing(self.channel, "all", "PRICE"))])
        return Choice(set().union(*sold.values()), negated=True)

    async def _between(self, sort: str, low: str | None, beyond: str | None) -> Choice:
        indexes = await self.listings(sort)
        found = await self.reading.grouped(Product, [Span(index, low, beyond) for index in indexes])
        return Choice(set().union(*found.values()))


async def _gathered(asked: Mapping[Key, Coroutine[Any, Any, Choice]]) -> dict[Key, Choice]:
    return dict(zip(asked, await asyncio.gather(*asked.values()), strict=True))
