"""Relay connections over indexes: one round for the range, one for the documents, whatever the page's size."""

import asyncio
import base64
import binascii
from bisect import bisect_left, bisect_right
from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Generic, TypeVar

import msgspec

from reads.errors import BadCursor
from reads.reading import Reading
from reads.store import Range
from shop import views
from shop.views import Document

D = TypeVar("D", bound=Document)
MOST = 100


class Window(msgspec.Struct, frozen=True):
    """Which part of a list: `first` after a cursor, or `last` before one; 20 where neither is named."""

    first: int | None = None
    after: str | None = None
    last: int | None = None
    before: str | None = None


class Edge(msgspec.Struct, Generic[D], frozen=True):
    cursor: str
    node: D


class PageInfo(msgspec.Struct, frozen=True):
    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


class Page(msgspec.Struct, Generic[D], frozen=True):
    """A part of a list, with the size of the whole."""

    edges: list[Edge[D]]
    page_info: PageInfo
    total_count: int

    @property
    def nodes(self) -> list[D]:
        return [edge.node for edge in self.edges]


def cursor(member: str) -> str:
    """A cursor is an index member, so it stays good when what it points at is gone."""
    return base64.urlsafe_b64encode(member.encode()).decode()


def member(cursor_text: str | None) -> str | None:
    """Read a cursor back, or refuse it."""
    if cursor_text is None:
        return None
    try:
        read = base64.urlsafe_b64decode(cursor_text.encode()).decode()
    except (binascii.Error, ValueError):
        read = ""
    if "\0" not in read:
        raise BadCursor(f"{cursor_text!r} is no cursor of this list.")
    return read


def size(window: Window) -> int:
    """How many are asked for; a window with two ends, or out of bounds, is refused."""
    if window.first is not None and window.last is not None:
        raise BadCursor("Ask for the first or for the last, not for both.")
    if window.last is None and window.before is not None:
        raise BadCursor("`before` goes with `last`.")
    if window.last is not None and window.after is not None:
        raise BadCursor("`after` goes with `first`.")
    wanted = window.first if window.first is not None else window.last if window.last is not None else 20
    if not 0 <= wanted <= MOST:
        raise BadCursor(f"A page has 0 to {MOST} entries, not {wanted}.")
    return wanted


Load = Callable[[Sequence[str]], Awaitable[Sequence[D | None]]]
"""The documents of some ids, in their order."""

Next = Callable[[str | None, int, bool], Awaitable[tuple[list[str], bool]]]
"""Members that follow one (None: from the beginning), so many, falling or not; and whether there are more."""


async def page(
    reading: Reading,
    view: type[D],
    indexes: Sequence[str],
    window: Window,
    *,
    falling: bool = False,
    load: Load[D] | None = None,
    fits: Callable[[D], bool] = lambda _: True,
) -> Page[D]:
    """Read one page of what stands in any of the indexes, in two round trips.

    An entry whose document is gone or no longer `fits` is left out, and the page is filled up once.
    """
    size(window)  # refuses, before anything is read

    async def following(start: str | None, wanted: int, falling: bool) -> tuple[list[str], bool]:
        ranges = [Range(index, wanted + 1, start, falling) for index in indexes]
        found = {entry for part in await reading.ranges(view, ranges) for entry in part}
        ordered = sorted(found, key=str.encode, reverse=falling)
        return ordered[:wanted], len(ordered) > wanted

    filled = _filled(following, window, falling, load or _loading(reading, view), fits)
    total, (edges, info) = await asyncio.gather(reading.counts(view, indexes), filled)
    return Page(edges, info, total)


async def page_among(
    members: Collection[str],
    window: Window,
    load: Load[D],
    *,
    falling: bool = False,
    fits: Callable[[D], bool] = lambda _: True,
) -> Page[D]:
    """Read one page of members that are known already, in one round trip; otherwise as `page`."""
    ordered = sorted(members, key=str.encode)

    async def following(start: str | None, wanted: int, falling: bool) -> tuple[list[str], bool]:
        left = ordered if start is None else _beyond(ordered, start, falling=falling)
        return (left[::-1] if falling else left)[:wanted], len(left) > wanted

    edges, info = await _filled(following, window, falling, load, fits)
    return Page(edges, info, len(ordered))


def _loading(reading: Reading, view: type[D]) -> Load[D]:
    return lambda document_ids: reading.many(view, document_ids)


def _beyond(ordered: list[str], start: str, *, falling: bool) -> list[str]:
    at = start.encode()
    if falling:
        return ordered[: bisect_left(ordered, at, key=str.encode)]
    return ordered[bisect_right(ordered, at, key=str.encode) :]


async def _filled(
    following: Next, window: Window, falling: bool, load: Load[D], fits: Callable[[D], bool]
) -> tuple[list[Edge[D]], PageInfo]:
    wanted, backwards = size(window), window.last is not None
    start = member(window.before if backwards else window.after)
    edges: list[Edge[D]] = []
    more = True
    for again in (False, True):
        if again and (not more or len(edges) >= wanted):
            break
        found, more = await following(start, wanted - len(edges), falling != backwards)
        documents = await load([views.member_id(entry) for entry in found])
        pairs = zip(found, documents, strict=True)
        edges += [Edge(cursor(entry), node) for entry, node in pairs if node is not None and fits(node)]
        start = found[-1] if found else start
    if backwards:
        edges.reverse()
    started = window.before is not None if backwards else window.after is not None
    ends = (started, more) if backwards else (more, started)
    first, last = (edges[0].cursor, edges[-1].cursor) if edges else (None, None)
    return edges, PageInfo(*ends, first, last)


def page_of(ordered: Sequence[D], window: Window, key: Callable[[D], str]) -> Page[D]:
    """A page of a list that is in memory already, with cursors of the same form."""
    wanted, backwards = size(window), window.last is not None
    start = member(window.before if backwards else window.after)
    places = [views.member(key(node), node.id) for node in ordered]
    at = places.index(start) if start in places else -1
    if backwards:
        end = at if at >= 0 else len(places)
        span = range(max(0, end - wanted), end)
    else:
        span = range(at + 1, min(len(places), at + 1 + wanted))
    edges = [Edge(cursor(places[place]), ordered[place]) for place in span]
    first, last = (edges[0].cursor, edges[-1].cursor) if edges else (None, None)
    return Page(edges, PageInfo(span.stop < len(places), span.start > 0, first, last), len(places))
