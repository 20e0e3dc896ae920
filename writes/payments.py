"""Payments: what a provider answered becomes a fact, once, whoever tells it first."""

from typing import Any

import msgspec
import sqlalchemy as sa

from shop import events
from writes import costs, ledger, orders, refunds
from writes import tables as t
from writes.providers import ProviderResult
from writes.refusals import NotFound, PaymentRefused
from writes.work import Done, Work


class RecordPaymentResult(msgspec.Struct, frozen=True):
    """The answer to one ledger entry. A second answer to the same entry changes nothing."""

    order_id: str
    payment_id: str
    entry_id: str
    result: ProviderResult


def record_payment_result(work: Work, command: RecordPaymentResult) -> Done:
    order = orders.load(work, command.order_id, ["orderId"])
    payment = work.one(t.payments, command.payment_id)
    entry = work.one(t.ledger_entries, command.entry_id)
    if payment is None or entry is None or (payment.order_id, entry.payment_id) != (order.id, payment.id):
        raise NotFound(f"The order has no ledger entry {command.entry_id}.", ["entryId"])
    if entry.outcome != "PENDING":
        return Done()
    result = command.result
    if result.succeeded and result.message is None:  # why it was asked for stays
        result = msgspec.structs.replace(result, message=entry.message)
    ledger.settle(work, entry.id, succeeded=result.succeeded, reference=result.reference, message=result.message)
    if not result.succeeded:
        return _failed(work, order, payment, entry, result)
    if entry.kind in {"AUTHORIZE", "CAPTURE"}:
        return _paid(work, order, payment, entry, result)
    return _given_back(work, order, payment, entry, result)


def _paid(work: Work, order: Any, payment: Any, entry: Any, result: ProviderResult) -> Done:
    taken = payment.captured + (entry.amount if entry.kind == "CAPTURE" else 0)
    state = {"state": "CAPTURED" if entry.kind == "CAPTURE" else "AUTHORIZED", "captured": taken}
    state |= {"authorized": max(payment.authorized, taken) if entry.kind == "CAPTURE" else entry.amount}
    work.do(sa.update(t.payments).where(t.payments.c.id == payment.id).values(state))
    kind = events.PaymentCaptured if entry.kind == "CAPTURE" else events.PaymentAuthorized
    happened: list[events.Event] = [kind(**_told(work, order, payment, entry, result))]
    if order.status == "CANCELED":  # too late: the order is gone, so the money goes back
        reversed_, calls = ledger.reverse(work, order)
        late = "The payment came after the order was canceled: the money goes back."
        refused = PaymentRefused("PAYMENT_DECLINED", late, payment.id, None, retryable=False)
        return Done([*happened, *reversed_], calls=calls, refused=refused)
    if order.status == "PENDING_PAYMENT":
        happened += orders.place(work, order.id)
    return Done(happened)


def _failed(work: Work, order: Any, payment: Any, entry: Any, result: ProviderResult) -> Done:
    refunds.forget(work, entry.id)
    if payment.state == "CREATED":
        work.do(sa.update(t.payments).where(t.payments.c.id == payment.id).values(state="FAILED"))
    told = _told(work, order, payment, entry, result)
    happened: list[events.Event] = [events.PaymentFailed(decline_code=result.decline_code, **told)]
    if entry.kind not in {"AUTHORIZE", "CAPTURE"}:
        kept = result.message or "The provider did not give the money back."
        return Done(
            happened, refused=PaymentRefused("PAYMENT_DECLINED", kept, payment.id, result.decline_code, retryable=False)
        )
    columns = t.checkouts.c
    paying = sa.and_(columns.id == order.checkout_id, columns.status == "PAYMENT_PENDING")
    reopen = sa.update(t.checkouts).where(paying).values(status="OPEN").returning(columns.id, columns.cart_id)
    for checkout_id, cart_id in work.do(reopen):
        happened += [events.CheckoutReopened(checkout_id=checkout_id, cart_id=cart_id, order_id=order.id)]
    message = result.message or "The payment was declined."
    again = order.status == "PENDING_PAYMENT"
    return Done(happened, refused=PaymentRefused("PAYMENT_DECLINED", message, payment.id, result.decline_code, retryable=again))


def _given_back(work: Work, order: Any, payment: Any, entry: Any, result: ProviderResult) -> Done:
    columns = t.payments.c
    if entry.kind == "VOID":
        work.do(sa.update(t.payments).where(columns.id == payment.id).values(state="VOIDED"))
        return Done([events.PaymentVoided(**_told(work, order, payment, entry, result))])
    goods = _goods(work, order, entry) if order.placed_at is not None else 0
    work.do(sa.update(t.payments).where(columns.id == payment.id).values(refunded=columns.refunded + entry.amount))
    work.do(sa.update(t.ledger_entries).where(t.ledger_entries.c.id == entry.id).values(goods=goods))
    told = _told(work, order, payment, entry, result)
    refunded = events.PaymentRefunded(channel=order.channel, refunded_at=work.at, goods=goods, **told)
    return Done([refunded, *refunds.settled(work, order)])


def _goods(work: Work, order: Any, entry: Any) -> int:
    """The part of a refund that sales figures count: that of its lines; without lines, by all that was given back before."""
    lines, cut = orders.lines_of(work, order.id), refunds.of_entry(work, entry.id)
    if cut:
        return refunds.goods(order, lines, cut)
    payments, entries = t.payments.c, t.ledger_entries.c
    mine = sa.select(sa.func.sum(entries.goods)).join(t.payments, payments.id == entries.payment_id)
    told = work.connection.scalar(mine.where(payments.order_id == order.id))
    refunded = sum(payment.refunded for payment in ledger.payments_of(work, order.id))
    return costs.goods(order, lines, refunded=refunded, told=int(told or 0), amount=entry.amount)


def _told(work: Work, order: Any, payment: Any, entry: Any, result: ProviderResult) -> dict[str, Any]:
    return {
        "order_id": order.id,
        "payment_id": payment.id,
        "entry_id": entry.id,
        "amount": entry.amount,
        "currency": order.currency,
        "payment_status": ledger.payment_status(work, order.id),
        "customer_id": order.customer_id,
        "provider_ref": result.reference,
        "message": result.message,
    }
