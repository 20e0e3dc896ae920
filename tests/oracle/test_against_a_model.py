"""Random commands against the shop and against a model of it that fits on a page: both always agree, and so do the views.

Whatever is drawn is sent through the real bus. The model says beforehand whether it has to be carried out; afterwards stock,
money and states are compared, and at the end `verify` compares the views.
"""

import asyncio
import os

import redis
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test
from redis.asyncio import Redis

from projections.worker import Worker
from shop.events import LineQuantity
from shop.money import money
from shop.tail import open_tail
from shop.views import Keys
from tests.oracle.model_shop import Model
from tests.writes.conftest import Shop
from verify import differences
from writes import charging, checkout, orders, parcels, stock, transfers
from writes import hook_tables as _hooks  # noqa: F401 - all tables
from writes import tables as t

SKUS, PRICE = ("A", "B"), 1000
STATES = {"OPEN": None, "DECLINED": "PENDING_PAYMENT", "PLACED": "PLACED", "COMPLETED": "COMPLETED", "CANCELED": "CANCELED"}
LINES = {"PACKED": "PICKING"}  # where the shop has another word
few, number = st.integers(0, 5), st.integers(1, 4)
ways = st.sampled_from(["approve", "approve", "hand", "decline"])


class AgainstTheModel(RuleBasedStateMachine):
    """One shop with two warehouses and two goods, and its model. Names of the shop's things are kept beside the model's."""

    database = None  # a callable that gives a fresh one
    finished = None  # what is done at the end, given the database

    def __init__(self):
        super().__init__()
        self.runner = asyncio.Runner()
        self.shop = None

    @initialize(stocked=st.lists(st.integers(2, 9), min_size=4, max_size=4), capture=st.booleans(), way=ways)
    def opens(self, stocked, capture, way):
        """Given some goods, and two sales to go on with."""
        self.runner.run(self._open(stocked))
        self.buys(0, 3, "approve", capture)
        self.buys(1, 2, way, not capture)

    async def _open(self, stocked):
        self.shop = Shop(type(self).database())
        await self.shop.opens()
        north = (await self.shop.given(stock.CreateWarehouse("north", "North", priority=1)))["warehouse_id"]
        self.warehouses = [north, self.shop.warehouse]
        self.model = Model(self.warehouses)
        self.variants = [await self.shop.sells(sku, price="10.00") for sku in SKUS]
        self.ids = {}  # of the model's sales, payments and lines
        for place, quantity in enumerate(stocked):
            if quantity:
                await self._adjust(place // 2, place % 2, quantity, "RECEIVED")

    def sends(self, command, expected):
        """Send a command; it must be carried out just where the model says so."""
        answer = self.runner.run(self.shop.bus.send(command))
        assert expected == (answer.refused is None), repr(answer.refused)
        return answer

    async def _adjust(self, variant, warehouse, quantity, reason):
        variant, warehouse = self.variants[variant % 2], self.warehouses[warehouse % 2]
        expected = self.model.moves(variant, warehouse, quantity)
        change = stock.StockChange(variant_id=variant, delta=quantity)
        answer = await self.shop.bus.send(stock.AdjustStock(warehouse, reason, [change]))
        assert expected == (answer.refused is None), repr(answer.refused)

    @rule(variant=few, warehouse=few, quantity=st.integers(-5, 9).filter(bool))
    def adjusts(self, variant, warehouse, quantity):
        self.runner.run(self._adjust(variant, warehouse, quantity, "RECEIVED" if quantity > 0 else "DAMAGE"))

    @rule(variant=few, here=few, there=few, quantity=number)
    def transfers(self, variant, here, there, quantity):
        variant, here, there = self.variants[variant % 2], self.warehouses[here % 2], self.warehouses[there % 2]
        command = transfers.TransferStock(here, there, [transfers.TransferLine(variant, quantity)])
        self.sends(command, self.model.transfers(variant, here, there, quantity))

    @rule(variant=few, quantity=number)
    def starts(self, variant, quantity):
        self.start(variant, quantity)

    def start(self, variant, quantity):
        """Start a checkout; return whether it was."""
        variant = self.variants[variant % 2]
        cart_id = self.runner.run(self.shop.cart((variant, quantity)))
        answer = self.sends(checkout.StartCheckout(cart_id), self.model.starts(variant, quantity, PRICE))
        if answer.refused is None:
            self.ids[id(self.model.sales[-1])] = answer.ids["checkout_id"]
        return answer.refused is None

    @rule(variant=few, quantity=number, way=ways, capture=st.booleans())
    def buys(self, variant, quantity, way, capture):
        if self.start(variant, quantity):
            self.pays(self.model.sales[-1], way, capture)

    def sale(self, index, *states):
        """A sale in one of some states, sometimes in any."""
        fitting = [one for one in self.model.sales if one.state in states] or self.model.sales
        return fitting[index % len(fitting)]

    @precondition(lambda self: self.shop and self.model.sales)
    @rule(index=few, way=ways, capture=st.booleans())
    def completes(self, index, way, capture):
        self.pays(self.sale(index, "OPEN", "DECLINED"), way, capture)

    def pays(self, sale, way, capture):
        command = self.shop.completing(self.ids[id(sale)], None if way == "hand" else way, capture=capture)
        before = sale.state
        answer = self.sends(command, self.model.completes(sale, way, capture=capture))
        if before in {"OPEN", "DECLINED"}:
            self._name_what_is_new(sale)
        assert (answer.position is None) == (before not in {"OPEN", "DECLINED"})

    def _name_what_is_new(self, sale):
        (order,) = self.shop.rows(t.orders.select().where(t.orders.c.checkout_id == self.ids[id(sale)]))
        self.ids[id(sale), "order"] = order.id
        payments = self.shop.rows(t.payments.select().where(t.payments.c.order_id == order.id).order_by(t.payments.c.id))
        for mine, theirs in zip(sale.payments, payments, strict=True):
            self.ids[id(mine)] = theirs.id
        if len(sale.payments) == 1:
            (line,) = self.shop.lines(order.id)
            self.ids[id(sale.lines[0])] = line.id

    @precondition(lambda self: self.shop and self.model.sales)
    @rule(index=few)
    def gives_up(self, index):
        sale = self.sale(index, "OPEN", "DECLINED")
        self.sends(checkout.CancelCheckout(self.ids[id(sale)]), self.model.gives_up(sale))

    def ordered(self):
        return [one for one in self.model.sales if one.payments]

    def order(self, index, *states):
        fitting = [one for one in self.ordered() if one.state in states] or self.ordered()
        return fitting[index % len(fitting)]

    @precondition(lambda self: self.shop and self.ordered())
    @rule(index=few, restock=st.booleans(), refund=st.booleans())
    def cancels(self, index, restock, refund):
        sale = self.order(index, "PLACED", "COMPLETED")
        command = orders.CancelOrder(self.ids[id(sale), "order"], "any", restock, refund)
        self.sends(command, self.model.cancels(sale, restock=restock, refund=refund))

    @precondition(lambda self: self.shop and self.ordered())
    @rule(index=few, which=few, amount=st.integers(0, 4500))
    def captures(self, index, which, amount):
        sale = self.order(index, "PLACED", "COMPLETED")
        payment = sale.payments[which % len(sale.payments)]
        command = charging.CapturePayment(self.ids[id(payment)], money(amount, "GBP"))
        self.sends(command, self.model.captures(sale, payment, amount))

    @precondition(lambda self: self.shop and self.ordered())
    @rule(index=few)
    def voids(self, index):
        payment = self.order(index, "PLACED", "COMPLETED", "CANCELED").payments[-1]
        self.sends(charging.VoidPayment(self.ids[id(payment)]), self.model.voids(payment))

    @precondition(lambda self: self.shop and self.ordered())
    @rule(index=few, amount=st.integers(0, 4500))
    def refunds(self, index, amount):
        payment = self.order(index, "PLACED", "COMPLETED", "CANCELED").payments[-1]
        command = charging.RefundPayment(self.ids[id(payment)], money(amount, "GBP"))
        self.sends(command, self.model.refunds(payment, amount))

    @precondition(lambda self: self.shop and self.ordered())
    @rule(index=few, which=few, warehouse=few, quantity=number)
    def packs(self, index, which, warehouse, quantity):
        sale = self.order(index, "PLACED")
        self.pack(sale, sale.lines[which % len(sale.lines)], self.warehouses[warehouse % 2], quantity)

    @precondition(lambda self: self.shop and self.ordered())
    @rule(index=few, quantity=number, steps=st.integers(0, 2))
    def goes_its_way(self, index, quantity, steps):
        """Pack what waits for it, up to a quantity, and send the parcel on."""
        sale = self.order(index, "PLACED")
        line = next((one for one in sale.lines if one.state == "ALLOCATED"), sale.lines[0])
        warehouse = max(line.held, key=line.held.get)
        parcel = self.pack(sale, line, warehouse, min(quantity, line.held[warehouse]))
        for step in (self.ship, self.arrive)[:steps] if parcel else ():
            step(sale, parcel)

    def pack(self, sale, line, warehouse, quantity):
        wanted = [LineQuantity(self.ids[id(line)], quantity)]
        packed = self.model.packs(sale, line, warehouse, quantity)
        command = parcels.CreateFulfillment(self.ids[id(sale), "order"], warehouse, wanted)
        answer = self.sends(command, packed is not None)
        if packed is None:
            return None
        parcel = answer.ids["fulfillment_id"]
        (row,) = self.shop.rows(t.fulfillment_lines.select().where(t.fulfillment_lines.c.fulfillment_id == parcel))
        sale.parcels[parcel], self.ids[id(packed)] = packed, row.order_line_id
        return parcel

    def parcels(self):
        return [(sale, parcel) for sale in self.model.sales for parcel in sale.parcels]

    @precondition(lambda self: self.shop and self.parcels())
    @rule(index=few)
    def ships(self, index):
        self.ship(*self.parcels()[index % len(self.parcels())])

    def ship(self, sale, parcel):
        self.sends(parcels.ShipFulfillment(parcel), self.model.ships(sale, parcel))

    @precondition(lambda self: self.shop and self.parcels())
    @rule(index=few)
    def arrives(self, index):
        self.arrive(*self.parcels()[index % len(self.parcels())])

    def arrive(self, sale, parcel):
        self.sends(parcels.DeliverFulfillment(parcel), self.model.arrives(sale, parcel))

    @precondition(lambda self: self.shop and self.parcels())
    @rule(index=few)
    def unpacks(self, index):
        sale, parcel = self.parcels()[index % len(self.parcels())]
        self.sends(parcels.CancelFulfillment(parcel), self.model.unpacks(sale, parcel))

    @invariant()
    def stock_agrees(self):
        if self.shop:
            told = {(row.variant_id, row.warehouse_id): row for row in self.shop.rows(t.stock_levels.select())}
            for key, level in self.model.levels.items():
                row = told.pop(key, None)
                found = (0, 0, 0) if row is None else (row.on_hand, row.allocated, row.reserved)
                assert (level.on_hand, level.allocated, level.reserved) == found
            assert {} == told

    @invariant()
    def money_and_states_agree(self):
        if self.shop:
            rows = {row.id: row for row in self.shop.rows(t.orders.select())}
            payments = {row.id: row for row in self.shop.rows(t.payments.select())}
            lines = {row.id: row for row in self.shop.rows(t.order_lines.select())}
            for sale in self.ordered():
                order = rows.pop(self.ids[id(sale), "order"])
                assert (STATES[sale.state], sale.price) == (order.status, order.total)
                for one in sale.payments:
                    row = payments.pop(self.ids[id(one)])
                    assert (one.state, one.promised, one.taken, one.back) == (
                        row.state, row.authorized, row.captured, row.refunded,
                    )  # fmt: skip
                for line in sale.lines:
                    row = lines.pop(self.ids[id(line)])
                    assert (LINES.get(line.state, line.state), line.quantity) == (row.status, row.quantity)
            assert ({}, {}, {}) == (rows, payments, lines)

    def teardown(self):
        if self.shop:
            self.runner.run(self._close())
        self.runner.close()

    async def _close(self):
        await self.shop.writer.close()
        await type(self).finished(self.shop.database)
        self.shop.database.close()


def test_the_shop_agrees_with_its_model_whatever_is_done(sqlite_databases, tmp_path, views_redis, redis_address):
    keys = Keys(1)

    async def verified(database):
        views_redis.flushall()
        async with open_tail(database.address) as tail, Redis.from_url(redis_address, protocol=2) as client:
            await Worker(tail, client, keys).catch_up()
        with redis.Redis.from_url(redis_address) as looking:
            assert [] == database.read(lambda connection: differences(connection, looking, keys))

    machine = type("Machine", (AgainstTheModel,), {
        "database": staticmethod(lambda: sqlite_databases.new(tmp_path)), "finished": staticmethod(verified),
    })  # fmt: skip
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=int(os.environ.get("TRADEWIND_MODEL_SHOPS", "12")),
            stateful_step_count=50,
            deadline=None,
            phases=(Phase.explicit, Phase.reuse, Phase.generate),
            suppress_health_check=list(HealthCheck),
        ),
    )
