"""The states of the contract, and which of them a log's events enter: seen in the documents that they are folded into."""

from collections.abc import Iterator, Sequence
from typing import Any

from projections.all import touched
from schema import carts, checkout, fulfillment, listings, order_lists, payments
from shop import views
from shop.log import Recorded

_ENUMS = (
    listings.ProductStatus, carts.CartStatus, checkout.CheckoutStatus, order_lists.OrderStatus, order_lists.PaymentStatus,
    order_lists.FulfillmentStatus, order_lists.OrderLineStatus, payments.PaymentState, payments.LedgerOutcome,
    fulfillment.FulfillmentState, fulfillment.ReturnState,
)  # fmt: skip

STATES = {f"{enum.__name__}.{state.value}" for enum in _ENUMS for state in enum}


def entered(log: Sequence[Recorded]) -> set[str]:
    """The states that some event of a log leads to."""
    documents: dict[tuple[str, str], Any] = {}
    seen: set[str] = set()
    for recorded in log:
        for touch in touched(recorded):
            key = (touch.projection.view.view, touch.document_id)
            folded = touch.projection.fold(documents.get(key), touch.document_id, recorded, touch.ordinal, touch.part)
            documents[key] = folded
            seen.update(_states(folded))
    return seen


def _states(document: Any) -> Iterator[str]:
    match document:
        case views.Product():
            yield f"ProductStatus.{document.status}"
        case views.Cart():
            yield f"CartStatus.{document.status}"
        case views.Checkout():
            yield f"CheckoutStatus.{document.status}"
        case views.Order():
            yield from _of_order(document)


def _of_order(order: views.Order) -> Iterator[str]:
    yield f"OrderStatus.{order.status}"
    yield f"PaymentStatus.{order.payment_status}"
    yield f"FulfillmentStatus.{order.fulfillment_status}"
    yield from (f"OrderLineStatus.{line.status}" for line in order.lines)
    yield from (f"FulfillmentState.{sent.state}" for sent in order.fulfillments)
    yield from (f"ReturnState.{back.state}" for back in order.returns)
    for payment in order.payments:
        yield f"PaymentState.{payment.state}"
        yield from (f"LedgerOutcome.{entry.outcome}" for entry in payment.ledger)
