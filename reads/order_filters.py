"""What a list of orders may be narrowed by: any value of an axis, between two moments, all that is named."""

import msgspec

from reads.filters import Bounds, Moments
from shop import views
from shop.views import Order


class OrderFilter(msgspec.Struct, frozen=True):
    """What a list of orders shows."""

    status: list[str] | None = None
    payment_status: list[str] | None = None
    fulfillment_status: list[str] | None = None
    customer: str | None = None
    channel: list[str] | None = None
    number: list[str] | None = None
    line_status: list[str] | None = None
    return_state: list[str] | None = None
    warehouse: str | None = None
    placed_at: Moments | None = None
    updated_at: Moments | None = None

    def axes(self) -> dict[str, list[str]]:
        """The lists that answer this: axis to values. Numbers are looked up, moments are spans; they are no axis."""
        named = {
            "status": self.status,
            "payment": self.payment_status,
            "fulfillment": self.fulfillment_status,
            "customer": None if self.customer is None else [self.customer],
            "channel": self.channel,
            "line": self.line_status,
            "return": self.return_state,
            "warehouse": None if self.warehouse is None else [self.warehouse],
        }
        return {axis: values for axis, values in named.items() if values is not None}

    def spans(self) -> dict[str, tuple[str, Bounds]]:
        """Between which moments: sort to axis and bounds."""
        found = {}
        if self.placed_at is not None:
            found["PLACED_AT"] = ("placed", self.placed_at.bounds)
        if self.updated_at is not None:
            found["UPDATED_AT"] = ("all", self.updated_at.bounds)
        return found

    def fits(self, document: Order) -> bool:
        """Tell whether an order is one of these."""
        has: dict[str, set[str]] = {}
        for axis, value in views.order_axes(document):
            has.setdefault(axis, set()).add(value)
        moments = {"PLACED_AT": document.placed_at, "UPDATED_AT": document.updated_at}
        return (
            all(has.get(axis, set()).intersection(values) for axis, values in self.axes().items())
            and all(_between(moments[sort], bounds) for sort, (_, bounds) in self.spans().items())
            and (self.number is None or document.number in self.number)
        )


def _between(moment: str | None, bounds: Bounds) -> bool:
    low, beyond = bounds
    return moment is not None and (low is None or moment >= low) and (beyond is None or moment < beyond)
