"""All projections, and the way from an event to the documents it changes. Registering a projection is a line here."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from projections import books as _books  # noqa: F401 - declares more folds of the order
from projections import carts, catalog, customers, orders, products, sales, stock
from projections.projection import Projection
from shop.log import Recorded
from shop.views import Document

ALL: Sequence[Projection[Any]] = (
    catalog.channel,
    catalog.warehouse,
    catalog.category,
    products.product,
    stock.stock_level,
    carts.cart,
    carts.checkout,
    orders.order,
    customers.customer,
    customers.credit,
    sales.sales_day,
    sales.product_sales,
)


BY_VIEW: Mapping[type[Document], Projection[Any]] = {projection.view: projection for projection in ALL}
BY_NAME: Mapping[str, Projection[Any]] = {projection.view.view: projection for projection in ALL}


class Touch(msgspec.Struct, frozen=True):
    """One document that an event changes. `ordinal` numbers the event's documents from 1, the same at every replay."""

    projection: Projection[Any]
    document_id: str
    ordinal: int


def touched(recorded: Recorded) -> Iterator[Touch]:
    """Name the documents that an event changes, in the order of the projections above."""
    ordinal, kind = 0, type(recorded.event)
    for projection in ALL:
        if kind in projection.routes:
            for document_id in projection.routes[kind][0](recorded.event):
                ordinal += 1
                yield Touch(projection, document_id, ordinal)
