"""Collections: what is gathered by hand in an order of its own, or by a rule. Categories are in `schema.catalog`."""

from typing import TYPE_CHECKING, Annotated, Any

import strawberry
from strawberry import Parent

from reads import catalog, gathered
from reads.listings import Listing
from reads.reading import Reading
from schema.catalog import DEFAULT, Media, MediaInput
from schema.context import Info
from schema.inputs import cleared, command
from schema.listings import Place, ProductSort, ProductWhere, listing, plain_filter, window
from schema.nodes import Node, Versioned, Within, one_of
from schema.payloads import MutationPayload, after, refused, send
from schema.scalars import JSON
from shop import views
from writes.bus import Answer
from writes.collections import CreateCollection, UpdateCollection
from writes.refusals import Invalid

if TYPE_CHECKING:
    from schema.products import ProductConnection

# A collection is shown for the channel of the field that it came from.
ShownCollection = Within[views.Collection, str]


@strawberry.type(
    description="`rule` is the rule as it was given, for those who may edit it; null where the collection is a list."
)
class Collection(Node, Versioned):
    slug: str
    name: str
    description: str | None
    image: Media | None
    rule: JSON | None

    @strawberry.field
    @staticmethod
    async def product_count(collection: Parent[ShownCollection], info: Info) -> int:
        return await gathered.product_count(info.context.reading, collection.owner, collection.source)

    @strawberry.field(graphql_type=Annotated["ProductConnection", strawberry.lazy("schema.products")])
    @staticmethod
    async def products(
        collection: Parent[ShownCollection],
        info: Info,
        search: str | None = strawberry.UNSET,
        where: ProductWhere | None = strawberry.UNSET,
        sort: ProductSort | None = strawberry.UNSET,
        first: int | None = strawberry.UNSET,
        after: str | None = strawberry.UNSET,
        last: int | None = strawberry.UNSET,
        before: str | None = strawberry.UNSET,
    ) -> Listing:
        place = Place(collection.owner, collection=collection.source.id)
        return await listing(info, place, search, where, sort, window(first, after, last, before))


async def shown_collection(reading: Reading, collection_id: str, channel: str) -> ShownCollection | None:
    found = await catalog.collection(reading, id=collection_id)
    return None if found is None else Within(found, channel)


@strawberry.input(description="Either a list of products or rules, never both.")
class CollectionInput:
    idempotency_key: str | None = strawberry.UNSET
    name: str
    slug: str | None = strawberry.UNSET
    description: str | None = strawberry.UNSET
    image: MediaInput | None = strawberry.UNSET
    product_ids: list[strawberry.ID] | None = strawberry.UNSET
    rule: ProductWhere | None = strawberry.UNSET


@strawberry.input
class CollectionUpdateInput:
    idempotency_key: str | None = strawberry.UNSET
    expected_version: int | None = strawberry.UNSET
    name: str | None = strawberry.UNSET
    slug: str | None = strawberry.UNSET
    description: str | None = strawberry.UNSET
    image: MediaInput | None = strawberry.UNSET
    product_ids: list[strawberry.ID] | None = strawberry.UNSET
    rule: ProductWhere | None = strawberry.UNSET


@strawberry.type
class CollectionPayload(MutationPayload):
    @strawberry.field
    @staticmethod
    def collection_id(answer: Parent[Answer]) -> strawberry.ID | None:
        return answer.ids.get("collection_id")

    @strawberry.field(graphql_type=Collection | None)
    @staticmethod
    async def collection(answer: Parent[Answer], info: Info) -> ShownCollection | None:
        collection_id = answer.ids.get("collection_id")
        return None if collection_id is None else await shown_collection(await after(info, answer), collection_id, DEFAULT)


@strawberry.type
class CollectionQuery:
    @strawberry.field(graphql_type=list[Collection])
    @staticmethod
    async def collections(info: Info, channel: str = DEFAULT) -> list[ShownCollection]:
        return [Within(one, channel) for one in await catalog.collections(info.context.reading)]

    @strawberry.field(graphql_type=Collection | None)
    @staticmethod
    async def collection(
        info: Info,
        id: strawberry.ID | None = strawberry.UNSET,
        slug: str | None = strawberry.UNSET,
        channel: str = DEFAULT,
    ) -> ShownCollection | None:
        found = await catalog.collection(info.context.reading, **one_of(id=id, slug=slug))
        return None if found is None else Within(found, channel)


@strawberry.type
class CollectionMutation:
    @strawberry.mutation(graphql_type=CollectionPayload)
    @staticmethod
    async def collection_create(info: Info, input: CollectionInput) -> Answer:
        return await send(info, command(CreateCollection, input, **_rule(input)), input.idempotency_key)

    @strawberry.mutation(graphql_type=CollectionPayload)
    @staticmethod
    async def collection_update(info: Info, id: strawberry.ID, input: CollectionUpdateInput) -> Answer:
        for name in {"name", "slug"} & set(cleared(input)):
            return refused(Invalid(f"A collection's {name} cannot be cleared.", ["input", name]))
        nothing: dict[str, Any] = {name: [] if name == "product_ids" else None for name in cleared(input)}
        return await send(
            info, command(UpdateCollection, input, collection_id=id, **nothing, **_rule(input)), input.idempotency_key
        )


def _rule(input: CollectionInput | CollectionUpdateInput) -> dict[str, Any]:
    """The rule as it was given, in the API's own words; nothing where there is none."""
    return {"rule": plain_filter(input.rule)} if input.rule else {}
