"""Given, when, then for the write side: a real bus on a real database of each kind, with a clock that the test moves."""

import asyncio
import datetime as dt
from contextlib import asynccontextmanager

import pytest
import sqlalchemy as sa

from shop import log
from writes import carts, catalog, channels, checkout, completing, providers, stock, trial, variants
from writes import tables as t
from writes.bus import Bus


class Shop:
    """`given` is what was done before, `when` is the command under test, `happened` and `refused` are what came of it."""

    def __init__(self, database, **extra_providers):
        self.database = database
        self.writer = database.new_writer()
        self.now = dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC)
        self.nudges = []
        self.providers = {"manual": providers.Manual(), "test": trial.Test(), **extra_providers}
        self.bus = self.another_bus(self.writer)
        self.happened = []
        self.answer = None

    def another_bus(self, writer, **settings):
        given = {"providers": self.providers, **settings}
        return Bus(writer, committed=self._nudged, now=lambda: self.now, **given)

    async def _nudged(self, position):
        self.nudges.append(position)

    async def given(self, *commands):
        """Carry out commands that must succeed; return the ids of the last."""
        ids = {}
        for command in commands:
            answer = await self.bus.send(command)
            assert answer.refused is None, repr(answer.refused)
            ids = answer.ids
        return ids

    async def when(self, command, **sent):
        before = self.log()
        self.answer = await self.bus.send(command, **sent)
        self.happened = [recorded.event for recorded in self.log()[len(before) :]]
        return self.answer

    @property
    def refused(self):
        return self.answer.refused

    def first(self, kind):
        """The first event of a kind that the last command caused."""
        return next(event for event in self.happened if isinstance(event, kind))

    def names(self):
        return [type(event).__name__ for event in self.happened]

    def passes(self, **period):
        self.now += dt.timedelta(**period)

    def log(self):
        return self.read(log.after, 0, 100_000)

    def rows(self, query):
        return self.read(lambda connection: connection.execute(query).all())

    def read(self, query, *values):
        """Ask the database past the writer."""
        return self.database.read(lambda connection: query(connection, *values))

    def row(self, table, key):
        (row,) = self.rows(sa.select(table).where(next(iter(table.primary_key.columns)) == key))
        return row

    async def opens(self):
        """Given a channel in pounds and a warehouse."""
        await self.given(channels.CreateChannel("uk", "Britain", "GBP"))
        self.warehouse = (await self.given(stock.CreateWarehouse("main", "Main")))["warehouse_id"]

    async def sells(self, sku="A-1", *, price="10.00", stocked=0, backorderable=False):
        """Given a published product with one variant; return the variant's id."""
        variant = variants.VariantIn(sku, [variants.PriceIn("uk", price, "GBP")], backorderable=backorderable)
        made = await self.given(catalog.CreateProduct(f"Product {sku}", variants=[variant]))
        await self.given(catalog.PublishProduct(made["product_id"], ["uk"]))
        (variant_id,) = made["variant_ids"]
        if stocked:
            await self.receives(variant_id, stocked)
        return variant_id

    async def receives(self, variant_id, quantity, warehouse=None):
        change = stock.StockChange(variant_id=variant_id, delta=quantity)
        await self.given(stock.AdjustStock(warehouse or self.warehouse, "RECEIVED", [change]))

    async def cart(self, *wanted):
        """Given a cart with (variant, quantity) lines."""
        lines = [carts.LineIn(*one) for one in wanted]
        return (await self.given(carts.CreateCart("uk", lines)))["cart_id"]

    async def checkout(self, *wanted):
        return await self.starts(await self.cart(*wanted))

    async def starts(self, cart_id):
        """Given a checkout of a cart; return its id."""
        return (await self.given(checkout.StartCheckout(cart_id)))["checkout_id"]

    def completing(self, checkout_id, token="approve", **changed):
        """The command that pays a checkout as it stands; without a token, by hand."""
        total = self.row(t.checkouts, checkout_id).total
        paid = {"payment_provider": "test" if token else "manual", "payment_token": token, **changed}
        return completing.CompleteCheckout(checkout_id, f"{total // 100}.{total % 100:02d}", "GBP", **paid)

    async def order(self, *wanted, token="approve", **changed):
        """Given an order that was paid by the test provider, or by hand without a token."""
        command = self.completing(await self.checkout(*wanted), token, **changed)
        return (await self.given(command))["order_id"]

    def lines(self, order_id):
        columns = t.order_lines.c
        return self.rows(sa.select(t.order_lines).where(columns.order_id == order_id).order_by(columns.ordinal))

    def level(self, variant_id, warehouse=None):
        """(on hand, allocated, reserved) of a variant in a warehouse."""
        columns = t.stock_levels.c
        here = (columns.variant_id == variant_id, columns.warehouse_id == (warehouse or self.warehouse))
        (row,) = self.rows(sa.select(columns.on_hand, columns.allocated, columns.reserved).where(*here))
        return tuple(row)


@pytest.fixture(params=["sqlite", "postgres"])
def databases(request):
    """Where fresh databases come from: every test that has a shop runs on both kinds, unless its file says otherwise."""
    return request.getfixturevalue(f"{request.param}_databases")


@pytest.fixture
def new_shop(databases, tmp_path):
    """Open one more shop of its own: `async with new_shop() as shop`."""

    @asynccontextmanager
    async def open_one(**extra_providers):
        database = databases.new(tmp_path)
        shop = Shop(database, **extra_providers)
        try:
            yield shop
        finally:
            await asyncio.wait_for(shop.writer.close(), 10)
            database.close()

    return open_one


@pytest.fixture
async def empty_shop(new_shop):
    async with new_shop() as shop:
        yield shop


@pytest.fixture
async def shop(empty_shop):
    await empty_shop.opens()
    return empty_shop
