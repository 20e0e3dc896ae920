"""The interfaces that the nouns share, and the pieces of pages. Sources are the structs of `shop.views`, read by attribute."""

import datetime as dt
from typing import Any, Generic, TypeVar

import strawberry

from schema.faults import bad_input
from shop import ids

S = TypeVar("S")
W = TypeVar("W")

# The type of each node, by the prefix of its id.
TYPES = {
    "prod": "Product",
    "var": "Variant",
    "cat": "Category",
    "col": "Collection",
    "wh": "Warehouse",
    "cart": "Cart",
    "chk": "Checkout",
    "ship": "ShippingMethod",
    "promo": "Promotion",
    "ord": "Order",
    "pay": "Payment",
    "ful": "Fulfillment",
    "ret": "Return",
    "cus": "Customer",
    "cred": "Credit",
    "hook": "Webhook",
    "rev": "Review",
}


@strawberry.interface(description="Ids are prefixed UUIDv7, readable in a log, sortable by age, opaque to clients.")
class Node:
    id: strawberry.ID

    @classmethod
    def is_type_of(cls, _source: Any, _info: Any) -> bool:
        """Trust the field: sources are structs, not instances of this class."""
        return True

    @classmethod
    def resolve_type(cls, source: Any, *_: Any) -> str:
        return TYPES[ids.prefix(source.id)]


@strawberry.interface
class Versioned:
    version: int
    updated_at: dt.datetime


@strawberry.type
class PageInfo:
    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


class Within(Generic[S, W]):
    """A source together with what it was reached through: a line and its order, a category and its channel.

    Its attributes are the source's own.
    """

    __slots__ = ("owner", "source")

    def __init__(self, source: S, owner: W) -> None:
        self.source = source
        self.owner = owner

    def __getattr__(self, name: str) -> Any:
        return getattr(self.source, name)


def known(value: S | None) -> S | None:
    """Take an argument that was not given for null."""
    return None if value is strawberry.UNSET else value


def one_of(**named: str | None) -> dict[str, str]:
    """Return the one way by which a thing was named, or refuse."""
    used = {name: value for name, value in named.items() if value is not None and value is not strawberry.UNSET}
    if len(used) != 1:
        raise bad_input(f"Give exactly one of {', '.join(named)}.")
    return used
