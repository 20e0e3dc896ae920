"""Orders and returns that imported books tell of, folded into the order's document."""

from projections.orders import order
from projections.projection import replace
from shop import events
from shop.log import Recorded
from shop.money import Money, money, nearest, plus
from shop.views import Fulfillment, LedgerEntry, MovedLine, Order, OrderLine, Payment, Return


@order.starts(events.PastOrderRecorded, lambda e: [e.order_id])
def past_order_recorded(event: events.PastOrderRecorded, recorded: Recorded) -> Order:
    nothing, total = money(0, event.currency), money(event.total, event.currency)
    return Order(
        id=event.order_id,
        number=event.number,
        channel=event.channel,
        created_at=recorded.at,
        placed_at=event.placed_at,
        status="PLACED",
        payment_status="PAID",
        fulfillment_status="FULFILLED",
        customer_id=event.customer_id,
        subtotal=total,
        discount=nothing,
        shipping=nothing,
        tax=nothing,
        total=total,
        paid=total,
        refunded=nothing,
        lines=[_line(line, event.currency, nothing) for line in event.lines],
        payments=[_payment(event, total, nothing)],
        fulfillments=[_fulfillment(event)],
    )


@order.on(events.PastReturnRecorded, lambda e: [e.order_id])
def past_return_recorded(view: Order, event: events.PastReturnRecorded, _: Recorded) -> Order:
    returned = {line.line_id: line.quantity for line in event.lines}
    refunded = money(event.refunded, event.currency)
    brought_back = Return(
        id=event.return_id,
        state="REFUNDED",
        created_at=event.returned_at,
        lines=[MovedLine(line.line_id, line.quantity) for line in event.lines],
        reason=f"Credit invoice {event.credit_number}",
        refunded=refunded,
    )
    return replace(
        view,
        lines=[_returned(line, returned[line.id]) if line.id in returned else line for line in view.lines],
        returns=[*view.returns, brought_back],
        payments=[_refunded(payment, event, refunded) for payment in view.payments],
        payment_status=event.payment_status,
        fulfillment_status=event.fulfillment_status,
        refunded=plus(view.refunded, event.refunded),
    )


def _line(line: events.PastLine, currency: str, nothing: Money) -> OrderLine:
    return OrderLine(
        id=line.line_id,
        variant_id=line.variant_id,
        product_id=line.product_id,
        sku=line.sku,
        name=line.name,
        quantity=line.quantity,
        quantity_shipped=line.quantity,
        status="SHIPPED",
        unit_price=nearest(line.unit_price, currency),
        discount=nothing,
        tax=nothing,
        total=money(line.total, currency),
    )


def _payment(event: events.PastOrderRecorded, total: Money, nothing: Money) -> Payment:
    entry = LedgerEntry(id=event.entry_id, kind="CAPTURE", outcome="SUCCESS", amount=total, at=event.placed_at)
    return Payment(
        id=event.payment_id,
        provider="books",
        state="CAPTURED",
        authorized=total,
        captured=total,
        refunded=nothing,
        ledger=[entry],
    )


def _fulfillment(event: events.PastOrderRecorded) -> Fulfillment:
    return Fulfillment(
        id=event.fulfillment_id,
        state="SHIPPED",
        warehouse_id=event.warehouse_id,
        created_at=event.placed_at,
        shipped_at=event.placed_at,
        lines=[MovedLine(line.line_id, line.quantity) for line in event.lines],
    )


def _returned(line: OrderLine, quantity: int) -> OrderLine:
    returned = line.quantity_returned + quantity
    return replace(line, quantity_returned=returned, status="RETURNED" if returned >= line.quantity else line.status)


def _refunded(payment: Payment, event: events.PastReturnRecorded, refunded: Money) -> Payment:
    if payment.id != event.payment_id:
        return payment
    entry = LedgerEntry(
        id=event.entry_id, kind="REFUND", outcome="SUCCESS", amount=refunded, at=event.returned_at, message=event.credit_number
    )
    return replace(payment, refunded=plus(payment.refunded, event.refunded), ledger=[*payment.ledger, entry])
