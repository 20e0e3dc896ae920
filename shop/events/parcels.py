"""What happens to the goods of an order on their way out: packed, sent, followed, delivered, or unpacked again."""

from shop.events.orders import LineQuantity, OfOrder


class FulfillmentCreated(OfOrder, frozen=True, kw_only=True, omit_defaults=True):
    fulfillment_id: str
    warehouse_id: str
    lines: list[LineQuantity]


class FulfillmentShipped(OfOrder, frozen=True, kw_only=True, omit_defaults=True):
    fulfillment_id: str
    lines: list[LineQuantity]
    fulfillment_status: str
    carrier: str | None = None
    tracking_number: str | None = None
    tracking_url: str | None = None


class FulfillmentDelivered(OfOrder, frozen=True, kw_only=True, omit_defaults=True):
    fulfillment_id: str
    lines: list[LineQuantity]


class FulfillmentCanceled(OfOrder, frozen=True, kw_only=True, omit_defaults=True):
    """What was packed is unpacked: its lines are held in their warehouse as before."""

    fulfillment_id: str


class FulfillmentTrackingSet(OfOrder, frozen=True, kw_only=True, omit_defaults=True):
    """Carrier and tracking as they are from now on; what is absent is unknown."""

    fulfillment_id: str
    carrier: str | None = None
    tracking_number: str | None = None
    tracking_url: str | None = None
