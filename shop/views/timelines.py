"""What happened to an order, event by event, and what of that its buyer is told."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from shop.views.base import Document


class TimelineEntry(msgspec.Struct, gc=False):
    """An event of the order: `data` is what it says, under the names of the log."""

    position: int
    at: str
    actor: str
    type: str
    data: dict[str, Any]


class Timeline(Document, kw_only=True, omit_defaults=True):
    """By the order's id; the earliest event first."""

    view = "timeline"

    number: str
    customer_id: str | None = None
    entries: list[TimelineEntry] = []


# What a buyer is told of an order: these events, and these fields of each. All else is the shop's own business.
PUBLIC: Mapping[str, Sequence[str]] = {
    "OrderCreated": ("number", "total", "currency"),
    "OrderPlaced": (),
    "OrderCanceled": ("payment_status",),
    "OrderLinesCanceled": ("lines", "total"),
    "OrderLineMoved": ("line_id", "status", "quantity"),
    "OrderCompleted": (),
    "OrderNoted": ("note",),
    "PaymentActionRequired": ("amount", "currency"),
    "PaymentAuthorized": ("amount", "currency"),
    "PaymentCaptured": ("amount", "currency"),
    "PaymentVoided": ("amount", "currency"),
    "PaymentFailed": ("amount", "currency"),
    "PaymentRefunded": ("amount", "currency"),
    "FulfillmentShipped": ("fulfillment_id", "lines", "carrier", "tracking_number", "tracking_url"),
    "FulfillmentTrackingSet": ("fulfillment_id", "carrier", "tracking_number", "tracking_url"),
    "FulfillmentDelivered": ("fulfillment_id", "lines"),
    "ReturnRequested": ("return_id", "lines", "reason"),
    "ReturnApproved": ("return_id",),
    "ReturnRejected": ("return_id", "reason"),
    "ReturnReceived": ("return_id", "lines"),
    "ReturnRefunded": ("return_id", "refunded", "currency"),
    "ReturnCanceled": ("return_id",),
    "PastOrderRecorded": ("number", "total", "currency", "placed_at"),
    "PastReturnRecorded": ("return_id", "refunded", "currency", "returned_at"),
}


def as_buyer(timeline: Timeline) -> list[TimelineEntry]:
    """The timeline as the order's buyer reads it: public types and fields, the actor `you`, `shop` or `system`."""
    return [
        TimelineEntry(one.position, one.at, _actor(one.actor, timeline), one.type, _public(one))
        for one in timeline.entries
        if one.type in PUBLIC and (one.type != "OrderNoted" or one.data.get("visible_to_customer"))
    ]


def _public(entry: TimelineEntry) -> dict[str, Any]:
    return {name: entry.data[name] for name in PUBLIC[entry.type] if name in entry.data}


def _actor(actor: str, timeline: Timeline) -> str:
    """Who did it, as the buyer knows them. A guest's own commands come from nobody that is known."""
    if actor == "system":
        return actor
    return "you" if actor == (timeline.customer_id or "anonymous") else "shop"
