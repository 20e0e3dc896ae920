"""The oracle: says from the SQL tables alone what every view must show, and compares that with all that is in Redis.

It knows the shape of documents, the names of keys and money (`shop.views`, `shop.money`), and nothing of the folds: a
fault of a projection cannot hide by being made twice. It never reads the event log, but for how far it has come. Its SQL
is the same text on SQLite and PostgreSQL, so orders are by columns that compare alike on both, or are made in Python.
"""

from typing import cast

import redis
import sqlalchemy as sa

from shop import views
from shop.views import Keys
from verify import catalog, charges, figures, orders, products, selling
from verify.compare import compared
from verify.expected import Expected
from verify.found import Found, everything

_PARTS = (
    catalog.expect_settings,
    catalog.expect_stock,
    products.expect_products,
    charges.expect_charges,
    selling.expect_carts,
    selling.expect_checkouts,
    orders.expect_orders,
    figures.expect_customers,
    figures.expect_credits,
    figures.expect_days,
    figures.expect_rankings,
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
        serving = cast("dict[bytes, bytes]", client.hgetall(keys.serving(segment)))
        for view in views.ALL:
            name = f"{view.view}.{serving.get(view.view.encode(), b'none').decode()}"
            told = cast("bytes | None", client.hget(keys.checkpoints(segment), name)) or b""
            if not told.decode().startswith(f"{epoch} {head} "):
                wrong.append(f"{keys.checkpoints(segment)} {name}: expected {epoch} {head}, found {told.decode() or 'nothing'}")
        parked = cast("list[bytes]", client.hkeys(keys.parked(segment)))
        wrong += [f"{keys.parked(segment)}: {field.decode()} stands parked" for field in parked]
    return wrong
