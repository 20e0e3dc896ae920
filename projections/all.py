"""All projections, and the way from an event to the documents it changes. Registering a projection is a line here."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from projections import books as _books  # noqa: F401 - declares more folds of the order, as the next three do
from projections import (
    carts,
    catalog,
    charges,
    customers,
    orders,
    products,
    reviews,
    sales,
    stock,
    timelines,
    webhooks,
)
from projections import parcels as _parcels  # noqa: F401
from projections import payments as _payments  # noqa: F401
from projections import returns as _returns  # noqa: F401
from projections.projection import Projection, Route
from shop.events import Event
from shop.log import Recorded
from shop.views import Document

ALL: Sequence[Projection[Any]] = (
    catalog.channel,
    catalog.warehouse,
    catalog.category,
    catalog.collection,
    products.product,
    stock.stock_level,
    carts.cart,
    carts.checkout,
    orders.order,
    timelines.timeline,
    customers.customer,
    customers.credit,
    reviews.review,
    sales.sales_day,
    sales.product_sales,
    charges.shipping_method,
    charges.tax_rate,
    charges.promotion,
    webhooks.webhook,
)


BY_VIEW: Mapping[type[Document], Projection[Any]] = {projection.view: projection for projection in ALL}
BY_NAME: Mapping[str, Projection[Any]] = {projection.view.view: projection for projection in ALL}

_ROUTES: dict[type[Event], list[tuple[Projection[Any], Route]]] = {}
for _projection in ALL:
    for _kind, _route in _projection.routes.items():
        _ROUTES.setdefault(_kind, []).append((_projection, _route))


class Touch(msgspec.Struct, frozen=True, gc=False):
    """One document that an event changes, and the part of the event that concerns it.

    `ordinal` numbers the event's documents from 1, the same at every replay.
    """

    projection: Projection[Any]
    document_id: str
    ordinal: int
    part: Any


def touched(recorded: Recorded) -> Iterator[Touch]:
    """Name the documents that an event changes, in the order of the projections above."""
    ordinal, event = 0, recorded.event
    for projection, route in _ROUTES.get(type(event), ()):
        for document_id, part in route.parts(event).items():
            ordinal += 1
            yield Touch(projection, document_id, ordinal, part)
