"""How products are asked for by the page: what they are filtered and sorted by. Used at the root and below categories."""

import datetime as dt
import enum

import msgspec
import strawberry

from reads import products
from reads.pages import Page, Window
from reads.products import ProductFilter
from reads.reading import Reading
from schema.faults import bad_input
from schema.inputs import given
from schema.nodes import known
from schema.scalars import Decimal, SortDirection
from shop import views


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


@strawberry.input
class MoneyWhere:
    gte: Decimal | None = strawberry.UNSET
    lte: Decimal | None = strawberry.UNSET


@strawberry.input
class DateTimeWhere:
    gte: dt.datetime | None = strawberry.UNSET
    lt: dt.datetime | None = strawberry.UNSET


@strawberry.input
class ProductWhere:
    ids: list[strawberry.ID] | None = strawberry.UNSET
    category: strawberry.ID | None = strawberry.UNSET
    collection: strawberry.ID | None = strawberry.UNSET
    price: MoneyWhere | None = strawberry.UNSET
    status: list[ProductStatus] | None = strawberry.UNSET
    updated_at: DateTimeWhere | None = strawberry.UNSET


@strawberry.input(description="No direction means the natural one: best sellers, newest and best rated first, names and prices rising.")
class ProductSort:
    field: ProductSortField
    direction: SortDirection | None = strawberry.UNSET


def window(first: int | None, after: str | None, last: int | None = None, before: str | None = None) -> Window:
    """Say which part of a list is asked for; what is not given is null."""
    return Window(first=known(first), after=known(after), last=known(last), before=known(before))


async def listing(
    reading: Reading,
    channel: str,
    where: ProductWhere | None,
    sort: ProductSort | None,
    part: Window,
    category_id: str | None = None,
) -> Page[views.Product]:
    """One page of a channel's products, of all or below one category; by name unless sorted otherwise."""
    wanted = _wanted(where)
    if category_id is not None:
        if wanted.category is not None:
            raise bad_input("Below a category, leave `where.category` out.")
        wanted = msgspec.structs.replace(wanted, category=category_id)
    return await _sorted(reading, channel, wanted, sort, part)


async def collected(
    reading: Reading, channel: str, where: ProductWhere | None, sort: ProductSort | None, part: Window, collection_id: str
) -> Page[views.Product]:
    """One page of a collection's products; in the order of its list unless sorted otherwise."""
    wanted = _wanted(where)
    if wanted.collection is not None:
        raise bad_input("In a collection, leave `where.collection` out.")
    wanted = msgspec.structs.replace(wanted, collection=collection_id)
    return await _sorted(reading, channel, wanted, sort or ProductSort(field=ProductSortField.POSITION), part)


async def _sorted(
    reading: Reading, channel: str, wanted: ProductFilter, sort: ProductSort | None, part: Window
) -> Page[views.Product]:
    by, direction = (sort.field, known(sort.direction)) if sort else (ProductSortField.NAME, None)
    if by is ProductSortField.POSITION and wanted.collection is None:
        raise bad_input("POSITION is the order of a collection's list: name one in `where.collection`.")
    descending = None if direction is None else direction is SortDirection.DESC
    return await products.products(reading, channel, wanted, by.value, descending, part)


def _wanted(where: ProductWhere | None) -> ProductFilter:
    return msgspec.convert(given(where), ProductFilter) if where else ProductFilter()
