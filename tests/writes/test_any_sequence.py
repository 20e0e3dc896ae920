"""Whatever is asked of the shop in whatever order: stock is what was promised, and no constraint is met by a caller."""

import asyncio
from collections import Counter

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from writes import tables as t
from writes.books import BookLine, RecordCredit, RecordPastOrder
from writes.carts import AddCartLines, CreateCart, ExpireCart, LineChange, LineIn, UpdateCartLines
from writes.checkout import CancelCheckout, ExpireCheckout, StartCheckout
from writes.fulfillment import SetOrderLineStatus
from writes.order_lines import MOVES
from writes.orders import CancelOrder
from writes.stock import AdjustStock, CreateWarehouse, StockChange
from writes.transfers import TransferLine, TransferStock
from writes.variants import UpdateVariant
from writes.warehouses import UpdateWarehouse

STATUSES = ("ALLOCATED", "PICKING", "SHIPPED", "DELIVERED", "RETURNED", "CANCELED")
few, some = st.integers(0, 3), st.integers(-4, 8)
tokens = st.sampled_from(["approve", "approve", "decline", None])
step = st.one_of(
    st.tuples(st.just("buys"), few, st.integers(1, 6), tokens, st.booleans()),
    st.tuples(st.just("buys"), few, st.integers(1, 3), st.just("approve"), st.booleans()),
    st.tuples(st.just("moves"), few, st.sampled_from(STATUSES), st.none() | some),
    st.tuples(st.just("moves_on"), few, st.integers(1, 3), st.none() | st.integers(1, 4)),
    st.tuples(st.just("moves_on"), few, st.integers(2, 3), st.none()),
    st.tuples(st.just("cancels"), few, st.booleans(), st.booleans()),
    st.tuples(st.just("adjusts"), few, few, some, st.sampled_from(["RECEIVED", "COUNT", "DAMAGE"])),
    st.tuples(st.just("transfers"), few, few, some),
    st.tuples(st.just("switches"), few, st.booleans()),
    st.tuples(st.just("owes"), few, st.booleans()),
    st.tuples(st.just("fills"), few, few, some),
    st.tuples(st.just("changes"), few, some),
    st.tuples(st.just("starts"), few),
    st.tuples(st.just("completes"), few, tokens, st.booleans()),
    st.tuples(st.just("ends"), few, st.sampled_from([CancelCheckout, ExpireCheckout])),
    st.tuples(st.just("waits"), st.sampled_from([4, 11, 60 * 24 * 31])),
    st.tuples(st.just("books"), few, some, st.sampled_from(["0.165", "2.50"])),
    st.tuples(st.just("credits"), st.integers(0, 9), some, st.sampled_from(["0.165", "3.00"])),
)


async def someone_in(shop):
    """Given a shop with two warehouses and three variants: some in stock, few in stock, and one that may be owed."""
    await shop.opens()
    north = (await shop.given(CreateWarehouse("north", "North", priority=1)))["warehouse_id"]
    variants = [await shop.sells("A", stocked=9), await shop.sells("B", stocked=2), await shop.sells("C", backorderable=True)]
    anyone = Anyone(shop, variants, [shop.warehouse, north])
    await anyone.fills(0, 1, 1)
    return anyone


class Anyone:
    """Turns drawn steps into commands on whatever there is."""

    def __init__(self, shop, variants, warehouses):
        self.shop, self.variants, self.warehouses = shop, variants, warehouses

    async def does(self, steps):
        for name, *drawn in steps:
            await getattr(self, name)(*drawn)

    def pick(self, table, index):
        found = self.shop.rows(table.select().order_by(*table.primary_key.columns))
        return found[-1 - index % len(found)] if found else None

    async def adjusts(self, variant, warehouse, quantity, reason):
        change = {"counted_to" if reason == "COUNT" else "delta": quantity}
        changes = [StockChange(variant_id=self.variants[variant % len(self.variants)], **change)]
        await self.shop.bus.send(AdjustStock(self.warehouses[warehouse % len(self.warehouses)], reason, changes))

    async def transfers(self, variant, warehouse, quantity):
        lines = [TransferLine(one, quantity) for one in (self.variants[variant % len(self.variants)], self.variants[0])]
        here, there = (self.warehouses[(warehouse + step) % len(self.warehouses)] for step in (0, 1))
        await self.shop.bus.send(TransferStock(here, there, lines))

    async def switches(self, warehouse, active):
        await self.shop.bus.send(UpdateWarehouse(self.warehouses[warehouse % len(self.warehouses)], active=active))

    async def owes(self, variant, backorderable):
        await self.shop.bus.send(UpdateVariant(self.variants[variant % len(self.variants)], backorderable=backorderable))

    async def fills(self, cart, variant, quantity):
        found = self.pick(t.carts, cart)
        lines = [LineIn(self.variants[variant % len(self.variants)], quantity), LineIn(self.variants[0], 1)]
        await self.shop.bus.send(CreateCart("uk", lines) if found is None else AddCartLines(found.id, lines))

    async def changes(self, line, quantity):
        found = self.pick(t.cart_lines, line)
        if found is not None:
            await self.shop.bus.send(UpdateCartLines(found.cart_id, [LineChange(found.id, quantity)]))

    async def starts(self, cart):
        found = self.pick(t.carts, cart)
        if found is not None:
            await self.shop.bus.send(StartCheckout(found.id))
            await self.shop.bus.send(ExpireCart(found.id))

    async def completes(self, checkout, token, capture):
        found = self.pick(t.checkouts, checkout)
        if found is not None:
            await self.shop.bus.send(self.shop.completing(found.id, token, capture=capture))

    async def buys(self, variant, quantity, token, capture):
        lines = [LineIn(self.variants[variant % len(self.variants)], quantity), LineIn(self.variants[0], 1)]
        await self.shop.bus.send(CreateCart("uk", lines))
        await self.starts(0)
        await self.completes(0, token, capture)

    async def ends(self, checkout, command):
        found = self.pick(t.checkouts, checkout)
        if found is not None:
            await self.shop.bus.send(command(found.id))

    async def waits(self, minutes):
        self.shop.passes(minutes=minutes)

    async def cancels(self, order, restock, refund):
        found = self.pick(t.orders, order)
        if found is not None:
            await self.shop.bus.send(CancelOrder(found.id, "any", restock, refund))

    async def moves(self, line, status, quantity):
        found = self.pick(t.order_lines, line)
        if found is not None:
            await self.shop.bus.send(SetOrderLineStatus(found.order_id, found.id, status, quantity))

    async def moves_on(self, line, steps, quantity):
        for _ in range(steps):
            found = self.pick(t.order_lines, line)
            onward = [] if found is None else [status for status in MOVES[found.status] if status != "CANCELED"]
            if onward:
                await self.shop.bus.send(SetOrderLineStatus(found.order_id, found.id, onward[-1], quantity))
                quantity = None

    async def finds_little(self):
        for level in self.shop.rows(t.stock_levels.select()):
            change = StockChange(variant_id=level.variant_id, counted_to=1)
            await self.shop.bus.send(AdjustStock(level.warehouse_id, "COUNT", [change]))

    async def finishes(self):
        for index in range(len(self.shop.rows(t.order_lines.select()))):
            await self.moves_on(index, 3, None)
        for index, order in enumerate(self.shop.rows(t.orders.select())):
            await self.shop.bus.send(CancelOrder(order.id, "any", restock=index % 2 == 0))

    async def books(self, number, quantity, price):
        lines = [BookLine("A", "A", quantity, price), BookLine("B", "B", 1, price)]
        await self.shop.bus.send(RecordPastOrder(f"{number}", "uk", self.warehouses[0], "2010-12-01T08:26:00Z", lines, "ann"))

    async def credits(self, number, quantity, price):
        lines = [BookLine("A", "A", quantity, price), BookLine("A", "A", 1, price)]
        await self.shop.bus.send(RecordCredit(f"C{number}", "uk", "2010-12-02T08:26:00Z", lines, "ann"))


def check(shop):
    lines = {line.id: line for line in shop.rows(t.order_lines.select())}
    reserved, allocated, held, told = Counter(), Counter(), Counter(), {}
    for row in shop.rows(t.reservations.select()):
        reserved[row.variant_id, row.warehouse_id] += row.quantity
    for row in shop.rows(t.allocations.select()):
        allocated[lines[row.order_line_id].variant_id, row.warehouse_id] += row.quantity
        held[row.order_line_id] += row.quantity
    for recorded in shop.log():
        for move in getattr(recorded.event, "moves", []):
            told[move.variant_id, move.warehouse_id] = (move.on_hand, move.allocated, move.reserved)
    for level in shop.rows(t.stock_levels.select()):
        key = (level.variant_id, level.warehouse_id)
        assert (reserved[key], allocated[key]) == (level.reserved, level.allocated)
        assert told.get(key, (0, 0, 0)) == (level.on_hand, level.allocated, level.reserved)
        missing = 0 if level.backorderable else max(0, level.allocated + level.reserved - level.on_hand)
        assert missing == level.shortfall
    active = {warehouse.id: warehouse.active for warehouse in shop.rows(t.warehouses.select())}
    assert all(active[warehouse_id] for _, warehouse_id in [*reserved, *allocated])
    for line in lines.values():
        assert held[line.id] == (line.quantity if line.status in {"BACKORDERED", "ALLOCATED", "PICKING"} else 0)
    for payment in shop.rows(t.payments.select()):
        assert payment.refunded <= payment.captured <= payment.authorized
    wanted = [line for line in lines.values() if line.status != "CANCELED"]
    for order in shop.rows(t.orders.select().where(t.orders.c.status != "CANCELED")):
        assert order.total == sum(line.total for line in wanted if line.order_id == order.id)
    assert [recorded.position for recorded in shop.log()] == list(range(1, len(shop.log()) + 1))


@given(st.lists(step, min_size=25, max_size=40))
@settings(
    max_examples=15,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
async def test_stock_is_the_sum_of_what_was_promised_after_anything(new_shop, steps):
    async with new_shop() as shop:
        anyone = await someone_in(shop)
        await anyone.does(steps)
        check(shop)
        await anyone.finds_little()
        check(shop)
        await anyone.finishes()
        check(shop)


@given(st.lists(st.lists(step, min_size=8, max_size=15), min_size=6, max_size=6))
@settings(
    max_examples=8,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
async def test_it_is_so_when_six_do_anything_at_the_same_time_as_well(new_shop, six):
    async with new_shop() as shop:
        anyone = await someone_in(shop)
        await asyncio.gather(*map(anyone.does, six))
        check(shop)
