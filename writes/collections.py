"""Collections: products gathered by hand in an order of their own, or by a rule. The tree of categories is in `categories`."""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa
from msgspec import UNSET, UnsetType

from shop import events, ids
from shop.events import Media, Place
from writes import tables as t
from writes.catalog import slug_of
from writes.naming import check_slug, named
from writes.refusals import AboveLimit, Invalid, NotFound, Taken
from writes.work import Done, Work

_MOST_PRODUCTS = 5_000
_PLACES_AN_EVENT = 100  # so that a long list comes to the views in parts, each as small as any other change


Rule = dict[str, Any]  # the filter that products must fit, in the API's words


class CreateCollection(msgspec.Struct, frozen=True):
    name: str
    slug: str | None = None
    description: str | None = None
    image: Media | None = None
    product_ids: list[str] = []
    rule: Rule | None = None


class UpdateCollection(msgspec.Struct, frozen=True):
    """An absent field stays as it is; a list replaces, and so does a rule."""

    collection_id: str
    expected_version: int | None = None
    name: str | UnsetType = UNSET
    slug: str | UnsetType = UNSET
    description: str | UnsetType | None = UNSET
    image: Media | UnsetType | None = UNSET
    product_ids: list[str] | UnsetType = UNSET
    rule: Rule | UnsetType | None = UNSET


def create_collection(work: Work, command: CreateCollection) -> Done:
    collection_id, slug = ids.new("collection"), command.slug or slug_of(command.name)
    described: dict[str, Any] = {
        "slug": slug,
        "name": named(command.name),
        "description": command.description,
        "image": command.image,
        "rule": command.rule,
    }
    _check_rule(work, command.rule)
    _check_one_way(command.rule, command.product_ids)
    work.add(t.collections, {"id": collection_id, **msgspec.to_builtins(described)})
    _take_slug(work, collection_id, slug)
    defined = events.CollectionDefined(collection_id=collection_id, **described)
    return Done([defined, *_list(work, collection_id, command.product_ids)], {"collection_id": collection_id})


def update_collection(work: Work, command: UpdateCollection) -> Done:
    row = work.one(t.collections, command.collection_id)
    if row is None:
        raise NotFound(f"There is no collection {command.collection_id}.", ["id"])
    work.expect(row.id, command.expected_version)
    rule = row.rule if command.rule is UNSET else command.rule
    _check_rule(work, rule)
    if rule is not None:  # only then is it of interest what is listed
        _check_one_way(rule, list(_places(work, row.id)) if command.product_ids is UNSET else command.product_ids)
    happened: list[events.Event] = [*_describe(work, row, command)]
    if command.product_ids is not UNSET:
        happened += _list(work, row.id, command.product_ids)
    return Done(happened, {"collection_id": row.id})


def _describe(work: Work, row: Any, command: UpdateCollection) -> Iterator[events.CollectionDefined]:
    was = {field: getattr(row, field) for field in ("slug", "name", "description", "image", "rule")}
    said = {field: getattr(command, field) for field in was if getattr(command, field) is not UNSET}
    described = was | msgspec.to_builtins(said)
    described["name"] = named(described["name"])
    if described["slug"] != row.slug:
        _take_slug(work, row.id, described["slug"])
        work.do(sa.delete(t.collection_slugs).where(t.collection_slugs.c.slug == row.slug))
    if described != was:
        work.do(sa.update(t.collections).where(t.collections.c.id == row.id).values(**described))
        yield msgspec.convert({"collection_id": row.id, **described}, events.CollectionDefined)


def _check_one_way(rule: Rule | None, product_ids: Sequence[str]) -> None:
    if rule is not None and product_ids:
        why = "A collection has a list or a rule, never both: take away the one (null) where you give the other."
        raise Invalid(why, ["input", "rule"])


def _check_rule(work: Work, rule: Rule | None) -> None:
    for name in ("collection", "published"):
        if name in (rule or {}):
            raise Invalid(f"A rule does not name `{name}`: it finds, in all that a channel sells.", ["input", "rule", name])
    category_id = (rule or {}).get("category")
    if category_id is not None and work.seen(t.categories, category_id) is None:
        raise NotFound(f"There is no category {category_id}.", ["input", "rule", "category"])


def _take_slug(work: Work, collection_id: str, slug: str) -> None:
    check_slug(slug)
    if not work.added(t.collection_slugs, {"slug": slug, "collection_id": collection_id}):
        raise Taken(f"The slug {slug} belongs to another collection.", ["input", "slug"])


def _list(work: Work, collection_id: str, product_ids: Sequence[str]) -> Iterator[events.CollectionListed]:
    """Make the list be this one, and tell of each product whose place in it is another than before."""
    _check_products(work, product_ids)
    wanted = {product_id: place for place, product_id in enumerate(product_ids)}
    was = _places(work, collection_id)
    moved = [Place(one, place) for one, place in wanted.items() if was.get(one) != place]
    gone = [Place(one) for one in was if one not in wanted]
    changed = [*moved, *gone]
    _forget(work, collection_id, [one.product_id for one in changed])
    rows = [{"collection_id": collection_id, "product_id": one.product_id, "place": one.place} for one in moved]
    work.do_each(sa.insert(t.collection_products), rows)
    for start in range(0, len(changed), _PLACES_AN_EVENT):
        yield events.CollectionListed(collection_id=collection_id, places=changed[start : start + _PLACES_AN_EVENT])


def _check_products(work: Work, product_ids: Sequence[str]) -> None:
    path = ["input", "productIds"]
    if len(product_ids) > _MOST_PRODUCTS:
        raise AboveLimit(f"A collection lists {_MOST_PRODUCTS} products at most.", _MOST_PRODUCTS, path)
    known = set(work.connection.scalars(sa.select(t.products.c.id).where(t.products.c.id.in_(product_ids))))
    for number, product_id in enumerate(product_ids):
        if product_id not in known:
            raise NotFound(f"There is no product {product_id}.", [*path, number])
    if len(known) < len(product_ids):
        raise Invalid("A product is in the list once.", path)


def _places(work: Work, collection_id: str) -> dict[str, int]:
    columns = t.collection_products.c
    listed = sa.select(columns.product_id, columns.place).where(columns.collection_id == collection_id)
    return {row.product_id: row.place for row in work.all(listed.order_by(columns.place))}


def _forget(work: Work, collection_id: str, product_ids: Sequence[str]) -> None:
    columns = t.collection_products.c
    here = (columns.collection_id == collection_id, columns.product_id.in_(product_ids))
    work.do(sa.delete(t.collection_products).where(*here))
