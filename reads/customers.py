"""Customers and the credits that imported books gave them."""

import datetime as dt
import re

from reads.pages import Page, Window, page, page_of
from reads.reading import Reading
from reads.store import Range
from shop import views
from shop.views import Credit, Customer

_MOST = 10_000


async def customer(reading: Reading, customer_id: str) -> Customer | None:
    return await reading.get(Customer, customer_id)


async def customers(reading: Reading, search: str | None, window: Window) -> Page[Customer]:
    """All customers, or those of whom each word of `search` begins a word: reference, name or email."""
    words = re.findall(r"[\w@.+-]+", (search or "").casefold())
    if not words:
        return await page(reading, Customer, [views.EVERY], window)
    found = await reading.ranges(Customer, [Range(views.SEARCH, _MOST, prefix=word) for word in words])
    ids = set.intersection(*({views.member_id(entry) for entry in members} for members in found))
    documents = [one for one in await reading.many(Customer, sorted(ids)) if one is not None]
    documents.sort(key=lambda one: (views.customer_sort_key(one), one.id))
    return page_of(documents, window, views.customer_sort_key)


async def credits(reading: Reading, from_day: dt.date, to_day: dt.date) -> list[Credit]:
    """The credits of a span of days, both inclusive, by time."""
    [members] = await reading.ranges(Credit, [Range(views.EVERY, _MOST, after=f"{from_day}T")])
    until = str(to_day + dt.timedelta(days=1))
    wanted = [views.member_id(entry) for entry in members if entry < until]
    return [one for one in await reading.many(Credit, wanted) if one is not None]
