"""A warehouse may be renamed, put in another order and switched off, but not while goods are promised from it."""

import asyncio

from shop import events
from writes import tables as t
from writes import warehouses
from writes.checkout import StartCheckout
from writes.orders import CancelOrder
from writes.refusals import Invalid, NotAllowedFrom, NotFound, OutOfStock, Taken
from writes.stock import AdjustStock, CreateWarehouse, StockChange
from writes.warehouses import UpdateWarehouse


async def test_a_change_tells_all_of_the_warehouse(shop):
    await shop.when(UpdateWarehouse(shop.warehouse, name=" Hull ", priority=3))
    told = events.WarehouseChanged(warehouse_id=shop.warehouse, code="main", name="Hull", priority=3)
    assert [told] == shop.happened
    assert ("main", "Hull", True, 3) == tuple(shop.row(t.warehouses, shop.warehouse))[1:]


async def test_a_change_that_changes_nothing_writes_nothing(shop):
    await shop.when(UpdateWarehouse(shop.warehouse, code="main", active=True))
    assert (None, []) == (shop.answer.position, shop.happened)
    assert {"warehouse_id": shop.warehouse} == shop.answer.ids


async def test_a_change_is_refused_where_the_input_is_to_blame(shop):
    await shop.given(CreateWarehouse("north", "North"))
    for command, kind, path in (
        (UpdateWarehouse("wh_0", name="Hull"), NotFound, ["id"]),
        (UpdateWarehouse(shop.warehouse, code=" "), Invalid, ["input", "code"]),
        (UpdateWarehouse(shop.warehouse, name=""), Invalid, ["input", "name"]),
        (UpdateWarehouse(shop.warehouse, code="north"), Taken, ["input", "code"]),
    ):
        await shop.when(command)
        assert (kind, path) == (type(shop.refused), shop.refused.path), command


async def test_one_that_goods_are_promised_from_is_not_switched_off(shop):
    mug = await shop.sells(stocked=5)
    order_id = await shop.order((mug, 1))
    await shop.when(UpdateWarehouse(shop.warehouse, active=False))
    allocated = shop.refused
    await shop.given(CancelOrder(order_id, "changed my mind"))
    await shop.checkout((mug, 1))
    await shop.when(UpdateWarehouse(shop.warehouse, active=False))
    assert [NotAllowedFrom] * 2 == [type(allocated), type(shop.refused)]
    assert ["input", "active"] == allocated.path
    assert shop.row(t.warehouses, shop.warehouse).active


async def test_what_is_in_one_that_is_switched_off_is_no_ones_to_buy_until_it_is_switched_on(shop):
    mug = await shop.sells(stocked=5)
    await shop.given(UpdateWarehouse(shop.warehouse, active=False))
    off = await shop.bus.send(StartCheckout(await shop.cart((mug, 1))))
    await shop.given(UpdateWarehouse(shop.warehouse, active=True))
    on = await shop.bus.send(StartCheckout(await shop.cart((mug, 1))))
    assert (OutOfStock, 0) == (type(off.refused), off.refused.available)
    assert on.refused is None


async def test_a_switch_names_the_products_that_have_stock_there(shop):
    mug, _ = await shop.sells("M", stocked=5), await shop.sells("C")
    await shop.when(UpdateWarehouse(shop.warehouse, active=False))
    assert [[shop.row(t.variants, mug).product_id]] == [one.product_ids for one in shop.happened]
    await shop.when(UpdateWarehouse(shop.warehouse, name="Hull"))
    assert [[]] == [one.product_ids for one in shop.happened]


async def test_a_switch_that_concerns_many_products_is_told_in_parts(shop, monkeypatch):
    monkeypatch.setattr(warehouses, "_PRODUCTS_AN_EVENT", 2)
    products = [shop.row(t.variants, await shop.sells(f"M-{n}", stocked=1)).product_id for n in range(5)]
    await shop.when(UpdateWarehouse(shop.warehouse, active=False, name="Hull"))
    assert [2, 2, 1] == [len(one.product_ids) for one in shop.happened]
    assert sorted(products) == [product_id for one in shop.happened for product_id in one.product_ids]
    assert {("Hull", False)} == {(one.name, one.active) for one in shop.happened}


async def test_of_a_switch_and_buyers_at_the_same_time_one_is_refused(shop):
    mug = await shop.sells(stocked=50)
    for _ in range(10):
        carts = [await shop.cart((mug, 1)) for _ in range(3)]
        switch = shop.bus.send(UpdateWarehouse(shop.warehouse, active=False))
        bought = [shop.bus.send(StartCheckout(cart)) for cart in carts]
        *_, switched = answers = await asyncio.gather(bought[0], bought[1], bought[2], switch)
        started = [answer for answer in answers[:-1] if answer.refused is None]
        active = shop.row(t.warehouses, shop.warehouse).active
        assert active == (switched.refused is not None)
        assert active == bool(started)
        await shop.given(UpdateWarehouse(shop.warehouse, active=True))
        shop.passes(minutes=11)


async def test_what_is_told_of_a_warehouse_with_its_stock_is_true_when_it_is_written(shop):
    mug = await shop.sells(stocked=1)
    count = AdjustStock(shop.warehouse, "RECEIVED", [StockChange(variant_id=mug, delta=1)])
    for _ in range(10):
        flip = UpdateWarehouse(shop.warehouse, active=not shop.row(t.warehouses, shop.warehouse).active)
        await asyncio.gather(*map(shop.bus.send, [count, flip, count, count]))
    active = True
    for event in [recorded.event for recorded in shop.log()]:
        active = event.active if isinstance(event, events.WarehouseChanged) else active
        if isinstance(event, events.StockAdjusted):
            assert active == event.active
