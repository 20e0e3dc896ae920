"""Shipping methods: where the shop ships to, by which way, at what price."""

import strawberry
from strawberry import Parent

from reads import catalog, charges
from schema.catalog import DEFAULT, Channel
from schema.context import Info
from schema.inputs import cleared, command
from schema.money import Money, MoneyInput
from schema.nodes import Node, known
from schema.payloads import MutationPayload, after, refused, send
from schema.scalars import CountryCode
from shop import views
from writes.bus import Answer
from writes.refusals import Invalid
from writes.shipping import CreateShippingMethod, UpdateShippingMethod

_KEPT = {"name", "countries", "price", "active"}  # a method is never without these


@strawberry.type(
    description="All may read these: the countries served, the price from, `free from 50.00`, before there is a checkout."
)
class ShippingMethod(Node):
    name: str
    countries: list[CountryCode]
    price: Money
    free_from: Money | None = strawberry.field(description="What goods after discount must come to for it to cost nothing.")
    max_weight_grams: int | None
    min_days: int | None
    max_days: int | None
    active: bool

    @strawberry.field(graphql_type=Channel)
    @staticmethod
    async def channel(method: Parent[views.ShippingMethod], info: Info) -> views.Channel | None:
        return await catalog.channel(info.context.reading, method.channel)


@strawberry.type(description="A way to ship, at its price for this checkout; its id is its method's.")
class ShippingQuote:
    id: strawberry.ID
    name: str
    price: Money
    min_days: int | None
    max_days: int | None


@strawberry.input
class ShippingMethodInput:
    idempotency_key: str | None = strawberry.UNSET
    name: str
    channel: str = DEFAULT
    countries: list[CountryCode]
    price: MoneyInput
    free_from: MoneyInput | None = strawberry.UNSET
    max_weight_grams: int | None = strawberry.UNSET
    min_days: int | None = strawberry.UNSET
    max_days: int | None = strawberry.UNSET
    active: bool = True


@strawberry.input
class ShippingMethodUpdateInput:
    idempotency_key: str | None = strawberry.UNSET
    name: str | None = strawberry.UNSET
    countries: list[CountryCode] | None = strawberry.UNSET
    price: MoneyInput | None = strawberry.UNSET
    free_from: MoneyInput | None = strawberry.UNSET
    max_weight_grams: int | None = strawberry.UNSET
    min_days: int | None = strawberry.UNSET
    max_days: int | None = strawberry.UNSET
    active: bool | None = strawberry.UNSET


@strawberry.type
class ShippingMethodPayload(MutationPayload):
    @strawberry.field
    @staticmethod
    def shipping_method_id(answer: Parent[Answer]) -> strawberry.ID | None:
        return answer.ids.get("shipping_method_id")

    @strawberry.field(graphql_type=ShippingMethod | None)
    @staticmethod
    async def shipping_method(answer: Parent[Answer], info: Info) -> views.ShippingMethod | None:
        method_id = answer.ids.get("shipping_method_id")
        return None if method_id is None else await charges.shipping_method(await after(info, answer), method_id)


@strawberry.type
class ShippingQuery:
    @strawberry.field(
        graphql_type=list[ShippingMethod],
        description="All of a channel's methods; with a country, those that serve it now. By price and name.",
    )
    @staticmethod
    async def shipping_methods(
        info: Info, channel: str = DEFAULT, country: CountryCode | None = strawberry.UNSET
    ) -> list[views.ShippingMethod]:
        return await charges.shipping_methods(info.context.reading, channel, known(country))


@strawberry.type
class ShippingMutation:
    @strawberry.mutation(graphql_type=ShippingMethodPayload)
    @staticmethod
    async def shipping_method_create(info: Info, input: ShippingMethodInput) -> Answer:
        return await send(info, command(CreateShippingMethod, input), known(input.idempotency_key))

    @strawberry.mutation(graphql_type=ShippingMethodPayload)
    @staticmethod
    async def shipping_method_update(info: Info, id: strawberry.ID, input: ShippingMethodUpdateInput) -> Answer:
        gone = set(cleared(input))
        for name in sorted(_KEPT & gone):
            return refused(Invalid(f"A shipping method's {name} cannot be cleared.", ["input", name]))
        nothing = dict.fromkeys(gone - {"idempotency_key"})
        return await send(
            info, command(UpdateShippingMethod, input, shipping_method_id=id, **nothing), known(input.idempotency_key)
        )
