"""Live views: a document that changed is pushed as it is now, with the position at which it changed.

Order, snapshots and `after` are the contract's: positions rise, none comes twice, and what changed since `after`
comes once. A subscriber that is slow gets the newest state of each document, not each state.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any

import msgspec

from reads import carts, products
from reads.errors import BadCursor, ReadError
from reads.feed import Change
from reads.order_filters import OrderFilter
from reads.reading import Reading, Views
from reads.store import Range
from shop import clock, views
from shop.position import Position
from shop.views import Cart, Checkout, Document, Order, Product, SalesDay, StockLevel

_MOST_IDS = 100
_MOST_SNAPSHOTS = 10_000
_WAIT_MS = 10_000
_LAST_ORDINAL = 99_999


class Message(msgspec.Struct, frozen=True):
    """`document` is null when it is gone, or no longer fits what was asked for."""

    position: str
    at: str
    type: str
    id: str
    document: Any


class _Topic(msgspec.Struct, frozen=True):
    """What a subscription is about: a view, which of its documents, and how one is shown.

    `ids` are those it names itself; each begins with its snapshot. `mine` keeps other documents out by their id alone.
    """

    view: type[Document]
    show: Callable[[Reading, str], Awaitable[Any]]
    ids: Sequence[str] | None = None
    mine: Callable[[str], bool] = lambda _: True


class _Mailbox:
    """The newest change of each document that waits for a slow subscriber, in rising order."""

    def __init__(self, topic: _Topic) -> None:
        self._topic = topic
        self._waiting: dict[str, Change] = {}
        self._filled = asyncio.Event()
        self._ended: ReadError | None = None

    def put(self, changes: Sequence[Change]) -> None:
        for change in changes:
            if change.view == self._topic.view.view and self._topic.mine(change.document_id):
                self._waiting.pop(change.document_id, None)
                self._waiting[change.document_id] = change
                self._filled.set()

    def end(self, reason: ReadError) -> None:
        self._ended = reason
        self._filled.set()

    async def take(self) -> Change:
        """Wait for a change. Raises why there will be no more."""
        while not self._waiting and self._ended is None:
            self._filled.clear()
            await self._filled.wait()
        if self._ended is not None:
            raise self._ended
        return self._waiting.pop(next(iter(self._waiting)))


def products_changed(
    source: Views, channel: str, ids: Sequence[str] | None, category: str | None, after: Position | None
) -> AsyncIterator[Message]:
    """Products of a channel: some by id, those filed under a category, or all that it sells."""

    async def show(reading: Reading, product_id: str) -> Product | None:
        found = await products.product(reading, channel, id=product_id)
        outside = category is not None and found is not None and category not in found.category_ids
        return None if found is None or outside or not found.published else found

    chosen = None if ids is None else frozenset(ids)
    return _follow(source, _Topic(Product, show, ids, lambda one: chosen is None or one in chosen), after)


def stock_changed(
    source: Views, variant_ids: Sequence[str] | None, warehouse_id: str | None, after: Position | None
) -> AsyncIterator[Message]:
    """Stock levels: of some variants, in a warehouse, or all. Named variants begin with their levels."""
    chosen = None if variant_ids is None else frozenset(variant_ids)

    def mine(level_id: str) -> bool:
        _, variant_id, where = level_id.split(":")
        return (chosen is None or variant_id in chosen) and warehouse_id in {None, where}

    async def show(reading: Reading, level_id: str) -> StockLevel | None:
        return await reading.get(StockLevel, level_id)

    topic = _Topic(StockLevel, show, None, mine)
    return _follow_variants(source, topic, variant_ids, after) if variant_ids is not None else _follow(source, topic, after)


def hidden(source: Views, ids: Sequence[str], after: Position | None) -> AsyncIterator[Message]:
    """What is told of carts, checkouts and orders that are not the caller's to see: the same as where there are none."""

    async def show(_reading: Reading, _one: str) -> None:
        return None

    return _follow(source, _Topic(Cart, show, ids, lambda _: False), after)


def cart_changed(source: Views, cart_id: str, after: Position | None) -> AsyncIterator[Message]:
    async def show(reading: Reading, one: str) -> carts.JoinedCart | None:
        return await carts.cart(reading, one)

    return _follow(source, _Topic(Cart, show, [cart_id], lambda one: one == cart_id), after)


def checkout_changed(
    source: Views, checkout_id: str, after: Position | None, *, cart_id: str | None = None
) -> AsyncIterator[Message]:
    """A checkout; where a cart is named, only that cart's own."""

    async def show(reading: Reading, one: str) -> Checkout | None:
        found = await reading.get(Checkout, one)
        return found if found is None or cart_id in {None, found.cart_id} else None

    return _follow(source, _Topic(Checkout, show, [checkout_id], lambda one: one == checkout_id), after)


def orders_changed(
    source: Views, order_id: str | None, where: OrderFilter | None, after: Position | None
) -> AsyncIterator[Message]:
    """One order, or those of a filter."""

    async def show(reading: Reading, one: str) -> Order | None:
        found = await reading.get(Order, one)
        return found if found is None or where is None or where.fits(found) else None

    ids = None if order_id is None else [order_id]
    return _follow(source, _Topic(Order, show, ids, lambda one: order_id in {None, one}), after)


def sales_changed(source: Views, channel: str, after: Position | None) -> AsyncIterator[Message]:
    async def show(reading: Reading, one: str) -> SalesDay | None:
        return await reading.get(SalesDay, one)

    return _follow(source, _Topic(SalesDay, show, None, lambda one: one.startswith(f"day_{channel}_")), after)


async def _follow_variants(
    source: Views, topic: _Topic, variant_ids: Sequence[str], after: Position | None
) -> AsyncIterator[Message]:
    """Levels are named by their variants: find which there are, then follow those and any that are new."""
    _check(variant_ids)
    reading = await source.reading()
    ranges = [Range(views.EVERY, _MOST_SNAPSHOTS, prefix=views.member(one, "")) for one in variant_ids]
    found = [views.member_id(entry) for members in await reading.ranges(StockLevel, ranges) for entry in members]
    named = msgspec.structs.replace(topic, ids=[level_id for level_id in found if topic.mine(level_id)])
    async for message in _follow(source, named, after):
        yield message


async def _follow(source: Views, topic: _Topic, after: Position | None) -> AsyncIterator[Message]:
    _check(topic.ids or ())
    mailbox = _Mailbox(topic)
    with source.feed.listening(mailbox):
        reading = await source.reading()
        if after is not None:
            await reading.at_least(after, _WAIT_MS)
        reached = await reading.reached(topic.view)
        has = set(topic.ids or ()) if after is not None else set[str]()  # what the subscriber may hold
        async for message in _catch_up(source, topic, reading, reached, after):
            _note(has, message)
            yield message
        begun = Position(reached.epoch, reached.position, _LAST_ORDINAL)
        while True:
            change = await mailbox.take()
            if Position(begun.epoch, change.position, change.ordinal) <= begun:
                continue
            message = await _message(await source.reading(), topic, change)
            if message.document is not None or message.id in has:
                _note(has, message)
                yield message


async def _catch_up(
    source: Views, topic: _Topic, reading: Reading, reached: Position, after: Position | None
) -> AsyncIterator[Message]:
    """What a subscription begins with: what changed since `after`, else a snapshot of each document it names."""
    missed: list[Change] | None = None
    if after is not None:
        missed = await source.feed.since(reached.epoch, after.position, after.ordinal, reached.position)
    if missed is None:
        begun = after is not None and topic.ids is None
        ids = await _every_id(reading, topic) if begun else topic.ids or ()
        async for message in _snapshots(reading, topic, ids):
            yield message
        return
    newest = {change.document_id: change for change in missed if _concerns(topic, change)}
    for change in sorted(newest.values(), key=lambda one: (one.position, one.ordinal)):
        yield await _message(reading, topic, change)


async def _snapshots(reading: Reading, topic: _Topic, ids: Sequence[str]) -> AsyncIterator[Message]:
    """Each document as it is, at the place it was folded to: resuming after any of them misses none of the others."""
    found = await reading.many(topic.view, list(dict.fromkeys(ids)))
    places = [
        (document.folded_position, document.folded_ordinal, document.id) if document is not None else (0, ordinal, missing)
        for ordinal, (missing, document) in enumerate(zip(dict.fromkeys(ids), found, strict=True))
    ]
    for position, ordinal, document_id in sorted(places):
        snapshot = Change(position, ordinal, clock.text(clock.utc_now()), "Snapshot", topic.view.view, document_id)
        yield await _message(reading, topic, snapshot)


async def _every_id(reading: Reading, topic: _Topic) -> list[str]:
    """All documents that a subscription without ids is about; a view that keeps no such list has none."""
    index = views.orders_by("all", "", "PLACED_AT") if topic.view is Order else views.EVERY
    [members] = await reading.ranges(topic.view, [Range(index, _MOST_SNAPSHOTS)])
    return [one for one in map(views.member_id, members) if topic.mine(one)]


def _concerns(topic: _Topic, change: Change) -> bool:
    return change.view == topic.view.view and topic.mine(change.document_id)


async def _message(reading: Reading, topic: _Topic, change: Change) -> Message:
    document = await topic.show(reading, change.document_id)
    position = str(Position(reading.position.epoch, change.position, change.ordinal))
    told = change.type if document is not None else "Removed"
    return Message(position, change.at, told, change.document_id, document)


def _note(has: set[str], message: Message) -> None:
    """Keep in mind what the subscriber holds, so that it is told once when that no longer fits."""
    if message.document is None:
        has.discard(message.id)
    else:
        has.add(message.id)


def _check(ids: Sequence[str]) -> None:
    if len(ids) > _MOST_IDS:
        raise BadCursor(f"Subscribe to {_MOST_IDS} documents at most, not {len(ids)}.")
