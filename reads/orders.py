"""Orders: one, a customer's history, and the staff's lists by state."""

import msgspec

from reads.pages import Edge, Page, Window, page, page_of
from reads.reading import Reading
from shop import views
from shop.views import Order


class OrderFilter(msgspec.Struct, frozen=True):
    """What a list of orders shows: any value of an axis, all axes that are named."""

    status: list[str] | None = None
    payment_status: list[str] | None = None
    fulfillment_status: list[str] | None = None
    customer: str | None = None
    channel: list[str] | None = None
    number: list[str] | None = None

    def axes(self) -> dict[str, list[str]]:
        """The indexes that answer this: axis to values. Numbers are looked up, they are no axis."""
        named = {
            "status": self.status,
            "payment": self.payment_status,
            "fulfillment": self.fulfillment_status,
            "customer": None if self.customer is None else [self.customer],
            "channel": self.channel,
        }
        return {axis: values for axis, values in named.items() if values is not None}

    def fits(self, document: Order) -> bool:
        """Tell whether an order is one of these."""
        return (
            _in(document.status, self.status)
            and _in(document.payment_status, self.payment_status)
            and _in(document.fulfillment_status, self.fulfillment_status)
            and self.customer in {None, document.customer_id}
            and _in(document.channel, self.channel)
            and _in(document.number, self.number)
        )


async def order(reading: Reading, *, id: str | None = None, number: str | None = None) -> Order | None:
    if id is None and number is not None:
        id = await reading.lookup(Order, "number", number)
    return None if id is None else await reading.get(Order, id)


async def orders(reading: Reading, where: OrderFilter | None, sort: str, descending: bool, window: Window) -> Page[Order]:
    """A list of orders. One axis is a page of its indexes; several axes are cut with each other."""
    where = where or OrderFilter()
    if where.number is not None:
        return await _by_numbers(reading, where, sort, descending, window)
    axes = where.axes()
    if len(axes) <= 1:
        [(axis, values)] = axes.items() or [("all", [""])]
        indexes = [views.orders_by(axis, value, sort) for value in dict.fromkeys(values)]
        return await page(reading, Order, indexes, window, falling=descending, fits=where.fits)
    parts = [
        await reading.members(Order, [views.orders_by(axis, value, sort) for value in values]) for axis, values in axes.items()
    ]
    members = sorted(set.intersection(*parts), reverse=descending)
    return await _page_of_members(reading, members, window)


async def _page_of_members(reading: Reading, members: list[str], window: Window) -> Page[Order]:
    """Load only the documents that the page shows: a stand-in of each place keeps the arithmetic in one function."""
    places = [_Place(id=views.member_id(entry), sort_key=entry.rpartition("\0")[0]) for entry in members]
    found = page_of(places, window, lambda place: place.sort_key)
    documents = await reading.many(Order, [edge.node.id for edge in found.edges])
    pairs = zip(found.edges, documents, strict=True)
    edges = [Edge(edge.cursor, document) for edge, document in pairs if document is not None]
    return Page(edges, found.page_info, found.total_count)


class _Place(views.Document, kw_only=True):
    view = "place"

    sort_key: str


async def _by_numbers(reading: Reading, where: OrderFilter, sort: str, descending: bool, window: Window) -> Page[Order]:
    found = [await order(reading, number=number) for number in dict.fromkeys(where.number or [])]
    fitting = [one for one in found if one is not None and where.fits(one)]
    fitting.sort(key=lambda one: (views.order_sort_keys(one)[sort], one.id), reverse=descending)
    return page_of(fitting, window, lambda one: views.order_sort_keys(one)[sort])


def _in(value: str, allowed: list[str] | None) -> bool:
    return allowed is None or value in allowed
