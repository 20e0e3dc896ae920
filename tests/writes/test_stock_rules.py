"""Stock is never promised twice and never goes below what is promised, unless a count says so."""

import asyncio

import pytest
import sqlalchemy as sa

from shop import events
from writes import stock
from writes import tables as t
from writes.checkout import CancelCheckout, ExpireCheckout, StartCheckout
from writes.fulfillment import SetOrderLineStatus
from writes.orders import CancelOrder
from writes.refusals import Invalid, NotFound, OutOfStock, StockConflict, Taken
from writes.stock import AdjustStock, CreateWarehouse, StockChange
from writes.work import Limits, Work


def adjust(shop, variant_id, reason="CORRECTION", **change):
    return AdjustStock(shop.warehouse, reason, [StockChange(variant_id=variant_id, **change)])


async def two_warehouses(shop, variant_id, *, main, north, priority=0):
    northern = (await shop.given(CreateWarehouse("north", "North", priority=priority)))["warehouse_id"]
    for warehouse, quantity in ((shop.warehouse, main), (northern, north)):
        await shop.receives(variant_id, quantity, warehouse)
    return northern


async def test_received_goods_are_on_hand(shop):
    mug = await shop.sells()
    await shop.when(adjust(shop, mug, "RECEIVED", delta=7))
    (move,) = shop.first(events.StockAdjusted).moves
    assert (7, 7, 0, 0) == (move.quantity, move.on_hand, move.allocated, move.reserved)
    assert [f"{move.product_id}:{mug}:{shop.warehouse}"] == shop.answer.ids["levels"]


async def test_a_warehouse_code_is_unique(shop):
    await shop.when(CreateWarehouse("main", "Another"))
    assert Taken is type(shop.refused)


async def test_stock_is_never_corrected_below_what_is_promised(shop):
    mug = await shop.sells(stocked=5)
    await shop.order((mug, 2))
    await shop.checkout((mug, 2))
    await shop.when(adjust(shop, mug, delta=-2))
    assert OutOfStock is type(shop.refused)
    assert (2, 1) == (shop.refused.requested, shop.refused.available)
    assert (5, 2, 2) == shop.level(mug)


async def test_a_count_below_what_is_promised_records_the_shortfall(shop):
    mug = await shop.sells(stocked=5)
    await shop.checkout((mug, 4))
    await shop.when(adjust(shop, mug, "COUNT", counted_to=1))
    assert ["StockAdjusted", "StockShortfallFound"] == shop.names()
    assert 3 == shop.first(events.StockShortfallFound).moves[0].quantity
    assert (1, 0, 4) == shop.level(mug)


async def test_goods_may_arrive_while_stock_is_short(shop):
    mug = await shop.sells(stocked=5)
    await shop.checkout((mug, 4))
    await shop.given(adjust(shop, mug, "COUNT", counted_to=1), adjust(shop, mug, "RECEIVED", delta=1))
    assert (2, 0, 4) == shop.level(mug)


async def test_an_old_shortfall_excuses_no_new_one(shop):
    mug = await shop.sells(stocked=5)
    first = await shop.checkout((mug, 5))
    await shop.given(adjust(shop, mug, "COUNT", counted_to=3), CancelCheckout(first))
    await shop.checkout((mug, 3))
    await shop.when(adjust(shop, mug, "DAMAGE", delta=-1))
    assert OutOfStock is type(shop.refused)


async def test_change_from_compares_and_swaps(shop):
    mug = await shop.sells(stocked=5)
    await shop.when(adjust(shop, mug, delta=1, change_from=4))
    assert StockConflict is type(shop.refused)
    assert 5 == shop.refused.on_hand
    assert (await shop.when(adjust(shop, mug, delta=1, change_from=5))).refused is None


async def test_counted_to_sets_what_is_on_hand(shop):
    mug = await shop.sells(stocked=5)
    await shop.when(adjust(shop, mug, "COUNT", counted_to=9))
    assert (4, 9) == (shop.happened[0].moves[0].quantity, shop.happened[0].moves[0].on_hand)


async def test_a_variant_is_found_by_its_sku_without_case(shop):
    mug = await shop.sells("Mug-Red")
    await shop.given(AdjustStock(shop.warehouse, "RECEIVED", [StockChange(sku="MUG-red", delta=3)]))
    assert (3, 0, 0) == shop.level(mug)


async def test_a_change_names_one_variant_one_way(shop):
    mug = await shop.sells("Mug")
    for change in (StockChange(delta=1), StockChange(variant_id=mug, sku="Mug", delta=1), StockChange(sku="Mug")):
        await shop.when(AdjustStock(shop.warehouse, "RECEIVED", [change]))
        assert Invalid is type(shop.refused)


async def test_a_variant_changes_once_in_one_adjustment(shop):
    mug = await shop.sells("Mug")
    changes = [StockChange(variant_id=mug, delta=1), StockChange(sku="MUG", delta=1)]
    await shop.when(AdjustStock(shop.warehouse, "RECEIVED", changes))
    assert Invalid is type(shop.refused)


async def test_an_adjustment_holds_whole_or_not_at_all(shop):
    mug = await shop.sells(stocked=5)
    changes = [StockChange(variant_id=mug, delta=1), StockChange(sku="no such", delta=1)]
    await shop.when(AdjustStock(shop.warehouse, "RECEIVED", changes))
    assert NotFound is type(shop.refused)
    assert ["input", "changes", "1", "sku"] == shop.refused.path
    assert (5, 0, 0) == shop.level(mug)


async def test_a_level_is_neither_below_zero_nor_beyond_an_integer(shop):
    mug = await shop.sells(stocked=5)
    for change in ({"delta": -6}, {"counted_to": -1}, {"delta": 2**31}, {"counted_to": 2**63}):
        await shop.when(adjust(shop, mug, "COUNT", **change))
        assert Invalid is type(shop.refused), change


async def test_the_warehouse_of_the_highest_priority_gives_first_and_a_line_is_split(shop):
    mug = await shop.sells()
    north = await two_warehouses(shop, mug, main=5, north=3, priority=1)
    await shop.when(StartCheckout(await shop.cart((mug, 4))))
    taken = [(move.warehouse_id, move.quantity) for move in shop.first(events.StockReserved).moves]
    assert [(north, 3), (shop.warehouse, 1)] == taken


async def test_warehouses_of_one_priority_give_by_their_code(shop):
    mug = await shop.sells()
    await two_warehouses(shop, mug, main=5, north=5)
    await shop.checkout((mug, 4))
    assert (5, 0, 4) == shop.level(mug)


async def test_a_warehouse_that_is_switched_off_gives_nothing(shop):
    mug = await shop.sells()
    closed = (await shop.given(CreateWarehouse("closed", "Closed", active=False)))["warehouse_id"]
    await shop.receives(mug, 5, closed)
    await shop.when(StartCheckout(await shop.cart((mug, 1))))
    assert OutOfStock is type(shop.refused)


async def test_two_lines_on_one_stock_row_are_summed_before_they_are_checked(shop):
    mug = await shop.sells(stocked=5)
    demands = [stock.Demand("line_1", mug, 3), stock.Demand("line_2", mug, 3)]
    with pytest.raises(OutOfStock) as short:
        shop.database.change(lambda connection: stock.reserve(Work(connection, shop.now, Limits(), {}), "chk_1", demands))
    assert (6, 5) == (short.value.requested, short.value.available)


async def test_what_is_short_is_told_with_what_is_free(shop):
    mug = await shop.sells(stocked=5)
    await shop.checkout((mug, 2))
    await shop.when(StartCheckout(await shop.cart((mug, 4))))
    assert (mug, 4, 3) == (shop.refused.variant_id, shop.refused.requested, shop.refused.available)
    assert [] == shop.happened


async def test_a_backorderable_variant_is_sold_beyond_the_shelf(shop):
    mug = await shop.sells(stocked=2, backorderable=True)
    await shop.order((mug, 5))
    assert (2, 5, 0) == shop.level(mug)


async def test_a_backorderable_variant_is_sold_where_it_never_was_on_a_shelf(shop):
    mug = await shop.sells(backorderable=True)
    await shop.order((mug, 5))
    assert (0, 5, 0) == shop.level(mug)


async def test_what_is_not_on_the_shelf_cannot_be_shipped(shop):
    mug = await shop.sells(stocked=5)
    order_id = await shop.order((mug, 5))
    (line,) = shop.lines(order_id)
    await shop.given(SetOrderLineStatus(order_id, line.id, "PICKING"), adjust(shop, mug, "COUNT", counted_to=2))
    await shop.when(SetOrderLineStatus(order_id, line.id, "SHIPPED"))
    assert OutOfStock is type(shop.refused)
    assert (5, 2) == (shop.refused.requested, shop.refused.available)
    assert (2, 5, 0) == shop.level(mug)


async def test_goods_that_are_lost_leave_the_shelf_as_far_as_they_were_on_it(shop):
    mug = await shop.sells(stocked=2, backorderable=True)
    order_id = await shop.order((mug, 5))
    await shop.given(CancelOrder(order_id, "burnt", restock=False))
    assert (0, 0, 0) == shop.level(mug)


async def test_an_overdue_reservation_is_taken_by_the_next_buyer_at_once(shop):
    mug = await shop.sells(stocked=1)
    slow = await shop.checkout((mug, 1))
    shop.passes(minutes=11)
    await shop.when(StartCheckout(await shop.cart((mug, 1))))
    assert shop.refused is None
    assert "EXPIRED" == shop.row(t.checkouts, slow).status
    assert (1, 0, 1) == shop.level(mug)


async def test_all_variants_that_are_held_past_their_time_are_freed_before_the_second_try(shop):
    mug, cup = await shop.sells("M", stocked=1), await shop.sells("C", stocked=1)
    await shop.checkout((mug, 1))
    await shop.checkout((cup, 1))
    shop.passes(minutes=11)
    await shop.when(StartCheckout(await shop.cart((mug, 1), (cup, 1))))
    assert shop.refused is None


async def test_stock_of_an_order_whose_payment_failed_is_free_for_others_once_its_time_is_over(shop):
    mug = await shop.sells(stocked=1)
    checkout_id = await shop.checkout((mug, 1))
    await shop.when(shop.completing(checkout_id, "decline"))
    early = await shop.when(StartCheckout(await shop.cart((mug, 1))))
    shop.passes(minutes=11)
    late = await shop.when(StartCheckout(await shop.cart((mug, 1))))
    assert OutOfStock is type(early.refused)
    assert late.refused is None
    assert ["CANCELED"] == list(shop.rows(sa.select(t.orders.c.status))[0])


async def test_of_fifty_buyers_of_the_last_five_exactly_five_buy(shop):
    mug = await shop.sells(stocked=5)
    carts = [await shop.cart((mug, 1)) for _ in range(50)]
    answers = await asyncio.gather(*(shop.bus.send(StartCheckout(cart)) for cart in carts))
    started = [answer.ids["checkout_id"] for answer in answers if answer.refused is None]
    bought = await asyncio.gather(*(shop.bus.send(shop.completing(checkout)) for checkout in started))
    assert 5 == len(started)
    assert {OutOfStock} == {type(answer.refused) for answer in answers if answer.refused is not None}
    assert [None] * 5 == [answer.refused for answer in bought]
    assert (5, 5, 0) == shop.level(mug)


async def test_releasing_twice_gives_back_once(shop):
    mug = await shop.sells(stocked=5)
    checkout_id = await shop.checkout((mug, 2))
    shop.passes(minutes=11)
    await shop.given(ExpireCheckout(checkout_id), ExpireCheckout(checkout_id))
    assert (5, 0, 0) == shop.level(mug)
