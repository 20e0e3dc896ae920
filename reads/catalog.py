"""Channels, warehouses, the category tree and collections: small lists, read whole."""

from collections.abc import Sequence
from typing import TypeVar

from reads.reading import Reading
from reads.store import Range
from shop import ids, views
from shop.views import Category, Channel, Collection, Document, Warehouse

D = TypeVar("D", bound=Document)
_MOST = 10_000


async def channels(reading: Reading) -> list[Channel]:
    return await _every(reading, Channel)


async def channel(reading: Reading, code: str) -> Channel | None:
    return await reading.get(Channel, ids.channel(code))


async def channel_codes(reading: Reading) -> list[str]:
    """The codes of all channels, in one round trip."""
    [entries] = await reading.ranges(Channel, [Range(views.EVERY, _MOST)])
    return [views.sort_key(entry) for entry in entries]


async def warehouses(reading: Reading) -> list[Warehouse]:
    """All warehouses, in the order in which they are asked for stock."""
    return sorted(await _every(reading, Warehouse), key=lambda warehouse: (-warehouse.priority, warehouse.code))


async def category(reading: Reading, *, id: str | None = None, slug: str | None = None) -> Category | None:
    if id is None and slug is not None:
        id = await reading.lookup(Category, "slug", slug)
    return None if id is None else await reading.get(Category, id)


async def categories(reading: Reading, parent: str | None) -> list[Category]:
    """The roots, or the children of `parent`, by position and name."""
    children = [one for one in await _every(reading, Category) if one.parent_id == parent]
    return sorted(children, key=lambda one: (one.position, one.name))


async def ancestors(reading: Reading, below: Category) -> list[Category]:
    """From the root down to the parent: the breadcrumbs."""
    path: list[Category] = []
    parent = below.parent_id
    while parent is not None:
        above = await reading.get(Category, parent)
        if above is None:
            break
        path.insert(0, above)
        parent = above.parent_id
    return path


async def tree(reading: Reading) -> dict[str, list[str]]:
    """The ids of each category's children, in one round trip; those of the roots under ''."""
    [entries] = await reading.ranges(Category, [Range(views.TREE, _MOST)])
    children: dict[str, list[str]] = {}
    for entry in entries:
        parent, _, category_id = entry.partition("\0")
        children.setdefault(parent, []).append(category_id)
    return children


async def category_and_below(reading: Reading, category_id: str) -> Sequence[str]:
    """The ids of a category and of all below it."""
    children, found = await tree(reading), [category_id]
    for parent in found:
        found += children.get(parent, [])
    return found


async def collection(reading: Reading, *, id: str | None = None, slug: str | None = None) -> Collection | None:
    if id is None and slug is not None:
        id = await reading.lookup(Collection, "slug", slug)
    return None if id is None else await reading.get(Collection, id)


async def collections(reading: Reading) -> list[Collection]:
    """All collections, by name."""
    return sorted(await _every(reading, Collection), key=lambda one: (one.name.casefold(), one.id))


async def ruled_ids(reading: Reading) -> list[str]:
    """The ids of the collections that have a rule, in one round trip."""
    [entries] = await reading.ranges(Collection, [Range(views.RULED, _MOST)])
    return [views.member_id(entry) for entry in entries]


async def ruled(reading: Reading) -> list[Collection]:
    """The collections that have a rule, in one more round trip."""
    found = await reading.many(Collection, await ruled_ids(reading))
    return [one for one in found if one is not None and one.rule is not None]


async def _every(reading: Reading, view: type[D]) -> list[D]:
    [members] = await reading.ranges(view, [Range(views.EVERY, _MOST)])
    documents = await reading.many(view, [views.member_id(entry) for entry in members])
    return [document for document in documents if document is not None]
