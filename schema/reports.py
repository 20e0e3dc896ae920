"""Figures by UTC day: what was sold, and what sold best."""

import datetime as dt
import enum
from typing import Annotated

import strawberry

from reads import reports
from reads.reports import TopProduct as Ranked
from schema.catalog import DEFAULT
from schema.context import Info
from schema.money import Money
from schema.products import Product
from shop import views

_From = Annotated[dt.date, strawberry.argument(name="from")]


@strawberry.type(
    description="By UTC day. revenue, orders, units: line totals after discount, without tax and shipping, on the day "
    "the order was placed; never lowered later. refunded: what refunds and credits gave back on the day they happened, "
    "in the same terms. `from` and `to` are inclusive; a day without any is left out. TopProduct and unitsSold are gross."
)
class SalesDay:
    date: dt.date
    orders: int
    units: int
    revenue: Money
    refunded: Money


@strawberry.enum
class TopProductsBy(enum.StrEnum):
    REVENUE = "REVENUE"
    UNITS = "UNITS"


@strawberry.type
class TopProduct:
    product: Product
    units: int
    revenue: Money


@strawberry.type
class ReportQuery:
    @strawberry.field(graphql_type=list[SalesDay])
    @staticmethod
    async def sales(info: Info, from_: _From, to: dt.date, channel: str = DEFAULT) -> list[views.SalesDay]:
        return await reports.sales(info.context.reading, channel, from_, to)

    @strawberry.field(graphql_type=list[TopProduct])
    @staticmethod
    async def top_products(
        info: Info,
        from_: _From,
        to: dt.date,
        channel: str = DEFAULT,
        first: int = 10,
        by: TopProductsBy = TopProductsBy.REVENUE,
    ) -> list[Ranked]:
        return await reports.top_products(info.context.reading, channel, from_, to, first, by.value)
