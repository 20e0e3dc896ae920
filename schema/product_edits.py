"""Changing products and their variants: inputs, payloads and mutations."""

from typing import Any

import strawberry
from strawberry import Parent

from reads import products
from schema.catalog import DEFAULT, AttributeInput, MediaInput
from schema.context import Info
from schema.inputs import cleared, command
from schema.money import MoneyInput
from schema.payloads import MutationPayload, after, refused, send
from schema.products import Product, Variant
from schema.scalars import JSON
from shop import views
from writes.bus import Answer
from writes.catalog import ArchiveProduct, CreateProduct, PublishProduct, UnpublishProduct, UpdateProduct
from writes.prices import SetVariantsPrices, VariantPrices
from writes.refusals import Invalid
from writes.variants import CreateVariant, DiscontinueVariant, PriceIn, SetVariantPrices, UpdateVariant, VariantIn

DEFAULT_CHANNELS = [DEFAULT]
_LISTS = {"category_ids", "tags", "attributes", "media", "option_values"}


@strawberry.input
class VariantPriceInput:
    channel: str = DEFAULT
    price: MoneyInput
    compare_at: MoneyInput | None = strawberry.UNSET


@strawberry.input
class ProductVariantInput:
    sku: str
    name: str | None = strawberry.UNSET
    option_values: list[AttributeInput] | None = strawberry.UNSET
    prices: list[VariantPriceInput]
    backorderable: bool = False
    weight_grams: int | None = strawberry.UNSET
    barcode: str | None = strawberry.UNSET
    image: MediaInput | None = strawberry.UNSET


@strawberry.input
class VariantCreateInput(ProductVariantInput):
    idempotency_key: str | None = strawberry.UNSET
    product_id: strawberry.ID


@strawberry.input
class VariantUpdateInput:
    idempotency_key: str | None = strawberry.UNSET
    expected_version: int | None = strawberry.UNSET
    name: str | None = strawberry.UNSET
    option_values: list[AttributeInput] | None = strawberry.UNSET
    backorderable: bool | None = strawberry.UNSET
    weight_grams: int | None = strawberry.UNSET
    barcode: str | None = strawberry.UNSET
    image: MediaInput | None = strawberry.UNSET


@strawberry.input
class ProductCreateInput:
    idempotency_key: str | None = strawberry.UNSET
    name: str
    slug: str | None = strawberry.UNSET
    description: str | None = strawberry.UNSET
    vendor: str | None = strawberry.UNSET
    category_ids: list[strawberry.ID] | None = strawberry.UNSET
    tags: list[str] | None = strawberry.UNSET
    attributes: list[AttributeInput] | None = strawberry.UNSET
    media: list[MediaInput] | None = strawberry.UNSET
    metadata: JSON | None = strawberry.UNSET
    variants: list[ProductVariantInput] | None = strawberry.UNSET


@strawberry.input
class ProductUpdateInput:
    idempotency_key: str | None = strawberry.UNSET
    expected_version: int | None = strawberry.UNSET
    name: str | None = strawberry.UNSET
    slug: str | None = strawberry.UNSET
    description: str | None = strawberry.UNSET
    vendor: str | None = strawberry.UNSET
    category_ids: list[strawberry.ID] | None = strawberry.UNSET
    tags: list[str] | None = strawberry.UNSET
    attributes: list[AttributeInput] | None = strawberry.UNSET
    media: list[MediaInput] | None = strawberry.UNSET
    metadata: JSON | None = strawberry.UNSET


@strawberry.input
class VariantPricesRowInput:
    variant_id: strawberry.ID | None = strawberry.UNSET
    sku: str | None = strawberry.UNSET
    prices: list[VariantPriceInput]


@strawberry.input(description="Many prices in one command: each row names its variant by id or by SKU, all rows hold or none.")
class VariantsSetPricesInput:
    idempotency_key: str
    rows: list[VariantPricesRowInput]


@strawberry.type
class VariantsPayload(MutationPayload):
    @strawberry.field
    @staticmethod
    def variant_ids(answer: Parent[Answer]) -> list[strawberry.ID] | None:
        return answer.ids.get("variant_ids")


@strawberry.type
class ProductPayload(MutationPayload):
    @strawberry.field
    @staticmethod
    def product_id(answer: Parent[Answer]) -> strawberry.ID | None:
        return answer.ids.get("product_id")

    @strawberry.field(graphql_type=Product | None)
    @staticmethod
    async def product(answer: Parent[Answer], info: Info) -> views.Product | None:
        product_id = answer.ids.get("product_id")
        return None if product_id is None else await products.product(await after(info, answer), DEFAULT, id=product_id)


@strawberry.type
class VariantPayload(MutationPayload):
    @strawberry.field
    @staticmethod
    def variant_id(answer: Parent[Answer]) -> strawberry.ID | None:
        return answer.ids.get("variant_id")

    @strawberry.field(graphql_type=Variant | None)
    @staticmethod
    async def variant(answer: Parent[Answer], info: Info) -> views.Variant | None:
        if "variant_id" not in answer.ids:
            return None
        reading = await after(info, answer)
        return await products.variant_of(reading, DEFAULT, answer.ids["product_id"], answer.ids["variant_id"])


@strawberry.type
class ProductMutation:
    @strawberry.mutation(graphql_type=ProductPayload)
    @staticmethod
    async def product_create(info: Info, input: ProductCreateInput) -> Answer:
        variants = [_variant(one) for one in input.variants or []]
        return await send(info, command(CreateProduct, input, variants=variants), input.idempotency_key)

    @strawberry.mutation(graphql_type=ProductPayload)
    @staticmethod
    async def product_update(info: Info, id: strawberry.ID, input: ProductUpdateInput) -> Answer:
        for name in {"name", "slug"} & set(cleared(input)):
            return refused(Invalid(f"A product's {name} cannot be cleared.", ["input", name]))
        nothing: dict[str, Any] = {name: [] if name in _LISTS else None for name in cleared(input)}
        return await send(info, command(UpdateProduct, input, product_id=id, **nothing), input.idempotency_key)

    @strawberry.mutation(graphql_type=ProductPayload)
    @staticmethod
    async def product_publish(
        info: Info,
        id: strawberry.ID,
        channels: list[str] = DEFAULT_CHANNELS,
        idempotency_key: str | None = strawberry.UNSET,
    ) -> Answer:
        return await send(info, PublishProduct(id, channels), idempotency_key)

    @strawberry.mutation(graphql_type=ProductPayload)
    @staticmethod
    async def product_unpublish(
        info: Info,
        id: strawberry.ID,
        channels: list[str] = DEFAULT_CHANNELS,
        idempotency_key: str | None = strawberry.UNSET,
    ) -> Answer:
        return await send(info, UnpublishProduct(id, channels), idempotency_key)

    @strawberry.mutation(graphql_type=ProductPayload)
    @staticmethod
    async def product_archive(info: Info, id: strawberry.ID, idempotency_key: str | None = strawberry.UNSET) -> Answer:
        return await send(info, ArchiveProduct(id), idempotency_key)

    @strawberry.mutation(graphql_type=VariantPayload)
    @staticmethod
    async def variant_create(info: Info, input: VariantCreateInput) -> Answer:
        return await send(info, CreateVariant(input.product_id, _variant(input)), input.idempotency_key)

    @strawberry.mutation(graphql_type=VariantPayload)
    @staticmethod
    async def variant_update(info: Info, id: strawberry.ID, input: VariantUpdateInput) -> Answer:
        for name in {"name", "backorderable"} & set(cleared(input)):
            return refused(Invalid(f"A variant's {name} cannot be cleared.", ["input", name]))
        nothing: dict[str, Any] = {name: [] if name in _LISTS else None for name in cleared(input)}
        return await send(info, command(UpdateVariant, input, variant_id=id, **nothing), input.idempotency_key)

    @strawberry.mutation(graphql_type=VariantPayload)
    @staticmethod
    async def variant_discontinue(info: Info, id: strawberry.ID, idempotency_key: str | None = strawberry.UNSET) -> Answer:
        return await send(info, DiscontinueVariant(id), idempotency_key)

    @strawberry.mutation(graphql_type=VariantPayload)
    @staticmethod
    async def variant_set_prices(
        info: Info,
        id: strawberry.ID,
        prices: list[VariantPriceInput],
        idempotency_key: str | None = strawberry.UNSET,
    ) -> Answer:
        return await send(info, SetVariantPrices(id, [_price(one) for one in prices]), idempotency_key)

    @strawberry.mutation(graphql_type=VariantsPayload)
    @staticmethod
    async def variants_set_prices(info: Info, input: VariantsSetPricesInput) -> Answer:
        rows = [command(VariantPrices, row, prices=[_price(one) for one in row.prices]) for row in input.rows]
        return await send(info, SetVariantsPrices(rows), input.idempotency_key)


def _variant(data: ProductVariantInput) -> VariantIn:
    return command(VariantIn, data, prices=[_price(one) for one in data.prices])


def _price(data: VariantPriceInput) -> PriceIn:
    price = PriceIn(data.channel, data.price.amount, data.price.currency)
    if not data.compare_at:
        return price
    return PriceIn(price.channel, price.amount, price.currency, data.compare_at.amount, data.compare_at.currency)
