"""The payment ledger of an order: what was asked of a provider, what came of it, and what that makes of the order."""

from collections.abc import Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from shop import events, ids
from writes import tables as t
from writes.providers import ProviderCall
from writes.refusals import Taken
from writes.work import Work


def start(
    work: Work,
    order_id: str,
    provider: str,
    *,
    kind: str,
    amount: int,
    currency: str,
    token: str | None = None,
    return_url: str | None = None,
) -> tuple[events.PaymentStarted, ProviderCall]:
    """Open a payment with its first ledger entry, PENDING. Call the provider only after this is committed."""
    payment_id = ids.new("payment")
    work.do(sa.insert(t.payments).values(id=payment_id, order_id=order_id, provider=provider, state="CREATED"))
    started, call = ask(work, order_id, payment_id, provider, kind=kind, amount=amount, currency=currency)
    return started, msgspec.structs.replace(call, token=token, return_url=return_url)


def ask(
    work: Work,
    order_id: str,
    payment_id: str,
    provider: str,
    *,
    kind: str,
    amount: int,
    currency: str,
    message: str | None = None,
) -> tuple[events.PaymentStarted, ProviderCall]:
    """Write the PENDING ledger entry of one step of a payment, and say what to ask of the provider."""
    entry_id = ids.new("ledger_entry")
    entry = {"id": entry_id, "payment_id": payment_id, "kind": kind, "outcome": "PENDING", "amount": amount, "at": work.at}
    work.do(sa.insert(t.ledger_entries).values(message=message, **entry))
    started = events.PaymentStarted(
        order_id=order_id,
        payment_id=payment_id,
        entry_id=entry_id,
        provider=provider,
        kind=kind,
        amount=amount,
        currency=currency,
        payment_status=payment_status(work, order_id),
        message=message,
    )
    return started, ProviderCall(provider, entry_id, payment_id, order_id, kind, amount, currency)


def reverse(work: Work, order: Any) -> tuple[list[events.Event], list[ProviderCall]]:
    """Ask for all money of an order back."""
    happened: list[events.Event] = []
    calls: list[ProviderCall] = []
    for payment in payments_of(work, order.id):
        started, asked = reverse_payment(work, order, payment)
        happened += started
        calls += asked
    return happened, calls


def reverse_payment(work: Work, order: Any, payment: Any) -> tuple[list[events.Event], list[ProviderCall]]:
    """Ask for the money of one payment back: void what is only authorized, refund what is captured."""
    kind, amount = ("REFUND", left_of(work, payment)) if payment.captured else ("VOID", payment.authorized)
    if payment.state not in {"AUTHORIZED", "CAPTURED"} or amount <= 0:
        return [], []
    about: dict[str, Any] = {"kind": kind, "amount": amount, "currency": order.currency}
    started, call = ask(work, order.id, payment.id, payment.provider, **about)
    return [started], [call]


def left_of(work: Work, payment: Any) -> int:
    """What was captured and neither went back, nor is on its way back, by refunds or chargebacks; never below zero."""
    columns = t.ledger_entries.c
    under_way = sa.and_(columns.kind == "REFUND", columns.outcome == "PENDING")
    gone = sa.and_(columns.payment_id == payment.id, sa.or_(columns.kind == "CHARGEBACK", under_way))
    amount = work.connection.scalar(sa.select(sa.func.sum(columns.amount)).where(gone))
    return max(0, int(payment.captured - payment.refunded - (amount or 0)))


def settle(work: Work, entry_id: str, *, succeeded: bool, reference: str | None, message: str | None) -> None:
    """Close a ledger entry with its outcome. A provider's reference belongs to one entry of a kind."""
    columns = t.ledger_entries.c
    mine = sa.select(columns.kind).where(columns.id == entry_id).scalar_subquery()
    same = sa.select(columns.id).where(columns.provider_ref == reference, columns.kind == mine, columns.id != entry_id)
    if reference is not None and work.connection.scalar(same) is not None:
        raise Taken(f"The provider's reference {reference} belongs to another entry.", ["reference"])
    outcome = {"outcome": "SUCCESS" if succeeded else "FAILURE", "provider_ref": reference, "message": message}
    work.do(sa.update(t.ledger_entries).where(t.ledger_entries.c.id == entry_id).values(**outcome))


def payments_of(work: Work, order_id: str) -> Sequence[Any]:
    return work.all(sa.select(t.payments).where(t.payments.c.order_id == order_id).order_by(t.payments.c.id))


def payment_status(work: Work, order_id: str) -> str:
    """Decide an order's payment status from its whole ledger."""
    total = work.connection.scalar(sa.select(t.orders.c.total).where(t.orders.c.id == order_id))
    return status_of([(p.state, p.captured, p.refunded) for p in payments_of(work, order_id)], int(total or 0))


def status_of(payments: Sequence[tuple[str, int, int]], total: int) -> str:
    """The rule itself, pure: from (state, captured, refunded) of each payment and what the order costs."""
    captured = sum(payment[1] for payment in payments)
    refunded = sum(payment[2] for payment in payments)
    if captured:
        if refunded:
            return "REFUNDED" if refunded >= captured else "PARTIALLY_REFUNDED"
        return "PAID" if captured >= total else "PARTIALLY_PAID"
    states = [payment[0] for payment in payments]
    if "CAPTURED" in states:  # of an order that cost nothing
        return "PAID"
    for state, status in (
        ("AUTHORIZED", "AUTHORIZED"), ("ACTION_REQUIRED", "NONE"), ("CREATED", "NONE"),
        ("VOIDED", "VOIDED"), ("FAILED", "FAILED"),
    ):  # fmt: skip
        if state in states:
            return status
    return "NONE"
