"""Which products fit: sets of ids for each thing that a listing is narrowed by, all asked for at once."""

import asyncio
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from typing import Any

import msgspec

from reads.catalog import category_and_below, channel_codes
from reads.filters import Bounds, ProductFilter
from reads.reading import Reading
from reads.store import Span
from shop import ids, views
from shop.views import Channel, Product

Key = tuple[str, str]  # a kind of facet and its key; or another thing that narrows, and ''


class Choice(msgspec.Struct, frozen=True):
    """Ids that fit; or, negated, those that do not."""

    ids: set[str]
    negated: bool = False

    def __contains__(self, product_id: str) -> bool:
        return (product_id in self.ids) != self.negated


class Lookups(msgspec.Struct, frozen=True):
    """What must be known before sort keys and trees can be asked for."""

    bounds: Mapping[str, Bounds]
    categories: Sequence[str] | None  # the category asked for and all below it


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
        channel, categories, _ = await asyncio.gather(self._sold_in(), self._categories(), self.listings("NAME"))
        return Lookups(self.where.bounds(channel), categories)

    async def _sold_in(self) -> Channel | None:
        return None if self.where.price is None else await self.reading.get(Channel, ids.channel(self.channel))

    async def _categories(self) -> Sequence[str] | None:
        return None if self.where.category is None else await category_and_below(self.reading, self.where.category)

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
            asked["COLLECTION", ""] = self.having("COLLECTION", "", [self.where.collection])
        if self.where.published is False:
            asked["PUBLISHED", ""] = self._unpublished()
        return await _gathered(asked)

    async def having(self, kind: str, key: str, values: Iterable[str]) -> Choice:
        """The products that are shown and have one of the values."""
        ends = [views.after_cut(views.facet_prefix(kind, key, value)) for value in values]
        entries = await self.reading.spans(Product, [Span(views.FACETS, *one) for one in ends])
        return Choice({views.member_id(entry) for entry in entries if self.shows(views.facet_of(views.sort_key(entry))[3])})

    async def listings(self, sort: str, scopes: Sequence[str] = ("all",)) -> list[str]:
        """The listings of all that may be shown, by a sort. What is not published here is listed elsewhere, or nowhere."""
        if self.where.published is True:
            return [views.listing(self.channel, scope, sort) for scope in scopes]
        if sort == "PRICE":
            return [views.listing(self.channel, scope, sort) for scope in ("all", "unsold")]
        return [views.listing(code, "all", sort) for code in ("", *await channel_codes(self.reading))]

    async def _on_sale(self, wanted: bool) -> Choice:
        reduced = await self.having("ON_SALE", self.channel, [views.truth(value=True)])
        return Choice(reduced.ids, negated=not wanted)

    async def _unpublished(self) -> Choice:
        sold = await self.reading.spans(Product, [Span(views.listing(self.channel, "all", "NAME"))])
        return Choice({views.member_id(entry) for entry in sold}, negated=True)

    async def _between(self, sort: str, low: str | None, beyond: str | None) -> Choice:
        indexes = await self.listings(sort)
        entries = await self.reading.spans(Product, [Span(index, low, beyond) for index in indexes])
        return Choice({views.member_id(entry) for entry in entries})


async def _gathered(asked: Mapping[Key, Coroutine[Any, Any, Choice]]) -> dict[Key, Choice]:
    return dict(zip(asked, await asyncio.gather(*asked.values()), strict=True))
