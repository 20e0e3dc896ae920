"""Goods on their way out, folded into their order's document."""

from typing import Any

from projections.orders import order
from projections.projection import replace
from shop import events
from shop.log import Recorded
from shop.views import Fulfillment, MovedLine, Order, OrderLine


def _id(event: Any) -> list[str]:
    return [event.order_id]


@order.on(events.FulfillmentCreated, _id)
def fulfillment_created(view: Order, event: events.FulfillmentCreated, recorded: Recorded) -> Order:
    lines = [MovedLine(line.line_id, line.quantity) for line in event.lines]
    created = Fulfillment(
        id=event.fulfillment_id, state="PENDING", warehouse_id=event.warehouse_id, created_at=recorded.at, lines=lines
    )
    return replace(view, fulfillments=[*view.fulfillments, created])


@order.on(events.FulfillmentShipped, _id)
def fulfillment_shipped(view: Order, event: events.FulfillmentShipped, recorded: Recorded) -> Order:
    shipped = {line.line_id: line.quantity for line in event.lines}
    left = {
        "state": "SHIPPED",
        "shipped_at": recorded.at,
        "carrier": event.carrier,
        "tracking_number": event.tracking_number,
        "tracking_url": event.tracking_url,
    }

    def moved(line: OrderLine) -> OrderLine:
        return replace(line, quantity_shipped=line.quantity_shipped + shipped[line.id]) if line.id in shipped else line

    fulfillments = _fulfillments(view, event.fulfillment_id, left)
    status, lines = event.fulfillment_status, [moved(line) for line in view.lines]
    return replace(view, lines=lines, fulfillments=fulfillments, fulfillment_status=status)


@order.on(events.FulfillmentDelivered, _id)
def fulfillment_delivered(view: Order, event: events.FulfillmentDelivered, recorded: Recorded) -> Order:
    delivered = {"state": "DELIVERED", "delivered_at": recorded.at}
    return replace(view, fulfillments=_fulfillments(view, event.fulfillment_id, delivered))


@order.on(events.FulfillmentCanceled, _id)
def fulfillment_canceled(view: Order, event: events.FulfillmentCanceled, _: Recorded) -> Order:
    return replace(view, fulfillments=_fulfillments(view, event.fulfillment_id, {"state": "CANCELED"}))


@order.on(events.FulfillmentTrackingSet, _id)
def fulfillment_tracking_set(view: Order, event: events.FulfillmentTrackingSet, _: Recorded) -> Order:
    tracked = {name: getattr(event, name) for name in ("carrier", "tracking_number", "tracking_url")}
    return replace(view, fulfillments=_fulfillments(view, event.fulfillment_id, tracked))


def _fulfillments(view: Order, fulfillment_id: str, change: dict[str, Any]) -> list[Fulfillment]:
    return [replace(one, **change) if one.id == fulfillment_id else one for one in view.fulfillments]
