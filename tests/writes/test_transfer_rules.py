"""Goods go from one warehouse to another at once, and what is promised to somebody stays."""

import asyncio

import pytest

from shop import events
from writes.checkout import StartCheckout
from writes.refusals import Invalid, NotFound, OutOfStock
from writes.stock import AdjustStock, CreateWarehouse, StockChange
from writes.transfers import TransferLine, TransferStock


@pytest.fixture
async def north(shop):
    return (await shop.given(CreateWarehouse("north", "North")))["warehouse_id"]


def northward(shop, north, *lines):
    return TransferStock(shop.warehouse, north, [TransferLine(*line) for line in lines])


async def test_what_leaves_one_warehouse_is_in_the_other(shop, north):
    mug = await shop.sells(stocked=5)
    await shop.when(northward(shop, north, (mug, 2)))
    out, into = shop.first(events.StockTransferred).moves
    assert (shop.warehouse, -2, 3) == (out.warehouse_id, out.quantity, out.on_hand)
    assert (north, 2, 2) == (into.warehouse_id, into.quantity, into.on_hand)
    assert ((3, 0, 0), (2, 0, 0)) == (shop.level(mug), shop.level(mug, north))
    assert [f"{out.product_id}:{mug}:{shop.warehouse}", f"{out.product_id}:{mug}:{north}"] == shop.answer.ids["levels"]


async def test_what_is_promised_does_not_leave(shop, north):
    mug = await shop.sells(stocked=5)
    await shop.order((mug, 2))
    await shop.checkout((mug, 2))
    await shop.when(northward(shop, north, (mug, 2)))
    assert OutOfStock is type(shop.refused)
    assert (2, 1, ["input", "lines", "0"]) == (shop.refused.requested, shop.refused.available, shop.refused.path)
    assert [] == shop.happened


async def test_what_is_owed_to_backorders_cannot_leave(shop, north):
    mug = await shop.sells(stocked=2, backorderable=True)
    await shop.order((mug, 5))
    await shop.when(northward(shop, north, (mug, 1)))
    assert OutOfStock is type(shop.refused)
    assert 0 == shop.refused.available


async def test_a_transfer_frees_what_is_held_past_its_time(shop, north):
    mug = await shop.sells(stocked=1)
    await shop.checkout((mug, 1))
    shop.passes(minutes=11)
    await shop.when(northward(shop, north, (mug, 1)))
    assert shop.refused is None
    assert ((0, 0, 0), (1, 0, 0)) == (shop.level(mug), shop.level(mug, north))


async def test_lines_of_one_variant_are_summed(shop, north):
    mug = await shop.sells(stocked=5)
    await shop.when(northward(shop, north, (mug, 3), (mug, 3)))
    assert OutOfStock is type(shop.refused)
    assert 6 == shop.refused.requested


async def test_a_transfer_holds_whole_or_not_at_all(shop, north):
    mug, cup = await shop.sells("M", stocked=5), await shop.sells("C", stocked=1)
    await shop.when(northward(shop, north, (mug, 2), (cup, 2)))
    assert ["input", "lines", "1"] == shop.refused.path
    assert ((5, 0, 0), (1, 0, 0)) == (shop.level(mug), shop.level(cup))


async def test_a_transfer_names_two_warehouses_and_some_of_what_there_is(shop, north):
    mug = await shop.sells(stocked=5)
    line = [TransferLine(mug, 1)]
    for command, kind, path in (
        (TransferStock(shop.warehouse, shop.warehouse, line), Invalid, ["input", "toWarehouseId"]),
        (TransferStock("wh_0", north, line), NotFound, ["input", "fromWarehouseId"]),
        (TransferStock(shop.warehouse, "wh_0", line), NotFound, ["input", "toWarehouseId"]),
        (northward(shop, north), Invalid, ["input", "lines"]),
        (northward(shop, north, (mug, 1), ("var_0", 1)), NotFound, ["input", "lines", "1", "variantId"]),
        (northward(shop, north, (mug, 0)), Invalid, ["input", "lines", "0", "quantity"]),
        (northward(shop, north, (mug, 2**31)), Invalid, ["input", "lines", "0", "quantity"]),
    ):
        await shop.when(command)
        assert (kind, path) == (type(shop.refused), shop.refused.path), command


async def test_a_level_grows_to_no_more_than_an_integer(shop, north):
    mug = await shop.sells(stocked=5)
    await shop.given(AdjustStock(north, "COUNT", [StockChange(variant_id=mug, counted_to=2**31 - 1)]))
    await shop.when(northward(shop, north, (mug, 1)))
    assert Invalid is type(shop.refused)


async def test_goods_that_arrive_lessen_what_a_count_found_missing(shop, north):
    mug = await shop.sells(stocked=5)
    await shop.checkout((mug, 4))
    await shop.given(AdjustStock(shop.warehouse, "COUNT", [StockChange(variant_id=mug, counted_to=1)]))
    await shop.receives(mug, 3, north)
    await shop.when(TransferStock(north, shop.warehouse, [TransferLine(mug, 3)]))
    assert (4, 0, 4) == shop.level(mug)


async def test_it_is_told_which_of_the_two_sells(shop):
    closed = (await shop.given(CreateWarehouse("closed", "Closed", active=False)))["warehouse_id"]
    mug = await shop.sells(stocked=5)
    await shop.when(northward(shop, closed, (mug, 1)))
    told = shop.first(events.StockTransferred)
    assert (True, False) == (told.sells(shop.warehouse), told.sells(closed))


async def test_of_buyers_and_carriers_of_the_last_five_five_have_them(shop, north):
    mug = await shop.sells(stocked=5)
    carts = [await shop.cart((mug, 1)) for _ in range(3)]
    carried = [shop.bus.send(northward(shop, north, (mug, 1))) for _ in range(10)]
    answers = await asyncio.gather(*(shop.bus.send(StartCheckout(cart)) for cart in carts), *carried)
    (here, _, reserved), refusals = shop.level(mug), [answer.refused for answer in answers]
    assert {OutOfStock, type(None)} >= {type(one) for one in refusals}
    (there, _, reserved_there) = shop.level(mug, north)
    assert (5, refusals.count(None)) == (here + there, reserved + reserved_there + there)


async def test_goods_that_cross_on_their_way_do_not_stand_in_each_others_way(shop, north):
    both = [await shop.sells(sku, stocked=50) for sku in ("M", "C")]
    for variant_id in both:
        await shop.receives(variant_id, 50, north)
    there = [northward(shop, north, *((one, 1) for one in both)) for _ in range(20)]
    back = [TransferStock(north, shop.warehouse, [TransferLine(one, 1) for one in reversed(both)]) for _ in range(20)]
    answers = await asyncio.gather(*map(shop.bus.send, [*there, *back]))
    assert {None} == {answer.refused for answer in answers}
    assert [(50, 0, 0)] * 4 == [shop.level(one, warehouse) for one in both for warehouse in (shop.warehouse, north)]
