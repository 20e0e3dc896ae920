"""The oracle: says from the SQL tables alone what every view must show, and compares that with all that is in Redis.

It knows the shape of documents, the names of keys and money (`shop.views`, `shop.money`), and nothing of the folds: a
fault of a projection cannot hide by being made twice. Of the event log it reads how far it has come, and what nothing but
the log tells: timelines. Its SQL is the same text on SQLite and PostgreSQL, so orders are by columns that compare alike on
both, or are made in Python.
"""

from typing import cast

import redis
import sqlalchemy as sa

from shop.views import Keys
from verify import catalog, charges, figures, orders, products, selling, timelines, webhooks
from verify.compare import compared
from verify.expected import Expected
from verify.found import Found, everything, standing

_PARTS = (
    catalog.expect_settings,
    catalog.expect_stock,
    products.expect_products,
    charges.expect_charges,
    selling.expect_carts,
    selling.expect_checkouts,
    orders.expect_orders,
    timelines.expect_timelines,
    figures.expect_customers,
    figures.expect_credits,
    figures.expect_reviews,
    figures.expect_days,
    figures.expect_rankings,
    webhooks.expect_webhooks,
)


def differences(connection: sa.Connection, client: redis.Redis, keys: Keys) -> list[str]:
    """Compare every view with the tables; each difference is a line. Views that are behind the log are a difference too.

    `client` gives bytes, not texts. Nothing may write meanwhile.
    """
    found = everything(client, keys)
    wrong = compared(expected(connection, keys, found), found)
    return [*_behind(connection, client, keys), *(difference.line for difference in wrong)]


def expected(connection: sa.Connection, keys: Keys, found: Found) -> Expected:
    """All that must be in Redis, by the tables as the connection sees them."""
    every = Expected(connection, keys, found)
    for expect in _PARTS:
        expect(every)
    return every


def _behind(connection: sa.Connection, client: redis.Redis, keys: Keys) -> list[str]:
    """What answers must stand where the log ends, in the same epoch; a document that stands parked is behind too."""
    epoch, head = connection.execute(sa.text("SELECT epoch, position FROM log_head")).one()
    wrong = []
    for segment in range(keys.segments):
        for name, at in standing(client, keys, segment):
            if at is None or (at.epoch, at.position) != (epoch, head):
                wrong.append(f"{keys.checkpoints(segment)} {name}: expected {epoch} {head}, found {at or 'nothing'}")
        parked = cast("list[bytes]", client.hkeys(keys.parked(segment)))
        wrong += [f"{keys.parked(segment)}: {field.decode()} stands parked" for field in parked]
    return wrong
