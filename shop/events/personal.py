"""Which fields of events say something of a person: declared here once, sealed when appended (see shop.sealing).

A new field of text, of an address or of free JSON must be declared personal or plain; a test names the one that is not.
"""

from collections.abc import Mapping, Sequence

from shop.events import books, catalog, charges, orders, parcels, payments, people, returns, reviews, selling, stock
from shop.events.base import Address, Event
from shop.pricing import Applied, Quote, TaxShare

_CONTACT = ("email", "shipping_address", "billing_address", "metadata")
_TRACKING = ("tracking_number", "tracking_url")  # they lead to a name and an address at the carrier
_MESSAGE = ("message",)  # free text, of a provider or of staff

# Each of these fields is None by default, and None once its person is erased.
PERSONAL: Mapping[type[Event], tuple[str, ...]] = {
    selling.CheckoutStarted: _CONTACT,
    selling.CheckoutAddressed: _CONTACT,
    orders.OrderCreated: _CONTACT,
    orders.OrderDescribed: _CONTACT,
    orders.OrderNoted: ("note",),
    orders.OrderCanceled: ("reason",),
    orders.OrderLinesCanceled: ("reason",),
    payments.PaymentStarted: _MESSAGE,
    payments.PaymentActionRequired: (*_MESSAGE, "action"),
    payments.PaymentAuthorized: _MESSAGE,
    payments.PaymentCaptured: _MESSAGE,
    payments.PaymentVoided: _MESSAGE,
    payments.PaymentFailed: _MESSAGE,
    payments.PaymentRefunded: _MESSAGE,
    payments.ChargebackRecorded: _MESSAGE,
    parcels.FulfillmentShipped: _TRACKING,
    parcels.FulfillmentTrackingSet: _TRACKING,
    returns.ReturnRequested: ("reason",),
    returns.ReturnRejected: ("reason",),
    people.CustomerRegistered: ("external_ref", "email", "name"),
    people.CustomerDescribed: ("email", "name"),
    people.AddressSaved: ("address",),
    reviews.ReviewSubmitted: ("title", "body"),
}

# Whose data an event tells: the ids by which it names a person, the surest first. A guest is known by order and checkout.
_NAMED_BY = ("customer_id", "order_id", "checkout_id")

# Plain wherever they stand, as is all that ends with `_id`, `_ids` or `_at`.
PLAIN: frozenset[str] = frozenset({
    "barcode", "carrier", "channel", "code", "countries", "credit_number", "currency", "decline_code", "event_types",
    "fulfillment_status", "key", "kind", "percentage", "problem",
    "number", "of", "payment_status", "provider", "provider_ref", "rate", "reserved_until", "sku", "slug", "status", "tags",
    "unit_price", "url", "alt", "value", "vendor", "was",
})  # fmt: skip

# Plain in these structs; the same name may be personal in another.
PLAIN_IN: Mapping[str, Sequence[type]] = {
    "description": (
        catalog.CategoryCreated, catalog.CategoryRenamed, catalog.CollectionDefined, catalog.ProductCreated,
        catalog.ProductDescribed,
    ),
    "metadata": (catalog.ProductCreated, catalog.ProductDescribed),
    "name": (
        catalog.CategoryCreated, catalog.CategoryRenamed, catalog.ChannelCreated, catalog.CollectionDefined,
        catalog.ProductCreated, catalog.ProductDescribed, catalog.VariantCreated, catalog.VariantDescribed,
        stock.WarehouseCreated, stock.WarehouseChanged, selling.Priced, books.PastLine, books.CreditLine,
        charges.ShippingMethodDefined, charges.PromotionDefined, Applied, Quote,
    ),
    "country": (charges.TaxRateSet, TaxShare),
    "region": (charges.TaxRateSet, TaxShare),
    "id": (Quote,),
    "reason": (stock.StockAdjusted, stock.StockShortfallFound),
    "rule": (catalog.CollectionDefined,),
}  # fmt: skip

# Structs that are of a person from end to end: only a field that is declared personal may hold one.
OF_A_PERSON: tuple[type, ...] = (Address,)


def subjects(event: Event) -> list[str]:
    """Return the ids by which an event names its person, the surest first."""
    return [named for name in _NAMED_BY if (named := getattr(event, name, None)) is not None]
