"""A backup is put back: whom the database or the keyring knows to be erased is erased in the other, too."""

import asyncio
import datetime as dt
import sqlite3
from contextlib import AsyncExitStack, asynccontextmanager, closing

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from projections.worker import Worker
from reads.reading import Views
from server.cli import cli
from server.erasing import Erasing
from shop import keyring, log
from shop.events import Address
from shop.tail import open_tail
from shop.views import Keys
from tests.databases import SqliteFile
from tests.writes.conftest import Shop
from writes import checkout, customers, erasure, orders
from writes import tables as t
from writes.database import open_database

ZOE = Address(name="Zoë Quux", line1="7 Wharf", city="Hull", country="GB")
TOLD = {"email": "zoe@example.org", "shipping_address": ZOE, "metadata": {"gift": "for Quux"}}
_KEYS = Keys(1)


class Kept:
    """A shop in a folder, whose files are copied and put back as an operator does: with nothing at work."""

    def __init__(self, database, folder, client):
        self.path, self._folder, self._redis = database.address, folder, client
        database.close()

    @asynccontextmanager
    async def at_work(self):
        """A shop on the files as they are, with the duty that follows erasures up."""
        database = SqliteFile(self.path)
        shop = Shop(database)
        async with AsyncExitStack() as stack:
            stack.callback(database.close)
            stack.push_async_callback(shop.writer.close)
            tail = await stack.enter_async_context(open_tail(self.path))
            views = Views(self._redis, _KEYS, tail)
            shop.worker = Worker(tail, self._redis, _KEYS)
            shop.erasing = Erasing(shop.bus, open_database(self.path), tail, views, self._redis, _KEYS)
            yield shop

    def copy(self, file, name):
        with closing(sqlite3.connect(file)) as one, closing(sqlite3.connect(self._folder / name)) as other:
            one.backup(other)

    def put_back(self, name, file):
        for rest in ("-wal", "-shm"):
            file.with_name(file.name + rest).unlink(missing_ok=True)
        file.write_bytes((self._folder / name).read_bytes())


@pytest.fixture
async def kept(sqlite_databases, tmp_path, async_redis):
    """Given an order of Zoë and a customer, of whom there is a backup, and who were erased since."""
    kept = Kept(sqlite_databases.new(tmp_path), tmp_path, async_redis)
    async with kept.at_work() as shop:
        await shop.opens()
        variant = await shop.sells(stocked=9)
        cart_id = await shop.cart((variant, 1))
        begun = (await shop.given(checkout.StartCheckout(cart_id, **TOLD)))["checkout_id"]
        order_id = (await shop.given(shop.completing(begun)))["order_id"]
        customer_id = (await shop.given(customers.RegisterCustomer("REF-1", "Zoë Quux")))["customer_id"]
        await shop.given(checkout.StartCheckout(await shop.cart((variant, 1)), **TOLD))  # of another, who stays
        kept.copy(kept.path, "old.db")
        kept.copy(keyring.file(kept.path), "old.keys")
        await shop.given(erasure.EraseOrder(order_id), erasure.EraseCustomer(customer_id))
        await follow_up(shop)
    kept.order_id, kept.customer_id = order_id, customer_id
    return kept


async def follow_up(shop):
    await shop.worker.catch_up()
    following = asyncio.create_task(shop.erasing.step())
    while not following.done():
        await shop.worker.catch_up()
        await asyncio.sleep(0.01)
    await following


def living(shop):
    return shop.rows(sa.select(keyring.subject_keys.c.id).where(keyring.subject_keys.c.key.is_not(None)))


def told_of_zoe(shop):
    """The orders, checkouts and customers whose rows tell of somebody."""
    tables = ((t.orders, "email"), (t.checkouts, "email"), (t.customers, "name"))
    return [row.id for table, name in tables for row in shop.rows(sa.select(table.c.id).where(table.c[name].is_not(None)))]


async def test_an_older_database_forgets_again_whom_the_keyring_knows_to_be_erased(kept):
    kept.put_back("old.db", kept.path)

    async with kept.at_work() as shop:
        assert {kept.order_id, kept.customer_id} < set(told_of_zoe(shop))
        assert await shop.erasing.heal()

        assert 1 == len(told_of_zoe(shop))  # the one who stays
        assert [] == told_in_events(shop, kept.order_id)
        assert await shop.erasing.heal()


async def test_an_older_keyring_loses_again_the_keys_of_whom_the_database_knows_to_be_erased(kept):
    kept.put_back("old.keys", keyring.file(kept.path))

    async with kept.at_work() as shop:
        before = len(living(shop))
        assert [kept.order_id] == told_in_events(shop, kept.order_id)
        assert await shop.erasing.heal()

        assert before - 2 == len(living(shop))
        assert [] == told_in_events(shop, kept.order_id)


async def test_where_both_are_older_the_erasure_never_was(kept):
    kept.put_back("old.db", kept.path)
    kept.put_back("old.keys", keyring.file(kept.path))

    async with kept.at_work() as shop:
        assert await shop.erasing.heal()

        assert {kept.order_id, kept.customer_id} < set(told_of_zoe(shop))


async def test_keys_that_are_in_no_backup_are_given_up_when_the_operator_says_so(kept, monkeypatch):
    async with kept.at_work() as shop:
        shop.now += dt.timedelta(days=1)
        await shop.given(orders.UpdateOrder(kept.order_id, email="new@example.org"))
        (late,) = {row.key_id for row in shop.rows(sa.select(log.subject_ids).where(log.subject_ids.c.id == kept.order_id))}
    with closing(sqlite3.connect(keyring.file(kept.path))) as connection, connection:
        connection.execute("DELETE FROM subject_keys WHERE id = ?", (late,))
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{kept.path}")

    said = await asyncio.to_thread(CliRunner().invoke, cli, ["keys", "lost", "--yes"])

    assert "1 keys were given up.\n" == said.output
    async with kept.at_work() as shop:
        assert await shop.erasing.heal()
        assert shop.row(t.orders, kept.order_id).email is None
        assert "No key is missing.\n" == (await asyncio.to_thread(CliRunner().invoke, cli, ["keys", "lost"])).output


def told_in_events(shop, order_id):
    return [order_id for one in shop.log() if getattr(one.event, "email", None) and one.stream == order_id]
