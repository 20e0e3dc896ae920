"""Channels, warehouses, categories and collections: small documents, one for each."""

from collections.abc import Iterable

from projections.projection import Entry, Projection, replace
from shop import events, views
from shop.log import Recorded

channel = Projection(views.Channel)
warehouse = Projection(views.Warehouse)
category = Projection(views.Category)
collection = Projection(views.Collection)


@channel.starts(events.ChannelCreated, lambda e: [e.stream])
def channel_created(event: events.ChannelCreated, _: Recorded) -> views.Channel:
    return views.Channel(id=event.stream, code=event.code, name=event.name, currency=event.currency)


@warehouse.starts(events.WarehouseCreated, lambda e: [e.warehouse_id])
def warehouse_created(event: events.WarehouseCreated, _: Recorded) -> views.Warehouse:
    return views.Warehouse(
        id=event.warehouse_id, code=event.code, name=event.name, active=event.active, priority=event.priority
    )


@warehouse.on(events.WarehouseChanged, lambda e: [e.warehouse_id])
def warehouse_changed(view: views.Warehouse, event: events.WarehouseChanged, _: Recorded) -> views.Warehouse:
    return replace(view, code=event.code, name=event.name, active=event.active, priority=event.priority)


@category.starts(events.CategoryCreated, lambda e: [e.category_id])
def category_created(event: events.CategoryCreated, _: Recorded) -> views.Category:
    return views.Category(
        id=event.category_id,
        slug=event.slug,
        name=event.name,
        description=event.description,
        parent_id=event.parent_id,
        image=event.image,
        position=event.position,
    )


@collection.starts(events.CollectionDefined, lambda e: [e.collection_id])
def collection_defined(event: events.CollectionDefined, _: Recorded) -> views.Collection:
    return views.Collection(
        id=event.collection_id,
        slug=event.slug,
        name=event.name,
        description=event.description,
        image=event.image,
        rule=event.rule,
    )


@collection.on(events.CollectionListed, lambda e: [e.collection_id])
def collection_listed(view: views.Collection, _event: events.CollectionListed, _: Recorded) -> views.Collection:
    return view  # the products know their places; the collection is at a new version


@category.on(events.CategoryRenamed, lambda e: [e.category_id])
def category_renamed(view: views.Category, event: events.CategoryRenamed, _: Recorded) -> views.Category:
    return replace(view, slug=event.slug, name=event.name, description=event.description, image=event.image)


@category.on(events.CategoryMoved, lambda e: [e.category_id])
def category_moved(view: views.Category, event: events.CategoryMoved, _: Recorded) -> views.Category:
    return replace(view, parent_id=event.parent_id, position=event.position)


def _every_channel(document: views.Channel) -> Iterable[Entry]:
    yield views.EVERY, views.member(document.code, document.id), 0


def _every_warehouse(document: views.Warehouse) -> Iterable[Entry]:
    yield views.EVERY, views.member(document.code, document.id), 0


def _by_slug(document: views.Category | views.Collection) -> Iterable[Entry]:
    yield views.EVERY, views.member("", document.id), 0
    yield views.LOOKUP, views.member(f"slug={document.slug}", document.id), 0


def _in_tree(document: views.Category) -> Iterable[Entry]:
    yield from _by_slug(document)
    yield views.TREE, views.member(document.parent_id or "", document.id), 0


def _by_rule(document: views.Collection) -> Iterable[Entry]:
    yield from _by_slug(document)
    if document.rule is not None:
        yield views.RULED, views.member("", document.id), 0


channel.entries = _every_channel
warehouse.entries = _every_warehouse
category.entries = _in_tree
collection.entries = _by_rule
