"""The money of an order, folded into its order's document."""

from collections.abc import Callable
from typing import Any

from projections.orders import order
from projections.projection import replace
from shop import events
from shop.log import Recorded
from shop.money import money, plus, units
from shop.views import LedgerEntry, Order, Payment


def _id(event: Any) -> list[str]:
    return [event.order_id]


@order.on(events.PaymentStarted, _id)
def payment_started(view: Order, event: events.PaymentStarted, recorded: Recorded) -> Order:
    amount = money(event.amount, event.currency)
    asked = LedgerEntry(id=event.entry_id, kind=event.kind, outcome="PENDING", amount=amount, at=recorded.at)
    entry = replace(asked, message=event.message)
    if any(payment.id == event.payment_id for payment in view.payments):
        return _payment(view, event, lambda payment: replace(payment, ledger=[*payment.ledger, entry]))
    nothing = money(0, event.currency)
    opened = Payment(
        id=event.payment_id,
        provider=event.provider,
        state="CREATED",
        authorized=nothing,
        captured=nothing,
        refunded=nothing,
        ledger=[entry],
    )
    return replace(view, payments=[*view.payments, opened], payment_status=event.payment_status)


@order.on(events.PaymentActionRequired, _id)
def payment_action_required(view: Order, event: events.PaymentActionRequired, _: Recorded) -> Order:
    return _payment(view, event, lambda payment: replace(payment, state="ACTION_REQUIRED", action=event.action))


@order.on(events.PaymentAuthorized, _id)
def payment_authorized(view: Order, event: events.PaymentAuthorized, _: Recorded) -> Order:
    amount = money(event.amount, event.currency)

    def authorized(payment: Payment) -> Payment:
        return replace(payment, state="AUTHORIZED", authorized=amount, action=None)

    return _payment(view, event, authorized, "SUCCESS")


@order.on(events.PaymentCaptured, _id)
def payment_captured(view: Order, event: events.PaymentCaptured, _: Recorded) -> Order:
    def captured(payment: Payment) -> Payment:
        taken = plus(payment.captured, event.amount)
        most = max(payment.authorized, taken, key=units)
        return replace(payment, state="CAPTURED", authorized=most, captured=taken, action=None)

    return replace(_payment(view, event, captured, "SUCCESS"), paid=plus(view.paid, event.amount))


@order.on(events.PaymentVoided, _id)
def payment_voided(view: Order, event: events.PaymentVoided, _: Recorded) -> Order:
    return _payment(view, event, lambda payment: replace(payment, state="VOIDED"), "SUCCESS")


@order.on(events.PaymentFailed, _id)
def payment_failed(view: Order, event: events.PaymentFailed, _: Recorded) -> Order:
    def failed(payment: Payment) -> Payment:
        state = "FAILED" if payment.state in {"CREATED", "ACTION_REQUIRED"} else payment.state
        return replace(payment, state=state, decline_code=event.decline_code, action=None)

    return _payment(view, event, failed, "FAILURE")


@order.on(events.PaymentRefunded, _id)
def payment_refunded(view: Order, event: events.PaymentRefunded, _: Recorded) -> Order:
    def refunded(payment: Payment) -> Payment:
        return replace(payment, refunded=plus(payment.refunded, event.amount))

    return replace(_payment(view, event, refunded, "SUCCESS"), refunded=plus(view.refunded, event.amount))


@order.on(events.ChargebackRecorded, _id)
def chargeback_recorded(view: Order, event: events.ChargebackRecorded, recorded: Recorded) -> Order:
    amount = money(event.amount, event.currency)
    entry = LedgerEntry(id=event.entry_id, kind="CHARGEBACK", outcome="SUCCESS", amount=amount, at=recorded.at)
    entry = replace(entry, provider_ref=event.provider_ref, message=event.message)
    return _payment(view, event, lambda payment: replace(payment, ledger=[*payment.ledger, entry]))


def _payment(view: Order, event: Any, change: Callable[[Payment], Payment], outcome: str | None = None) -> Order:
    """Change the event's payment, and close its ledger entry where the event says how it ended."""

    def settled(entry: LedgerEntry) -> LedgerEntry:
        if outcome is None or entry.id != event.entry_id:
            return entry
        return replace(entry, outcome=outcome, provider_ref=event.provider_ref, message=event.message)

    def stepped(payment: Payment) -> Payment:
        changed = change(payment)
        return replace(changed, ledger=[settled(entry) for entry in changed.ledger])

    payments = [stepped(payment) if payment.id == event.payment_id else payment for payment in view.payments]
    return replace(view, payments=payments, payment_status=event.payment_status)
