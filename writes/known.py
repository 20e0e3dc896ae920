"""What the write side knows already: questions that an import asks before it sends commands. Nothing is changed here."""

from collections.abc import Collection

import msgspec
import sqlalchemy as sa

from shop import events, ids, log
from writes import price_tables
from writes import tables as t


class Variant(msgspec.Struct, frozen=True):
    """`priced` tells whether it has a price in the channel that was asked about."""

    id: str
    product_id: str
    priced: bool


class Goods(msgspec.Struct, frozen=True):
    """Variants by case-folded SKU, product ids by slug, as one channel sees them.

    `published` are products that were ever published there, `stocked` (variant, warehouse) pairs that ever had stock.
    """

    variants: dict[str, Variant]
    products: dict[str, str]
    published: set[str]
    stocked: set[tuple[str, str]]


class Category(msgspec.Struct, frozen=True):
    id: str
    slug: str
    name: str


def channel_currency(connection: sa.Connection, code: str) -> str | None:
    """The currency of a channel; none where there is no such channel."""
    return connection.scalar(sa.select(t.channels.c.currency).where(t.channels.c.code == code))


def channel_maker(connection: sa.Connection, code: str) -> str | None:
    """Who made a channel; none where there is no such channel."""
    columns = log.stored_events.c
    first = sa.and_(columns.stream == ids.channel(code), columns.stream_version == 1)
    return connection.scalar(sa.select(columns.actor).where(first))


def warehouses(connection: sa.Connection) -> dict[str, str]:
    """Ids of warehouses by their codes."""
    rows = connection.execute(sa.select(t.warehouses.c.code, t.warehouses.c.id))
    return {row.code: row.id for row in rows}


def shipping_methods(connection: sa.Connection, channel: str) -> set[str]:
    """Names of the shipping methods that a channel has."""
    columns = price_tables.shipping_methods.c
    return set(connection.scalars(sa.select(columns.name).where(columns.channel == channel)))


def promotion_codes(connection: sa.Connection) -> set[str]:
    """The codes that promotions go by, case-folded."""
    return set(connection.scalars(sa.select(price_tables.promotion_codes.c.code_folded)))


def categories(connection: sa.Connection) -> list[Category]:
    columns = t.categories.c
    rows = connection.execute(sa.select(columns.id, columns.slug, columns.name).order_by(columns.id))
    return [Category(*row) for row in rows]


def goods(connection: sa.Connection, channel: str, skus: Collection[str], slugs: Collection[str]) -> Goods:
    """What is known of some SKUs and slugs, seen from one channel. A slug that a product had once leads to it too."""
    columns, prices = t.variants.c, t.variant_prices.c
    price = sa.and_(prices.variant_id == columns.id, prices.channel == channel)
    found = connection.execute(
        sa.select(columns.sku_folded, columns.id, columns.product_id, prices.amount.is_not(None))
        .outerjoin(t.variant_prices, price)
        .where(columns.sku_folded.in_({sku.casefold() for sku in skus}))
    )
    variants = {row[0]: Variant(*row[1:]) for row in found}
    named = sa.select(t.product_slugs.c.slug, t.product_slugs.c.product_id).where(t.product_slugs.c.slug.in_(slugs))
    products = {row.slug: row.product_id for row in connection.execute(named)}
    product_ids = {*products.values(), *(variant.product_id for variant in variants.values())}
    levels = t.stock_levels.c
    stocked = sa.select(levels.variant_id, levels.warehouse_id).where(
        levels.variant_id.in_([variant.id for variant in variants.values()])
    )
    return Goods(
        variants,
        products,
        ever_published(connection, channel, product_ids),
        {(row.variant_id, row.warehouse_id) for row in connection.execute(stocked)},
    )


def ever_published(connection: sa.Connection, channel: str, product_ids: Collection[str]) -> set[str]:
    """Those of the products that were published in the channel at any time, whatever became of them since."""
    columns = log.stored_events.c
    published = sa.select(columns.schema_version, columns.data).where(
        columns.stream.in_(product_ids), columns.type == events.ProductPublished.__name__
    )
    told = [events.decode(events.ProductPublished.__name__, *row) for row in connection.execute(published)]
    return {event.product_id for event in told if isinstance(event, events.ProductPublished) and event.channel == channel}


def invoices(connection: sa.Connection, channel: str) -> set[str]:
    """Numbers of the orders and credit invoices that a channel has on record."""
    orders = sa.select(t.orders.c.number).where(t.orders.c.channel == channel)
    credit_invoices = sa.select(t.credit_invoices.c.number).where(t.credit_invoices.c.channel == channel)
    return set(connection.scalars(orders)) | set(connection.scalars(credit_invoices))
