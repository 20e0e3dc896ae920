"""The payment ledger of an order: what was asked of a provider, what came of it, and what that makes of the order."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from shop import events, ids
from writes import tables as t
from writes.providers import ProviderCall
from writes.refusals import Taken
from writes.work import Work


def start(
    work: Work, order_id: str, provider: str, *, kind: str, amount: int, currency: str, token: str | None = None
) -> tuple[events.PaymentStarted, ProviderCall]:
    """Open a payment with its first ledger entry, PENDING. Call the provider only after this is committed."""
    payment_id = ids.new("payment")
    work.do(sa.insert(t.payments).values(id=payment_id, order_id=order_id, provider=provider, state="CREATED"))
    return ask(work, order_id, payment_id, provider, kind=kind, amount=amount, currency=currency, token=token)


def ask(
    work: Work,
    order_id: str,
    payment_id: str,
    provider: str,
    *,
    kind: str,
    amount: int,
    currency: str,
    token: str | None = None,
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
    return started, ProviderCall(provider, entry_id, payment_id, order_id, kind, amount, currency, token)


def reverse(work: Work, order: Any) -> tuple[list[events.Event], list[ProviderCall]]:
    """Ask for all money of an order back: void what is only authorized, refund what is captured."""
    happened: list[events.Event] = []
    calls: list[ProviderCall] = []
    for payment in payments_of(work, order.id):
        kind, amount = "VOID", payment.authorized
        if payment.captured:
            kind, amount = "REFUND", payment.captured - payment.refunded
        if payment.state in {"AUTHORIZED", "CAPTURED"} and amount > 0:
            about: dict[str, Any] = {"kind": kind, "amount": amount, "currency": order.currency}
            started, call = ask(work, order.id, payment.id, payment.provider, **about)
            happened.append(started)
            calls.append(call)
    return happened, calls


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
    for state, status in (("AUTHORIZED", "AUTHORIZED"), ("CREATED", "NONE"), ("VOIDED", "VOIDED"), ("FAILED", "FAILED")):
        if state in states:
            return status
    return "NONE"
