"""Payments that go on after a break: the buyer is back from an action, or a crash left a step to nobody."""

import datetime as dt
from typing import Any

import msgspec
import sqlalchemy as sa

from shop import clock
from writes import claims, orders, payments
from writes import tables as t
from writes.providers import ProviderCall
from writes.refusals import NotAllowedFrom, NotFound
from writes.work import Done, Work

_LONGEST_PAUSE = dt.timedelta(hours=1)


class ContinuePayment(msgspec.Struct, frozen=True):
    """The buyer did what was asked; `data` is what the browser brought back. Where a webhook was first, the work is done."""

    payment_id: str
    data: Any = None


class RecoverPayment(msgspec.Struct, frozen=True):
    """Asked for by the recovery duty. While somebody still holds the step, or when it is settled, it changes nothing."""

    entry_id: str


def continue_payment(work: Work, command: ContinuePayment) -> Done:
    order, payment, entry = _charge(work, command.payment_id)
    answer = {"order_id": order.id, "checkout_id": order.checkout_id}
    provider = work.providers.get(payment.provider)
    if provider is None or provider.by_hand:
        raise NotAllowedFrom("The payment, which no provider decides,", payment.state, [], ["id"])
    if entry.outcome != "PENDING":
        return msgspec.structs.replace(payments.as_it_stands(work, order, payment, entry), answer=answer)
    return Done((), answer, [_call(order, payment, entry, way="RESUME", data=command.data)])


def recover_payment(work: Work, command: RecoverPayment) -> Done:
    found = work.connection.scalar(
        sa.select(t.payments.c.order_id)
        .join(t.ledger_entries, t.ledger_entries.c.payment_id == t.payments.c.id)
        .where(t.ledger_entries.c.id == command.entry_id)
    )
    order = orders.load(work, str(found), ["entryId"])
    entry: Any = work.one(t.ledger_entries, command.entry_id)
    if not claims.take_over(work, entry.id, clock.text(work.now + _pause(work, entry.at))):
        return Done()
    if entry.outcome != "PENDING":
        claims.close(work, entry.id, None)
        return Done()
    payment: Any = work.one(t.payments, entry.payment_id)
    repeatable = payment.state not in {"CREATED", "ACTION_REQUIRED"}
    return Done((), {"order_id": order.id}, [_call(order, payment, entry, way="ASK", repeatable=repeatable)])


def _pause(work: Work, asked_at: str) -> dt.timedelta:
    """How long until it is asked again: the older the step, the longer, up to an hour."""
    age = work.now - clock.moment(asked_at)
    return min(max(dt.timedelta(seconds=work.limits.claim_seconds), age / 4), _LONGEST_PAUSE)


def _charge(work: Work, payment_id: str) -> tuple[Any, Any, Any]:
    """Load a payment with its order and its first entry, and hold them."""
    columns = t.ledger_entries.c
    order_id = work.connection.scalar(sa.select(t.payments.c.order_id).where(t.payments.c.id == payment_id))
    if order_id is None:
        raise NotFound(f"There is no payment {payment_id}.", ["id"])
    order = orders.load(work, order_id, ["id"])
    first = work.connection.scalar(sa.select(sa.func.min(columns.id)).where(columns.payment_id == payment_id))
    return order, work.one(t.payments, payment_id), work.one(t.ledger_entries, str(first))


def _call(order: Any, payment: Any, entry: Any, **more: Any) -> ProviderCall:
    about = (payment.provider, entry.id, payment.id, order.id, entry.kind, entry.amount, order.currency)
    return ProviderCall(*about, **more)
