"""What a provider tells by webhook becomes a command. A provider is believed of its own payments alone."""

import sqlalchemy as sa

from writes import tables as t
from writes.chargebacks import RecordChargeback
from writes.payments import RecordPaymentResult
from writes.providers import Settled, Told


def command_of(connection: sa.Connection, told: Told, provider: str) -> RecordPaymentResult | RecordChargeback | None:
    """Return what to send through the bus; None where the provider has no payment with such a ledger entry."""
    entries, payments = t.ledger_entries.c, t.payments.c
    of = sa.select(payments.order_id, payments.id).join(t.ledger_entries, entries.payment_id == payments.id)
    row = connection.execute(of.where(entries.id == told.entry_id, payments.provider == provider)).first()
    if row is None:
        return None
    if isinstance(told, Settled):
        return RecordPaymentResult(row.order_id, row.id, told.entry_id, told.result)
    return RecordChargeback(row.order_id, row.id, told.reference, told.amount, told.message)
