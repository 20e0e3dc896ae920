"""What happened to an order, a page at a time: one document, whatever the page."""

from bisect import bisect_right

import msgspec

from reads.pages import PageInfo, Window, cursor, member, size
from reads.reading import Reading
from shop import views
from shop.position import Position
from shop.views import Timeline, TimelineEntry


class Told(msgspec.Struct, frozen=True):
    """An entry with its place in the log of today's epoch."""

    entry: TimelineEntry
    position: Position


class Edge(msgspec.Struct, frozen=True):
    cursor: str
    node: Told


class Page(msgspec.Struct, frozen=True):
    edges: list[Edge]
    page_info: PageInfo
    total_count: int

    @property
    def nodes(self) -> list[Told]:
        return [edge.node for edge in self.edges]


async def timeline(reading: Reading, order_id: str, window: Window, *, as_buyer: bool) -> Page:
    """The events of an order, the earliest first; as staff read them, or as the order's buyer does."""
    wanted, after = size(window), member(window.after)
    found = await reading.get(Timeline, order_id)
    every = [] if found is None else views.as_buyer(found) if as_buyer else found.entries
    start = 0 if after is None else bisect_right(every, after, key=lambda one: _place(one, order_id))
    shown = every[start : start + wanted]
    epoch = reading.position.epoch
    edges = [Edge(cursor(_place(one, order_id)), Told(one, Position(epoch, one.position))) for one in shown]
    first, last = (edges[0].cursor, edges[-1].cursor) if edges else (None, None)
    more = start + len(shown) < len(every)
    return Page(edges, PageInfo(more, window.after is not None, first, last), len(every))


def _place(entry: TimelineEntry, order_id: str) -> str:
    return views.member(views.number_key(entry.position), order_id)
