"""Subscriptions: a view is pushed after it was stored, with the position it was stored at."""

import datetime as dt
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Any, cast

import strawberry
from strawberry import Parent

from reads import live
from reads.live import Message
from schema.carts import Cart
from schema.catalog import DEFAULT
from schema.checkout import Checkout
from schema.context import Info
from schema.faults import parse_position
from schema.nodes import Within, known
from schema.order_lists import OrderWhere, order_filter
from schema.orders import Order
from schema.products import Product
from schema.reports import SalesDay
from schema.scalars import LogPosition
from schema.stock import ShownLevel, StockLevel
from schema.views import ViewStatus, views_changed
from shop.position import Position


@strawberry.interface
class ChangeEvent:
    position: LogPosition
    at: dt.datetime
    type: str
    id: strawberry.ID

    @classmethod
    def is_type_of(cls, _source: Any, _info: Any) -> bool:
        return True


def document(message: Parent[Message]) -> Any:
    """The view as it is now; null, once, when it is gone or no longer fits."""
    return message.document


@strawberry.type
class ProductChanged(ChangeEvent):
    product: Product | None = strawberry.field(resolver=document)


@strawberry.type
class StockChanged(ChangeEvent):
    @strawberry.field(graphql_type=StockLevel | None)
    @staticmethod
    def level(message: Parent[Message]) -> ShownLevel | None:
        return None if message.document is None else Within(message.document, DEFAULT)


@strawberry.type
class CartChanged(ChangeEvent):
    cart: Cart | None = strawberry.field(resolver=document)


@strawberry.type
class CheckoutChanged(ChangeEvent):
    checkout: Checkout | None = strawberry.field(resolver=document)


@strawberry.type
class OrderChanged(ChangeEvent):
    order: Order | None = strawberry.field(resolver=document)


@strawberry.type
class SalesChanged(ChangeEvent):
    day: SalesDay | None = strawberry.field(resolver=document)


@strawberry.type
class ViewSubscription:
    @strawberry.subscription(graphql_type=ProductChanged)
    @staticmethod
    async def product_changed(
        info: Info,
        ids: list[strawberry.ID] | None = strawberry.UNSET,
        category: strawberry.ID | None = strawberry.UNSET,
        channel: str = DEFAULT,
        after: LogPosition | None = strawberry.UNSET,
    ) -> AsyncIterator[Message]:
        views = info.context.views
        return _each(info, live.products_changed(views, channel, known(ids), known(category), _after(after)))

    @strawberry.subscription(graphql_type=StockChanged)
    @staticmethod
    async def stock_changed(
        info: Info,
        variant_ids: list[strawberry.ID] | None = strawberry.UNSET,
        warehouse_id: strawberry.ID | None = strawberry.UNSET,
        after: LogPosition | None = strawberry.UNSET,
    ) -> AsyncIterator[Message]:
        views = info.context.views
        return _each(info, live.stock_changed(views, known(variant_ids), known(warehouse_id), _after(after)))

    @strawberry.subscription(graphql_type=CartChanged)
    @staticmethod
    async def cart_changed(
        info: Info,
        id: strawberry.ID,
        token: str | None = strawberry.UNSET,
        after: LogPosition | None = strawberry.UNSET,
    ) -> AsyncIterator[Message]:
        context = info.context
        shown = context.shows(id, context.cart_token(known(token)))
        changed = live.cart_changed(context.views, id, _after(after))
        return _each(info, changed if shown else live.hidden(context.views, [id], _after(after)))

    @strawberry.subscription(graphql_type=CheckoutChanged)
    @staticmethod
    async def checkout_changed(
        info: Info,
        id: strawberry.ID,
        token: str | None = strawberry.UNSET,
        after: LogPosition | None = strawberry.UNSET,
    ) -> AsyncIterator[Message]:
        context = info.context
        shown = context.cart_token(known(token))
        proven = None if shown is None else context.proofs.proven(shown) or ""  # what is no token proves no cart
        return _each(info, live.checkout_changed(context.views, id, _after(after), cart_id=proven))

    @strawberry.subscription(
        graphql_type=OrderChanged,
        description="One order, or those of `where`: all of them where neither is given. A guest adds the order's token.",
    )
    @staticmethod
    async def order_changed(
        info: Info,
        id: strawberry.ID | None = strawberry.UNSET,
        where: OrderWhere | None = strawberry.UNSET,
        token: str | None = strawberry.UNSET,
        after: LogPosition | None = strawberry.UNSET,
    ) -> AsyncIterator[Message]:
        context, order_id = info.context, cast("str | None", known(id))
        shown = context.order_token(known(token))
        if shown is not None:
            order_id = order_id or context.proofs.proven(shown)
            if order_id is None or not context.shows(order_id, shown):
                return _each(info, live.hidden(context.views, [] if order_id is None else [order_id], _after(after)))
        return _each(info, live.orders_changed(context.views, order_id, order_filter(where), _after(after)))

    @strawberry.subscription(graphql_type=SalesChanged)
    @staticmethod
    async def sales_changed(
        info: Info, channel: str = DEFAULT, after: LogPosition | None = strawberry.UNSET
    ) -> AsyncIterator[Message]:
        return _each(info, live.sales_changed(info.context.views, channel, _after(after)))

    @strawberry.subscription(graphql_type=list[ViewStatus])
    @staticmethod
    async def views_changed(info: Info) -> AsyncIterator[list[ViewStatus]]:
        return views_changed(info.context.status)


def _after(text: str | None) -> Position | None:
    text = known(text)
    return None if text is None else parse_position(text)


async def _each(info: Info, messages: AsyncIterator[Message]) -> AsyncIterator[Message]:
    """Pass the messages on, each with a new reading for what is joined to its document."""
    async with aclosing(cast("AsyncGenerator[Message]", messages)) as source:
        async for message in source:
            await info.context.reopened()
            yield message
