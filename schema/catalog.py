"""Channels and categories, and the small pieces of the catalog. Products are in `schema.products`."""

from typing import TYPE_CHECKING, Annotated, Any

import strawberry
from strawberry import Parent

from reads import catalog, products
from reads.listings import Listing
from reads.reading import Reading
from schema.context import Info
from schema.inputs import cleared, command
from schema.listings import Place, ProductSort, ProductWhere, listing, window
from schema.nodes import Node, Versioned, Within, known, one_of
from schema.payloads import MutationPayload, after, refused, send
from schema.scalars import CurrencyCode
from shop import views
from writes.bus import Answer
from writes.catalog import CreateCategory
from writes.categories import UpdateCategory
from writes.channels import CreateChannel
from writes.refusals import Invalid

if TYPE_CHECKING:
    from schema.products import ProductConnection

DEFAULT = "default"

# A category is shown for the channel of the root field that it came from.
ShownCategory = Within[views.Category, str]


@strawberry.type
class Channel:
    code: str
    name: str
    currency: CurrencyCode


@strawberry.type
class Attribute:
    key: str
    value: str


@strawberry.type
class Media:
    url: str
    alt: str | None
    width: int | None
    height: int | None


@strawberry.input
class AttributeInput:
    key: str
    value: str


@strawberry.input
class MediaInput:
    url: str
    alt: str | None = strawberry.UNSET
    width: int | None = strawberry.UNSET
    height: int | None = strawberry.UNSET


@strawberry.type(
    description="`ancestors` from the root down: the breadcrumbs. "
    "`products` and `productCount` are of the category and all below it."
)
class Category(Node, Versioned):
    slug: str
    name: str
    description: str | None
    image: Media | None
    position: int

    @strawberry.field(graphql_type="Category | None")
    @staticmethod
    async def parent(category: Parent[ShownCategory], info: Info) -> ShownCategory | None:
        parent_id = category.source.parent_id
        return None if parent_id is None else await shown(info.context.reading, parent_id, category.owner)

    @strawberry.field(graphql_type="list[Category]")
    @staticmethod
    async def ancestors(category: Parent[ShownCategory], info: Info) -> list[ShownCategory]:
        above = await catalog.ancestors(info.context.reading, category.source)
        return [Within(one, category.owner) for one in above]

    @strawberry.field(graphql_type="list[Category]")
    @staticmethod
    async def children(category: Parent[ShownCategory], info: Info) -> list[ShownCategory]:
        below = await catalog.categories(info.context.reading, category.source.id)
        return [Within(one, category.owner) for one in below]

    @strawberry.field
    @staticmethod
    async def product_count(category: Parent[ShownCategory], info: Info) -> int:
        return await products.product_count(info.context.reading, category.owner, category.source.id)

    @strawberry.field(graphql_type=Annotated["ProductConnection", strawberry.lazy("schema.products")])
    @staticmethod
    async def products(
        category: Parent[ShownCategory],
        info: Info,
        search: str | None = strawberry.UNSET,
        where: ProductWhere | None = strawberry.UNSET,
        sort: ProductSort | None = strawberry.UNSET,
        first: int | None = strawberry.UNSET,
        after: str | None = strawberry.UNSET,
        last: int | None = strawberry.UNSET,
        before: str | None = strawberry.UNSET,
    ) -> Listing:
        place = Place(category.owner, category=category.source.id)
        return await listing(info, place, search, where, sort, window(first, after, last, before))


async def shown(reading: Reading, category_id: str, channel: str) -> ShownCategory | None:
    found = await catalog.category(reading, id=category_id)
    return None if found is None else Within(found, channel)


@strawberry.input
class CategoryInput:
    idempotency_key: str | None = strawberry.UNSET
    name: str
    slug: str | None = strawberry.UNSET
    parent_id: strawberry.ID | None = strawberry.UNSET
    description: str | None = strawberry.UNSET
    image: MediaInput | None = strawberry.UNSET
    position: int | None = strawberry.UNSET


@strawberry.input
class CategoryUpdateInput:
    idempotency_key: str | None = strawberry.UNSET
    expected_version: int | None = strawberry.UNSET
    name: str | None = strawberry.UNSET
    slug: str | None = strawberry.UNSET
    parent_id: strawberry.ID | None = strawberry.UNSET
    description: str | None = strawberry.UNSET
    image: MediaInput | None = strawberry.UNSET
    position: int | None = strawberry.UNSET


@strawberry.type
class ChannelPayload(MutationPayload):
    @strawberry.field(graphql_type=Channel | None)
    @staticmethod
    async def channel(answer: Parent[Answer], info: Info) -> views.Channel | None:
        code = answer.ids.get("channel")
        return None if code is None else await catalog.channel(await after(info, answer), code)


@strawberry.type
class CategoryPayload(MutationPayload):
    @strawberry.field
    @staticmethod
    def category_id(answer: Parent[Answer]) -> strawberry.ID | None:
        return answer.ids.get("category_id")

    @strawberry.field(graphql_type=Category | None)
    @staticmethod
    async def category(answer: Parent[Answer], info: Info) -> ShownCategory | None:
        category_id = answer.ids.get("category_id")
        return None if category_id is None else await shown(await after(info, answer), category_id, DEFAULT)


@strawberry.type
class CatalogQuery:
    @strawberry.field(graphql_type=list[Channel])
    @staticmethod
    async def channels(info: Info) -> list[views.Channel]:
        return await catalog.channels(info.context.reading)

    @strawberry.field(graphql_type=list[Category], description="The roots, or the children of `parent`.")
    @staticmethod
    async def categories(
        info: Info, parent: strawberry.ID | None = strawberry.UNSET, channel: str = DEFAULT
    ) -> list[ShownCategory]:
        found = await catalog.categories(info.context.reading, known(parent))
        return [Within(one, channel) for one in found]

    @strawberry.field(graphql_type=Category | None)
    @staticmethod
    async def category(
        info: Info,
        id: strawberry.ID | None = strawberry.UNSET,
        slug: str | None = strawberry.UNSET,
        channel: str = DEFAULT,
    ) -> ShownCategory | None:
        found = await catalog.category(info.context.reading, **one_of(id=id, slug=slug))
        return None if found is None else Within(found, channel)


@strawberry.type
class CatalogMutation:
    @strawberry.mutation(graphql_type=ChannelPayload)
    @staticmethod
    async def channel_create(
        info: Info, code: str, name: str, currency: CurrencyCode, idempotency_key: str | None = strawberry.UNSET
    ) -> Answer:
        return await send(info, CreateChannel(code, name, currency), idempotency_key)

    @strawberry.mutation(graphql_type=CategoryPayload)
    @staticmethod
    async def category_create(info: Info, input: CategoryInput) -> Answer:
        return await send(info, command(CreateCategory, input), input.idempotency_key)

    @strawberry.mutation(graphql_type=CategoryPayload)
    @staticmethod
    async def category_update(info: Info, id: strawberry.ID, input: CategoryUpdateInput) -> Answer:
        for name in {"name", "slug", "position"} & set(cleared(input)):
            return refused(Invalid(f"A category's {name} cannot be cleared.", ["input", name]))
        nothing: dict[str, Any] = dict.fromkeys(cleared(input))
        return await send(info, command(UpdateCategory, input, category_id=id, **nothing), input.idempotency_key)
