"""Orders: one, a customer's history, and the staff's lists, narrowed, searched and sorted, a page at a time."""

import asyncio
from collections.abc import Iterable, Sequence

from reads.order_filters import OrderFilter
from reads.pages import Page, Window, page, page_among, size
from reads.reading import Reading
from reads.store import Range, Span
from shop import views
from shop.views import Customer, Order

_MOST = 10_000  # of what one word of a search may be the beginning of
_FEW = 200  # so many documents are sorted sooner than a whole list is read


async def order(reading: Reading, *, id: str | None = None, number: str | None = None) -> Order | None:
    if id is None and number is not None:
        id = await reading.lookup(Order, "number", number)
    return None if id is None else await reading.get(Order, id)


async def orders(
    reading: Reading, where: OrderFilter | None, sort: str, descending: bool, window: Window, search: str | None = None
) -> Page[Order]:
    """A list of orders. What one axis tells is a page of its lists; all else is cut with each other first."""
    where = where or OrderFilter()
    size(window)  # refuses, before anything is read
    axes, words = where.axes(), views.searched_words(search or "")
    plain = not words and where.number is None and not where.spans()
    if plain and len(axes) <= 1 and axes.keys() <= set(views.SORTED_AXES):
        [(axis, values)] = axes.items() or [("all", [""])]
        indexes = [views.orders_by(axis, value, sort) for value in dict.fromkeys(values)]
        return await page(reading, Order, indexes, window, falling=descending, fits=where.fits)
    fitting = await _fitting(reading, where, words)
    members = await _sorted_members(reading, fitting, sort)

    async def load(order_ids: Sequence[str]) -> Sequence[Order | None]:
        return await reading.many(Order, order_ids)

    return await page_among(members, window, load, falling=descending, fits=where.fits)


async def _fitting(reading: Reading, where: OrderFilter, words: list[str]) -> set[str]:
    """The ids of the orders that fit all conditions, which are asked for at the same time."""
    asked = [
        *(_of_axis(reading, axis, values) for axis, values in where.axes().items()),
        *(_between(reading, axis, sort, bounds) for sort, (axis, bounds) in where.spans().items()),
        *(_with_word(reading, word) for word in words),
    ]
    if where.number is not None:
        asked.append(_numbered(reading, where.number))
    return set.intersection(*await asyncio.gather(*asked))


async def _of_axis(reading: Reading, axis: str, values: Iterable[str]) -> set[str]:
    return _ids(await reading.members(Order, [views.orders_by(axis, value, "PLACED_AT") for value in values]))


async def _between(reading: Reading, axis: str, sort: str, bounds: tuple[str | None, str | None]) -> set[str]:
    return _ids(await reading.spans(Order, [Span(views.orders_by(axis, "", sort), *bounds)]))


async def _numbered(reading: Reading, numbers: Sequence[str]) -> set[str]:
    found = await asyncio.gather(*(reading.lookup(Order, "number", number) for number in dict.fromkeys(numbers)))
    return {order_id for order_id in found if order_id is not None}


async def _with_word(reading: Reading, word: str) -> set[str]:
    """Orders that a word begins something of: of their own, or of who placed them."""
    wanted = [Range(views.SEARCH, _MOST, prefix=word)]
    [[own], [customers]] = await asyncio.gather(reading.ranges(Order, wanted), reading.ranges(Customer, wanted))
    theirs = await _of_axis(reading, "customer", sorted(_ids(customers)))
    return _ids(own) | theirs


async def _sorted_members(reading: Reading, order_ids: set[str], sort: str) -> list[str]:
    """What a list of these orders is paged by: from the documents themselves where they are few, else from the list of all."""
    if len(order_ids) <= _FEW:
        documents = await reading.many(Order, sorted(order_ids))
        return [views.member(views.order_sort_keys(one)[sort], one.id) for one in documents if one is not None]
    every = await reading.members(Order, [views.orders_by("all", "", sort)])
    return [entry for entry in every if views.member_id(entry) in order_ids]


def _ids(entries: Iterable[str]) -> set[str]:
    return {views.member_id(entry) for entry in entries}
