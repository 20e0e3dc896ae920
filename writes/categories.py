"""The tree of categories: no category is below itself, and none is too deep. Categories are made in `writes.catalog`."""

from collections.abc import Mapping
from typing import Any

import msgspec
import sqlalchemy as sa
from msgspec import UNSET, UnsetType

from shop import events
from shop.events import Media
from writes import naming
from writes import tables as t
from writes.refusals import Invalid, NotFound, Taken
from writes.work import Done, Work

_DEEPEST = 10
_COLUMNS = t.categories.c

Tree = Mapping[str, str | None]  # from each category to its parent


class UpdateCategory(msgspec.Struct, frozen=True):
    """An absent field stays as it is. Without a parent a category is a root."""

    category_id: str
    expected_version: int | None = None
    name: str | UnsetType = UNSET
    slug: str | UnsetType = UNSET
    parent_id: str | UnsetType | None = UNSET
    description: str | UnsetType | None = UNSET
    image: Media | UnsetType | None = UNSET
    position: int | UnsetType = UNSET


def update_category(work: Work, command: UpdateCategory) -> Done:
    tree = {} if command.parent_id is UNSET else held_tree(work)
    row = work.one(t.categories, command.category_id)
    if row is None:
        raise NotFound(f"There is no category {command.category_id}.", ["id"])
    work.expect(row.id, command.expected_version)
    called, calls = _changed(command, row, ("name", "slug", "description", "image"))
    placed, places = _changed(command, row, ("parent_id", "position"))
    happened: list[events.Event] = []
    if calls != called:
        calls["name"] = naming.named(calls["name"])
        _check_slug(work, row.id, calls["slug"])
        happened.append(msgspec.convert({"category_id": row.id, **calls}, events.CategoryRenamed))
    if places != placed:
        if places["parent_id"] is not None and places["parent_id"] != row.parent_id:
            check_place(tree, places["parent_id"], row.id)
        happened.append(events.CategoryMoved(category_id=row.id, **places))
    if happened:
        work.do(sa.update(t.categories).where(_COLUMNS.id == row.id).values({**calls, **places}))
    return Done(happened, {"category_id": row.id})


def held_tree(work: Work) -> Tree:
    """All categories, held until the transaction ends: two moves at once could make a circle."""
    every = sa.select(_COLUMNS.id, _COLUMNS.parent_id).order_by(_COLUMNS.id).with_for_update(key_share=True)
    return {row.id: row.parent_id for row in work.all(every)}


def check_place(tree: Tree, parent_id: str, category_id: str | None = None) -> None:
    """Refuse a parent that is not there, is the category itself or below it, or is too deep for it and all below it."""
    path = ["input", "parentId"]
    if parent_id not in tree:
        raise NotFound(f"There is no category {parent_id}.", path)
    above = _and_above(tree, parent_id)
    if category_id in above:
        raise Invalid("A category cannot be below itself.", path)
    if len(above) + _height(tree, category_id) > _DEEPEST:
        raise Invalid(f"Categories nest {_DEEPEST} deep at most.", path)


def _and_above(tree: Tree, category_id: str) -> list[str]:
    path, above = [category_id], tree[category_id]
    while above is not None:
        path.append(above)
        above = tree[above]
    return path


def _height(tree: Tree, category_id: str | None) -> int:
    """How many levels a category takes with all that is below it; a new one takes one."""
    below = (_and_above(tree, one) for one in tree)
    return max((path.index(category_id) + 1 for path in below if category_id in path), default=1)


def _changed(command: UpdateCategory, row: Any, fields: tuple[str, ...]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Some fields as they are, and as the command wants them, both as a row has them."""
    was = {field: getattr(row, field) for field in fields}
    given = {field: getattr(command, field) for field in fields if getattr(command, field) is not UNSET}
    return was, was | msgspec.to_builtins(given)


def _check_slug(work: Work, category_id: str, slug: str) -> None:
    naming.check_slug(slug)
    if work.connection.scalar(sa.select(_COLUMNS.id).where(_COLUMNS.slug == slug, _COLUMNS.id != category_id)) is not None:
        raise Taken(f"The slug {slug} belongs to another category.", ["input", "slug"])
