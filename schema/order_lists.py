"""How orders are asked for by the page: what they are filtered and sorted by."""

import enum

import msgspec
import strawberry

from reads.filters import Moments
from reads.order_filters import OrderFilter
from schema.faults import bad_input
from schema.fulfillment import ReturnState
from schema.inputs import given
from schema.nodes import known
from schema.scalars import SortDirection
from schema.wheres import DateTimeWhere, StringWhere


@strawberry.enum
class OrderStatus(enum.StrEnum):
    PENDING_PAYMENT = "PENDING_PAYMENT"
    PLACED = "PLACED"
    COMPLETED = "COMPLETED"
    CANCELED = "CANCELED"


@strawberry.enum
class PaymentStatus(enum.StrEnum):
    NONE = "NONE"
    AUTHORIZED = "AUTHORIZED"
    PARTIALLY_PAID = "PARTIALLY_PAID"
    PAID = "PAID"
    PARTIALLY_REFUNDED = "PARTIALLY_REFUNDED"
    REFUNDED = "REFUNDED"
    VOIDED = "VOIDED"
    FAILED = "FAILED"


@strawberry.enum
class FulfillmentStatus(enum.StrEnum):
    UNFULFILLED = "UNFULFILLED"
    PARTIALLY_FULFILLED = "PARTIALLY_FULFILLED"
    FULFILLED = "FULFILLED"
    PARTIALLY_RETURNED = "PARTIALLY_RETURNED"
    RETURNED = "RETURNED"


@strawberry.enum
class OrderLineStatus(enum.StrEnum):
    ALLOCATED = "ALLOCATED"
    BACKORDERED = "BACKORDERED"
    PICKING = "PICKING"
    SHIPPED = "SHIPPED"
    DELIVERED = "DELIVERED"
    RETURNED = "RETURNED"
    CANCELED = "CANCELED"


@strawberry.enum
class OrderSortField(enum.StrEnum):
    PLACED_AT = "PLACED_AT"
    NUMBER = "NUMBER"
    TOTAL = "TOTAL"
    UPDATED_AT = "UPDATED_AT"


@strawberry.input
class OrderWhere:
    status: list[OrderStatus] | None = strawberry.UNSET
    payment_status: list[PaymentStatus] | None = strawberry.UNSET
    fulfillment_status: list[FulfillmentStatus] | None = strawberry.UNSET
    customer: strawberry.ID | None = strawberry.UNSET
    number: StringWhere | None = strawberry.UNSET
    channel: list[str] | None = strawberry.UNSET
    line_status: list[OrderLineStatus] | None = strawberry.UNSET
    return_state: list[ReturnState] | None = strawberry.UNSET
    warehouse: strawberry.ID | None = strawberry.UNSET
    placed_at: DateTimeWhere | None = strawberry.UNSET
    updated_at: DateTimeWhere | None = strawberry.UNSET


@strawberry.input
class OrderSort:
    field: OrderSortField
    direction: SortDirection = SortDirection.DESC


def order_filter(where: OrderWhere | None) -> OrderFilter | None:
    """Say what a list of orders shows; None where nothing is asked for."""
    where = known(where)
    if where is None:
        return None
    translated = {"number": _texts(known(where.number))}
    moments = {"placed_at": _moments(known(where.placed_at)), "updated_at": _moments(known(where.updated_at))}
    return OrderFilter(**{**given(where), **translated, **moments})


def of_customer(where: OrderWhere | None, customer_id: str) -> OrderFilter:
    """Say which of one customer's orders are shown."""
    wanted = order_filter(where) or OrderFilter()
    if wanted.customer not in {None, customer_id}:
        raise bad_input("Below a customer, leave `where.customer` out.")
    return msgspec.structs.replace(wanted, customer=customer_id)


def _texts(where: StringWhere | None) -> list[str] | None:
    """The texts that fit: of `eq` and `in` together, those that both name."""
    if where is None:
        return None
    equal, among = known(where.eq), known(where.in_)
    if equal is None:
        return among
    return [equal] if among is None or equal in among else []


def _moments(where: DateTimeWhere | None) -> Moments | None:
    return None if where is None else Moments(known(where.gte), known(where.lt))
