"""Tax rates, and what they make of a checkout or an order."""

import strawberry
from strawberry import Parent

from reads import charges
from schema.context import Info
from schema.inputs import command
from schema.money import Money
from schema.nodes import known
from schema.payloads import MutationPayload, after, send
from schema.scalars import CountryCode, Decimal
from shop import views
from writes.bus import Answer
from writes.taxes import SetTaxRate


@strawberry.type(description="A rate in percent for a country, or for a region of it. `inclusive` prices already contain it.")
class TaxRate:
    country: CountryCode
    region: str | None
    rate: Decimal
    inclusive: bool


@strawberry.type(description="One rate's share. `included`: the amount is part of the prices, not added to them.")
class TaxLine:
    country: CountryCode
    region: str | None
    rate: Decimal
    included: bool
    taxable: Money
    amount: Money


@strawberry.input
class TaxRateInput:
    idempotency_key: str | None = strawberry.UNSET
    country: CountryCode
    region: str | None = strawberry.UNSET
    rate: Decimal
    inclusive: bool = False


@strawberry.type
class TaxRatePayload(MutationPayload):
    @strawberry.field(graphql_type=TaxRate | None)
    @staticmethod
    async def tax_rate(answer: Parent[Answer], info: Info) -> views.TaxRate | None:
        rate_id = answer.ids.get("tax_rate_id")
        return None if rate_id is None else await charges.tax_rate(await after(info, answer), rate_id)


@strawberry.type
class TaxQuery:
    @strawberry.field(graphql_type=list[TaxRate])
    @staticmethod
    async def tax_rates(info: Info, country: CountryCode | None = strawberry.UNSET) -> list[views.TaxRate]:
        return await charges.tax_rates(info.context.reading, known(country))


@strawberry.type
class TaxMutation:
    @strawberry.mutation(graphql_type=TaxRatePayload)
    @staticmethod
    async def tax_rate_set(info: Info, input: TaxRateInput) -> Answer:
        return await send(info, command(SetTaxRate, input), known(input.idempotency_key))
