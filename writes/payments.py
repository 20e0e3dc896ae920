"""Payments: what a provider answered becomes a fact, once, whoever tells it first: the buyer's call, a webhook, recovery."""

import datetime as dt
from typing import Any

import msgspec
import sqlalchemy as sa

from shop import clock, events, log
from shop.upsert import insert
from writes import claims, costs, ledger, orders, refunds
from writes import tables as t
from writes.payment_tables import hurdles
from writes.providers import ProviderResult
from writes.refusals import NotFound, PaymentRefused
from writes.work import Done, Work

_CHARGES = {"AUTHORIZE", "CAPTURE"}
_NOT_YET = {"CREATED", "ACTION_REQUIRED"}
_LATE = "The payment came when the order needed none any more: the money goes back."
_GIVEN_UP = ProviderResult(succeeded=False, decline_code="no_answer", message="The provider never said what came of it.")


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
    if entry.outcome != "PENDING" and not _comes_late(work, payment, entry, command.result):
        return as_it_stands(work, order, payment, entry)
    result = _decided(work, payment, entry, command.result)
    if result.succeeded is None:
        return _undecided(work, order, payment, entry, result)
    done = _settle(work, order, payment, entry, result)
    claims.close(work, entry.id, done.refused)
    return done


def as_it_stands(work: Work, order: Any, payment: Any, entry: Any) -> Done:
    """Answer what came of a settled entry to one who was not the first to hear of it."""
    refused = None
    if entry.outcome == "FAILURE":
        code = work.connection.scalar(sa.select(hurdles.c.decline_code).where(hurdles.c.payment_id == payment.id))
        refused = _declined(order, payment, entry, entry.message, code)
    elif entry.kind in _CHARGES and order.status == "CANCELED":
        refused = PaymentRefused("PAYMENT_DECLINED", _LATE, payment.id, None, retryable=False)
    return Done(refused=refused, seen=log.last_of_root(work.connection, order.id))


def _comes_late(work: Work, payment: Any, entry: Any, result: ProviderResult) -> bool:
    """Money that moved after all is believed, where the entry had been given up and the books still have room for it."""
    if entry.outcome == "SUCCESS" or not result.succeeded:
        return False
    if entry.kind == "VOID":
        return bool(payment.state == "AUTHORIZED")
    return entry.kind in _CHARGES or bool(entry.amount <= ledger.left_of(work, payment))


def _decided(work: Work, payment: Any, entry: Any, result: ProviderResult) -> ProviderResult:
    """A charge that nobody can tell of is given up one day. What gives money back is asked for on and on instead."""
    given_up = clock.text(work.now - dt.timedelta(hours=work.limits.give_up_hours))
    if result.succeeded is None and payment.state in _NOT_YET and entry.at <= given_up:
        return _GIVEN_UP
    return result


def _undecided(work: Work, order: Any, payment: Any, entry: Any, result: ProviderResult) -> Done:
    if result.action is None or payment.state not in _NOT_YET:
        waits = "The provider has not said yet what came of it: the order will tell."
        return Done(refused=PaymentRefused("PAYMENT_PENDING", waits, payment.id, None, retryable=False))
    action = msgspec.to_builtins(result.action)
    if work.connection.scalar(sa.select(hurdles.c.action).where(hurdles.c.payment_id == payment.id)) == action:
        return Done(answer={"action": action})
    work.do(sa.update(t.payments).where(t.payments.c.id == payment.id).values(state="ACTION_REQUIRED"))
    _meet(work, payment.id, decline_code=None, action=action)
    told = _told(work, order, payment, entry, result)
    return Done([events.PaymentActionRequired(action=result.action, **told)], {"action": action})


def _settle(work: Work, order: Any, payment: Any, entry: Any, result: ProviderResult) -> Done:
    if result.succeeded and result.message is None:  # why it was asked for stays
        result = msgspec.structs.replace(result, message=entry.message)
    succeeded = bool(result.succeeded)
    ledger.settle(work, entry.id, succeeded=succeeded, reference=result.reference, message=result.message)
    if not succeeded:
        return _failed(work, order, payment, entry, result)
    if entry.kind in _CHARGES:
        return _paid(work, order, payment, entry, result)
    return _given_back(work, order, payment, entry, result)


def _paid(work: Work, order: Any, payment: Any, entry: Any, result: ProviderResult) -> Done:
    taken = payment.captured + (entry.amount if entry.kind == "CAPTURE" else 0)
    state = {"state": "CAPTURED" if entry.kind == "CAPTURE" else "AUTHORIZED", "captured": taken}
    state |= {"authorized": max(payment.authorized, taken) if entry.kind == "CAPTURE" else entry.amount}
    work.do(sa.update(t.payments).where(t.payments.c.id == payment.id).values(state))
    _pass_action(work, payment)
    kind = events.PaymentCaptured if entry.kind == "CAPTURE" else events.PaymentAuthorized
    happened: list[events.Event] = [kind(**_told(work, order, payment, entry, result))]
    if _is_not_needed(work, order, payment):
        reversed_, calls = ledger.reverse_payment(work, order, work.one(t.payments, payment.id))
        refused = PaymentRefused("PAYMENT_DECLINED", _LATE, payment.id, None, retryable=False)
        return Done([*happened, *reversed_], calls=calls, refused=refused)
    if order.status == "PENDING_PAYMENT":
        happened += orders.place(work, order.id)
    return Done(happened)


def _is_not_needed(work: Work, order: Any, payment: Any) -> bool:
    """The order is gone, or another payment placed it meanwhile. What is paid by hand comes after the placing."""
    provider = work.providers.get(payment.provider)
    first = payment.state in {*_NOT_YET, "FAILED"} and not (provider is not None and provider.by_hand)
    return bool(order.status == "CANCELED" or (first and order.status != "PENDING_PAYMENT"))


def _failed(work: Work, order: Any, payment: Any, entry: Any, result: ProviderResult) -> Done:
    refunds.forget(work, entry.id)
    if payment.state in _NOT_YET:
        work.do(sa.update(t.payments).where(t.payments.c.id == payment.id).values(state="FAILED"))
    _meet(work, payment.id, decline_code=result.decline_code, action=None)
    told = _told(work, order, payment, entry, result)
    happened: list[events.Event] = [events.PaymentFailed(decline_code=result.decline_code, **told)]
    refused = _declined(order, payment, entry, result.message, result.decline_code)
    if entry.kind not in _CHARGES:
        return Done(happened, refused=refused)
    columns = t.checkouts.c
    paying = sa.and_(columns.id == order.checkout_id, columns.status == "PAYMENT_PENDING")
    reopen = sa.update(t.checkouts).where(paying).values(status="OPEN").returning(columns.id, columns.cart_id)
    for checkout_id, cart_id in work.do(reopen):
        happened += [events.CheckoutReopened(checkout_id=checkout_id, cart_id=cart_id, order_id=order.id)]
    return Done(happened, refused=refused)


def _declined(order: Any, payment: Any, entry: Any, message: str | None, decline_code: str | None) -> PaymentRefused:
    charge = entry.kind in _CHARGES
    said = message or ("The payment was declined." if charge else "The provider did not give the money back.")
    again = charge and order.status == "PENDING_PAYMENT"
    return PaymentRefused("PAYMENT_DECLINED", said, payment.id, decline_code, retryable=again)


def _meet(work: Work, payment_id: str, **hurdle: Any) -> None:
    met = insert(hurdles).values(payment_id=payment_id, **hurdle)
    work.do(met.on_conflict_do_update(index_elements=[hurdles.c.payment_id], set_=hurdle))


def _pass_action(work: Work, payment: Any) -> None:
    if payment.state == "ACTION_REQUIRED":
        work.do(sa.update(hurdles).where(hurdles.c.payment_id == payment.id).values(action=None))


def _given_back(work: Work, order: Any, payment: Any, entry: Any, result: ProviderResult) -> Done:
    columns = t.payments.c
    if entry.kind == "VOID":
        work.do(sa.update(t.payments).where(columns.id == payment.id).values(state="VOIDED"))
        return Done([events.PaymentVoided(**_told(work, order, payment, entry, result))])
    goods = _goods(work, order, entry) if order.placed_at is not None else 0
    work.do(sa.update(t.payments).where(columns.id == payment.id).values(refunded=columns.refunded + entry.amount))
    work.do(sa.update(t.ledger_entries).where(t.ledger_entries.c.id == entry.id).values(goods=goods))
    told = _told(work, order, payment, entry, result)
    refunded = events.PaymentRefunded(channel=order.channel, refunded_at=entry.at, goods=goods, **told)
    return Done([refunded, *refunds.settled(work, order)])


def _goods(work: Work, order: Any, entry: Any) -> int:
    """The part of a refund that sales figures count: that of its lines; without lines, by all that was given back before.

    Refunds of both kinds together never tell more than the order earned.
    """
    lines, cut = orders.lines_of(work, order.id), refunds.of_entry(work, entry.id)
    payments, entries = t.payments.c, t.ledger_entries.c
    mine = sa.select(sa.func.sum(entries.goods)).join(t.payments, payments.id == entries.payment_id)
    told = int(work.connection.scalar(mine.where(payments.order_id == order.id)) or 0)
    if cut:
        earned = sum(costs.revenue(order, line) for line in lines)
        return min(refunds.goods(work, order, lines, cut), max(0, earned - told))
    refunded = sum(payment.refunded for payment in ledger.payments_of(work, order.id))
    return costs.goods(order, lines, refunded=refunded, told=told, amount=entry.amount)


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
