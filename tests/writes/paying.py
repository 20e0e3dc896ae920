"""What tests of payments have in common: how an order and its money stand, and the recovery duty asked for by hand."""

import sqlalchemy as sa

from shop import clock
from writes import claims, telling
from writes import tables as t
from writes.recovery import RecoverPayment


def standing(shop):
    """(order, checkout, [payment...], allocated) of the only order there is."""
    (order,) = shop.rows(sa.select(t.orders.c.status, t.orders.c.checkout_id))
    payments = shop.rows(sa.select(t.payments.c.state).order_by(t.payments.c.id))
    allocated = sum(row.allocated for row in shop.rows(t.stock_levels.select()))
    return order.status, shop.row(t.checkouts, order.checkout_id).status, [row.state for row in payments], allocated


def ledger(shop):
    """(kind, outcome) of every entry there is, oldest first."""
    columns = t.ledger_entries.c
    return [tuple(row) for row in shop.rows(sa.select(columns.kind, columns.outcome).order_by(columns.id))]


async def recover(shop, bus=None):
    """Do what the duty does, once: ask about every step that nobody holds; return how many there were."""
    due = shop.read(claims.overdue, clock.text(shop.now), 100)
    for entry_id in due:
        await (bus or shop.bus).send(RecoverPayment(entry_id), actor="system")
    return len(due)


async def webhooks(shop, provider):
    """Deliver what the test provider has to tell, each time through its signature; return how many there were."""
    told = []

    async def receive(headers, body):
        told.extend(provider.read_webhook(headers, body, clock.utc_now()))

    await provider.deliver(receive)
    for one in told:
        await shop.bus.send(shop.read(telling.command_of, one, "test"), actor="test")
    return len(told)
