"""Anything by its id alone, and the position of an answer."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import strawberry

from reads import carts, products, returns, webhooks
from reads.carts import JoinedCart
from reads.reading import Reading
from schema.catalog import DEFAULT, shown
from schema.collections import shown_collection
from schema.context import Context, Info
from schema.faults import bad_input
from schema.nodes import Node, Within
from schema.review_lists import is_readable
from schema.scalars import LogPosition
from shop import ids, views

_MOST = 100


def _document(view: type[views.Document]) -> Callable[[Reading, str, str], Awaitable[Any]]:
    return lambda reading, node_id, _: reading.get(view, node_id)


async def _return(reading: Reading, return_id: str) -> Any:
    order = await returns.order_of_return(reading, return_id)
    shown = [] if order is None else [Within(back, order) for back in order.returns]
    return next((back for back in shown if back.id == return_id), None)


# How a node is loaded, by the prefix of its id. Payments and fulfillments are found through their order.
LOADERS: Mapping[str, Callable[[Reading, str, str], Awaitable[Any]]] = {
    "prod": lambda reading, node_id, channel: products.product(reading, channel, id=node_id),
    "var": lambda reading, node_id, channel: products.variant(reading, channel, id=node_id),
    "cat": shown,
    "col": shown_collection,
    "wh": _document(views.Warehouse),
    "cart": lambda reading, node_id, _: carts.cart(reading, node_id),
    "chk": _document(views.Checkout),
    "ship": _document(views.ShippingMethod),
    "promo": _document(views.Promotion),
    "ord": _document(views.Order),
    "ret": lambda reading, node_id, _: _return(reading, node_id),
    "cus": _document(views.Customer),
    "cred": _document(views.Credit),
    "hook": lambda reading, node_id, _: webhooks.webhook(reading, node_id),
    "rev": _document(views.Review),
}


@strawberry.type
class NodeQuery:
    @strawberry.field(
        description="The position this answer is true at: `extensions.consistency.position`, for clients that hide "
        "extensions. Subscribe `after` it without a gap."
    )
    @staticmethod
    def position(info: Info) -> LogPosition:
        return LogPosition(str(info.context.reading.position))

    @strawberry.field(graphql_type=Node | None)
    @staticmethod
    async def node(info: Info, id: strawberry.ID, channel: str = DEFAULT) -> Any:
        return await _load(info.context, id, channel)

    @strawberry.field(graphql_type=list[Node | None])
    @staticmethod
    async def nodes(info: Info, ids: list[strawberry.ID], channel: str = DEFAULT) -> list[Any]:
        if len(ids) > _MOST:
            raise bad_input(f"Ask for {_MOST} nodes at most, not {len(ids)}.")
        return await asyncio.gather(*(_load(info.context, one, channel) for one in ids))


async def _load(context: Context, node_id: str, channel: str) -> Any:
    loader = LOADERS.get(ids.prefix(node_id))
    found = None if loader is None else await loader(context.reading, node_id, channel)
    return found if _is_shown(context, found) else None


def _is_shown(context: Context, found: Any) -> bool:
    """Whether a guest's tokens, if any, are those of the cart, checkout or order; and a review is for all to read."""
    match found:
        case JoinedCart():
            return context.shows(found.id, context.cart_token(None))
        case views.Checkout():
            return context.shows(found.cart_id, context.cart_token(None))
        case views.Order():
            return context.shows(found.id, context.order_token(None))
        case views.Review():
            return is_readable(context, found)
        case Within(owner=views.Order(id=order_id)):  # what stands in an order
            return context.shows(order_id, context.order_token(None))
    return True
