"""Listings of products: narrowed, searched and sorted, a page at a time, with what they may be narrowed by further.

A page costs three round trips at most: what must be known first, ids and entries, the page's documents.
"""

import asyncio
from collections.abc import Sequence

import msgspec

from reads import products
from reads.catalog import ruled_ids
from reads.filters import ProductFilter
from reads.narrowing import Choice, Key, Lookups, Narrowing, all_of
from reads.offers import Facet, Offers, read_offers
from reads.pages import Page, Window, page, page_among, size
from reads.reading import Reading
from reads.searching import Hits, Scores, Search, relevance_key
from reads.store import Span
from shop import views
from shop.money import Money
from shop.views import Product

# Which way a sort goes where nobody says: best sellers, newest and best rated first, names, prices and places rising.
_FALLING = {
    "NAME": False, "PRICE": False, "CREATED_AT": True, "BEST_SELLING": True, "UPDATED_AT": True, "POSITION": False,
    "RELEVANCE": False, "RATING": True,
}  # fmt: skip
_STATUSES = ("DRAFT", "ACTIVE", "ARCHIVED")
FEW = 100  # so many documents are sorted sooner than a listing is read


class Wanted(msgspec.Struct, frozen=True):
    """What is asked of a listing. `descending` None takes the sort's natural direction; `tells` facets and the price range."""

    channel: str
    where: ProductFilter
    search: str | None
    sort: str
    descending: bool | None
    window: Window
    tells: bool = False

    @property
    def falling(self) -> bool:
        return _FALLING[self.sort] if self.descending is None else self.descending


class Listing(msgspec.Struct, frozen=True):
    """A page of products, with what its list may be narrowed by where that was asked for."""

    page: Page[Product]
    facets: list[Facet] = []
    price_range: tuple[Money, Money] | None = None


async def listing(reading: Reading, wanted: Wanted) -> Listing:
    size(wanted.window)  # refuses, before anything is read
    return await _Making(reading, wanted).made()


class _Making:
    """How one listing is made, step by step."""

    def __init__(self, reading: Reading, wanted: Wanted) -> None:
        self._reading = reading
        self._wanted = wanted
        self._where = wanted.where
        self._narrowing = Narrowing(reading, wanted.channel, wanted.where)
        self._sort = wanted.sort
        self._search = None if wanted.search is None else Search(self._narrowing, wanted.search)

    async def made(self) -> Listing:
        known, choices, hits, _ = await asyncio.gather(
            self._narrowing.lookups(), self._narrowing.by_value(), self._as_written(), self._foreseen()
        )
        if known.rule is not None and self._sort == "POSITION":
            self._sort = "NAME"  # what fits a rule has no places
        if self._is_plain(choices, known):
            return Listing(await self._plain(known))
        found = None if hits is None else hits.with_all()
        few = self._few(choices, found)
        by_place, members, scores, offers = await asyncio.gather(
            self._narrowing.by_place(known, self._cut_by(known, few)),
            self._members(known, few),
            self._scored(hits, found),
            self._offers(),
        )
        choices |= by_place
        if scores is not None:
            choices["SEARCH", ""] = Choice(set(scores))
        fitting = all_of(choices.values())
        if self._sort == "RELEVANCE":
            members = [views.member(relevance_key(score), one) for one, score in (scores or {}).items()]
        among = page_among(
            [entry for entry in members if views.member_id(entry) in fitting],
            self._wanted.window,
            self._load,
            falling=self._wanted.falling,
        )
        if offers is None:
            return Listing(await among)
        shown, facets = await asyncio.gather(among, offers.facets(choices))
        return Listing(shown, facets, offers.price_range(choices))

    async def _foreseen(self) -> None:
        """Read ahead what is offered: which collections have a rule."""
        if self._wanted.tells:
            await ruled_ids(self._reading)

    async def _as_written(self) -> Hits | None:
        return None if self._search is None else await self._search.as_written()

    async def _scored(self, hits: Hits | None, found: Scores | None) -> Scores | None:
        return await self._search.mistyped(hits) if self._search and hits and not found else found

    async def _offers(self) -> Offers | None:
        return await read_offers(self._narrowing) if self._wanted.tells else None

    def _is_plain(self, choices: dict[Key, Choice], known: Lookups) -> bool:
        """Whether one listing shows it all, so that nothing but a page of it need be read."""
        where = self._where
        narrowed = bool(choices or known.bounds or known.rule or self._search or self._wanted.tells)
        return not narrowed and where.published is True and (where.category is None or where.collection is None)

    async def _plain(self, known: Lookups) -> Page[Product]:
        indexes = await self._narrowing.listings(self._sort, self._scopes(known))
        return await page(self._reading, Product, indexes, self._wanted.window, falling=self._wanted.falling, load=self._load)

    def _few(self, choices: dict[Key, Choice], found: Scores | None) -> set[str] | None:
        """What fits at most, where that is little: its documents tell the order by themselves."""
        most = all_of([*choices.values(), *([Choice(set(found))] if found else [])])
        return None if most.negated or len(most.ids) > FEW else most.ids

    def _cut_by(self, known: Lookups, few: set[str] | None) -> frozenset[str]:
        """Which conditions the listing that is read meets by itself."""
        if few is not None or self._sort == "RELEVANCE" or self._wanted.tells:
            return frozenset()
        if self._where.published is not True:
            return frozenset({self._sort})
        return frozenset({self._sort, "COLLECTION" if self._is_list(known) else "CATEGORY"})

    def _is_list(self, known: Lookups) -> bool:
        return self._where.collection is not None and known.rule is None

    def _scopes(self, known: Lookups) -> Sequence[str]:
        if self._where.collection is not None and self._is_list(known):
            return [self._where.collection]
        return ["all"] if known.categories is None else known.categories

    async def _members(self, known: Lookups, few: set[str] | None) -> list[str]:
        """Entries in the order of the sort: of a few documents, or of the listings."""
        sort = self._sort
        if sort == "RELEVANCE":
            return []
        if few is not None:
            return await self._of_documents(sorted(few))
        if sort == "POSITION" and self._where.published is not True:
            listed = await self._narrowing.having("COLLECTION", "", self._scopes(known))
            return await self._of_documents(sorted(listed.ids))
        indexes = await self._narrowing.listings(sort, self._scopes(known))
        ends = known.bounds.get(sort, (None, None))
        members, unpriced = await asyncio.gather(
            self._reading.spans(Product, [Span(index, *ends) for index in indexes]), self._unpriced(known)
        )
        priced = {views.member_id(entry) for entry in members} if unpriced else set[str]()
        return [*members, *(views.member(views.number_key(0), one) for one in unpriced - priced)]

    async def _unpriced(self, known: Lookups) -> set[str]:
        """What stands in no listing by price, for it has none, where that is shown too; it sorts as if it cost nothing."""
        if self._sort != "PRICE" or self._where.published is True or "PRICE" in known.bounds:
            return set()
        return (await self._narrowing.having("STATUS", "", _STATUSES)).ids

    async def _of_documents(self, product_ids: Sequence[str]) -> list[str]:
        found = await self._load(product_ids)
        return [views.member(self._key(one), one.id) for one in found if one is not None]

    def _key(self, one: Product) -> str:
        if self._sort == "POSITION":
            return views.number_key(one.places.get(self._where.collection or "", 0))
        return views.product_sort_keys(one)[self._sort]

    async def _load(self, product_ids: Sequence[str]) -> Sequence[Product | None]:
        if self._where.published is True:
            return await products.sold_by_ids(self._reading, self._wanted.channel, product_ids)
        return await products.by_ids(self._reading, self._wanted.channel, product_ids)
