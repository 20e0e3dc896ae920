"""Chargebacks: money that the buyer's bank took back. The provider tells of it; nobody here may refuse."""

from typing import Any

import msgspec

from shop import events, ids
from shop.upsert import insert
from writes import ledger, orders
from writes import tables as t
from writes.refusals import NotFound
from writes.work import Done, Work


class RecordChargeback(msgspec.Struct, frozen=True):
    """`reference` is the provider's own for it: told again under the same one, it changes nothing. Smallest units."""

    order_id: str
    payment_id: str
    reference: str
    amount: int
    message: str | None = None


def record_chargeback(work: Work, command: RecordChargeback) -> Done:
    order = orders.load(work, command.order_id, ["orderId"])
    payment: Any = work.one(t.payments, command.payment_id)
    if payment is None or payment.order_id != order.id:
        raise NotFound(f"The order has no payment {command.payment_id}.", ["paymentId"])
    about = {"amount": command.amount, "provider_ref": command.reference, "message": command.message}
    entry_id = ids.new("ledger_entry")
    entry = {"id": entry_id, "payment_id": payment.id, "kind": "CHARGEBACK", "outcome": "SUCCESS", "at": work.at, **about}
    written = insert(t.ledger_entries).values(entry).on_conflict_do_nothing().returning(t.ledger_entries.c.id)
    answer = {"order_id": order.id, "payment_id": payment.id}
    if work.do(written).first() is None:
        return Done((), answer)
    status = ledger.payment_status(work, order.id)
    told: dict[str, Any] = {"customer_id": order.customer_id, "currency": order.currency, "payment_status": status, **about}
    return Done([events.ChargebackRecorded(entry_id=entry_id, **answer, **told)], answer)
