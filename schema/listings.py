"""How products are asked for by the page: what they are filtered and sorted by. Used at the root and below categories."""

import enum
from typing import Any

import msgspec
import strawberry

from reads import listings
from reads.filters import ProductFilter
from reads.listings import Listing, Wanted
from reads.pages import Window
from schema.asked import asked_below
from schema.context import Info
from schema.faults import bad_input
from schema.inputs import api_names, given
from schema.nodes import known
from schema.scalars import Decimal, SortDirection
from schema.wheres import DateTimeWhere, StringWhere


@strawberry.enum
class ProductStatus(enum.StrEnum):
    DRAFT = "DRAFT"
    ACTIVE = "ACTIVE"
    ARCHIVED = "ARCHIVED"


@strawberry.enum(description="POSITION is the order of a collection's list.")
class ProductSortField(enum.StrEnum):
    NAME = "NAME"
    PRICE = "PRICE"
    CREATED_AT = "CREATED_AT"
    BEST_SELLING = "BEST_SELLING"
    POSITION = "POSITION"
    UPDATED_AT = "UPDATED_AT"
    RATING = "RATING"
    RELEVANCE = "RELEVANCE"


@strawberry.input
class MoneyWhere:
    gte: Decimal | None = strawberry.UNSET
    lte: Decimal | None = strawberry.UNSET


@strawberry.input(description="OR inside a key, AND across keys.")
class AttributeWhere:
    key: str
    in_: list[str] = strawberry.field(name="in")


@strawberry.input
class ProductWhere:
    ids: list[strawberry.ID] | None = strawberry.UNSET
    category: strawberry.ID | None = strawberry.UNSET
    collection: strawberry.ID | None = strawberry.UNSET
    vendor: StringWhere | None = strawberry.UNSET
    tag: StringWhere | None = strawberry.UNSET
    price: MoneyWhere | None = strawberry.UNSET
    in_stock: bool | None = strawberry.UNSET
    status: list[ProductStatus] | None = strawberry.UNSET
    attributes: list[AttributeWhere] | None = strawberry.UNSET
    on_sale: bool | None = strawberry.UNSET
    rating_at_least: Decimal | None = strawberry.UNSET
    updated_at: DateTimeWhere | None = strawberry.UNSET
    published: bool | None = strawberry.UNSET


@strawberry.input(
    description="No direction means the natural one: best sellers, newest and best rated first, names and prices rising. "
    "RELEVANCE has none."
)
class ProductSort:
    field: ProductSortField
    direction: SortDirection | None = strawberry.UNSET


def window(first: int | None, after: str | None, last: int | None = None, before: str | None = None) -> Window:
    """Say which part of a list is asked for; what is not given is null."""
    return Window(first=known(first), after=known(after), last=known(last), before=known(before))


class Place(msgspec.Struct, frozen=True):
    """Where a listing stands: at the root, below a category or in a collection, which its own filter then may not name."""

    channel: str
    category: str | None = None
    collection: str | None = None


async def listing(
    info: Info, place: Place, search: str | None, where: ProductWhere | None, sort: ProductSort | None, part: Window
) -> Listing:
    """One page of a channel's products. Unless sorted otherwise: the best hits first, a list in its order, else by name."""
    wanted = _filter(place, where)
    searched = search.strip() if search else ""
    by, descending = _sort(sort, searched=bool(searched), listed=wanted.collection is not None)
    tells = bool(asked_below(info) & {"facets", "priceRange"})
    return await listings.listing(
        info.context.reading, Wanted(place.channel, wanted, searched or None, by, descending, part, tells)
    )


def _sort(sort: ProductSort | None, *, searched: bool, listed: bool) -> tuple[str, bool | None]:
    """The sort, and whether it falls; None leaves that to the sort. A search for nothing has no best hits."""
    usual = ProductSortField.RELEVANCE if searched else ProductSortField.POSITION if listed else ProductSortField.NAME
    by, direction = (sort.field, known(sort.direction)) if sort else (usual, None)
    if by is ProductSortField.RELEVANCE and direction is not None:
        raise bad_input("RELEVANCE has no direction: the best hit comes first.")
    if by is ProductSortField.RELEVANCE and not searched:
        by = usual
    if by is ProductSortField.POSITION and not listed:
        raise bad_input("POSITION is the order of a collection's list: name one in `where.collection`.")
    return by.value, None if direction is None else direction is SortDirection.DESC


def plain_filter(where: ProductWhere) -> dict[str, Any]:
    """Write a filter down as JSON, under the names that clients know."""
    return dict(msgspec.to_builtins(api_names(given(where))))


def _filter(place: Place, where: ProductWhere | None) -> ProductFilter:
    wanted = msgspec.convert(api_names(given(where)), ProductFilter) if where else ProductFilter()
    if where and where.published is None:
        wanted = msgspec.structs.replace(wanted, published=None)
    for name, said in (("category", wanted.category), ("collection", wanted.collection)):
        own = getattr(place, name)
        if own is not None and said is not None:
            raise bad_input(f"Below a {name}, leave `where.{name}` out.")
    category, collection = place.category or wanted.category, place.collection or wanted.collection
    return msgspec.structs.replace(wanted, category=category, collection=collection)
