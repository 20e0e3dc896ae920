"""What imported books say of the past: whole orders, what came back of them, and credits that belong to no order here."""

import msgspec

from shop import ids
from shop.events.base import Event
from shop.events.orders import OfOrder, known


class PastLine(msgspec.Struct, frozen=True, omit_defaults=True):
    """A line of the books. `unit_price` is the exact decimal text: books may have more decimals than the currency."""

    line_id: str
    variant_id: str
    product_id: str
    sku: str
    name: str
    quantity: int
    unit_price: str
    total: int


class PastOrderRecorded(OfOrder, frozen=True, kw_only=True, omit_defaults=True):
    """An order of the past as one fact: placed, paid and shipped at `placed_at`. No stock is touched."""

    number: str
    channel: str
    currency: str
    placed_at: str
    lines: list[PastLine]
    total: int
    payment_id: str
    entry_id: str
    fulfillment_id: str
    warehouse_id: str
    customer_id: str | None = None

    @property
    def day(self) -> str:
        return self.placed_at[:10]

    def roots(self) -> set[str]:
        return {
            self.order_id,
            ids.sales_day(self.channel, self.day),
            *(line.product_id for line in self.lines),
            *known(self.customer_id),
        }


class ReturnedLine(msgspec.Struct, frozen=True):
    line_id: str
    quantity: int
    amount: int


class PastReturnRecorded(OfOrder, frozen=True, kw_only=True, omit_defaults=True):
    """Goods of a past order that came back and were refunded at `returned_at`, as a credit invoice tells it."""

    return_id: str
    entry_id: str
    payment_id: str
    credit_number: str
    channel: str
    currency: str
    returned_at: str
    lines: list[ReturnedLine]
    refunded: int
    payment_status: str
    fulfillment_status: str
    customer_id: str | None = None

    @property
    def day(self) -> str:
        return self.returned_at[:10]

    def roots(self) -> set[str]:
        return {self.order_id, ids.sales_day(self.channel, self.day), *known(self.customer_id)}


class CreditLine(msgspec.Struct, frozen=True):
    sku: str
    name: str
    quantity: int
    unit_price: str
    total: int


class CreditRecorded(Event, frozen=True, kw_only=True, omit_defaults=True):
    """Money given back that belongs to no order here. Quantities and totals are above zero."""

    credit_id: str
    number: str
    channel: str
    currency: str
    credited_at: str
    lines: list[CreditLine]
    amount: int
    customer_id: str | None = None

    @property
    def stream(self) -> str:
        return self.credit_id

    @property
    def day(self) -> str:
        return self.credited_at[:10]

    def roots(self) -> set[str]:
        return {self.credit_id, ids.sales_day(self.channel, self.day), *known(self.customer_id)}
