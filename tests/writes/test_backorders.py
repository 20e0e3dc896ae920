"""What is sold beyond the shelf waits, first come first served, until the goods are there."""

import asyncio

from shop import events
from shop.events import LineQuantity
from writes.cancels import CancelOrderLines
from writes.fulfillment import SetOrderLineStatus
from writes.orders import CancelOrder
from writes.parcels import CreateFulfillment
from writes.refusals import NotAllowedFrom
from writes.returns import ApproveReturn, ReceiveReturn, RequestReturn
from writes.stock import AdjustStock, CreateWarehouse, StockChange
from writes.transfers import TransferLine, TransferStock


def statuses(shop, *order_ids):
    return [line.status for order_id in order_ids for line in shop.lines(order_id)]


async def ordered(shop, variant_id, *quantities):
    """Given orders of so many each, one after the other."""
    order_ids = []
    for quantity in quantities:
        shop.passes(seconds=1)
        order_ids.append(await shop.order((variant_id, quantity), capture=True))
    return order_ids


def arriving(shop, variant_id, quantity, warehouse=None):
    change = StockChange(variant_id=variant_id, delta=quantity)
    return AdjustStock(warehouse or shop.warehouse, "RECEIVED", [change])


async def test_a_line_sold_beyond_the_shelf_is_backordered_until_its_goods_are_there(shop):
    mug = await shop.sells(stocked=2, backorderable=True)
    checkout_id = await shop.checkout((mug, 3))
    await shop.when(shop.completing(checkout_id))
    order_id = shop.answer.ids["order_id"]
    assert "BACKORDERED" == shop.first(events.OrderLineMoved).status
    assert ["BACKORDERED"] == statuses(shop, order_id)
    await shop.when(arriving(shop, mug, 1))
    (line,) = shop.lines(order_id)
    moved = events.OrderLineMoved(order_id=order_id, line_id=line.id, status="ALLOCATED", quantity=3)
    assert (["StockAdjusted", "OrderLineMoved"], moved) == (shop.names(), shop.happened[1])
    assert (3, 3, 0) == shop.level(mug)


async def test_a_backordered_line_is_not_packed(shop):
    mug = await shop.sells(backorderable=True)
    (order_id,) = await ordered(shop, mug, 1)
    await shop.when(CreateFulfillment(order_id, shop.warehouse, [LineQuantity(shop.lines(order_id)[0].id, 1)]))
    assert (NotAllowedFrom, "BACKORDERED") == (type(shop.refused), shop.refused.state)


async def test_who_came_first_is_served_first(shop):
    mug = await shop.sells(backorderable=True)
    first, second, third = await ordered(shop, mug, 3, 1, 1)
    await shop.given(arriving(shop, mug, 2))
    assert ["BACKORDERED"] * 3 == statuses(shop, first, second, third)
    await shop.given(arriving(shop, mug, 2))
    assert ["ALLOCATED", "ALLOCATED", "BACKORDERED"] == statuses(shop, first, second, third)


async def test_the_place_of_a_canceled_order_goes_to_the_next(shop):
    mug = await shop.sells(backorderable=True)
    first, second = await ordered(shop, mug, 3, 1)
    await shop.given(arriving(shop, mug, 1))
    await shop.when(CancelOrder(first, "changed their mind"))
    assert ["CANCELED", "ALLOCATED"] == statuses(shop, first, second)
    assert second == shop.first(events.OrderLineMoved).order_id


async def test_the_place_of_a_canceled_line_goes_to_the_next(shop):
    mug, cup = await shop.sells(backorderable=True), await shop.sells("B-1", stocked=1)
    first = await shop.order((mug, 3), (cup, 1))
    (second,) = await ordered(shop, mug, 1)
    await shop.given(arriving(shop, mug, 1))
    waiting = next(line for line in shop.lines(first) if line.status == "BACKORDERED")
    await shop.given(CancelOrderLines(first, [LineQuantity(waiting.id, 3)]))
    assert ["ALLOCATED"] == statuses(shop, second)


async def test_goods_that_come_back_or_from_elsewhere_serve_too(shop):
    mug = await shop.sells(stocked=1, backorderable=True)
    sold, first, second = await ordered(shop, mug, 1, 1, 1)
    (line,) = shop.lines(sold)
    await shop.given(*(SetOrderLineStatus(sold, line.id, status) for status in ("PICKING", "SHIPPED")))
    back = (await shop.given(RequestReturn(sold, [LineQuantity(line.id, 1)])))["return_id"]
    await shop.given(ApproveReturn(back), ReceiveReturn(back, shop.warehouse))
    assert ["ALLOCATED", "BACKORDERED"] == statuses(shop, first, second)
    north = (await shop.given(CreateWarehouse("north", "North")))["warehouse_id"]
    await shop.given(arriving(shop, mug, 1, north))
    assert ["BACKORDERED"] == statuses(shop, second)
    await shop.given(TransferStock(north, shop.warehouse, [TransferLine(mug, 1)]))
    assert ["ALLOCATED"] == statuses(shop, second)


async def test_goods_that_arrive_while_the_waiting_order_changes_serve_it_all_the_same(shop):
    mug = await shop.sells(backorderable=True)
    order_ids = await ordered(shop, mug, 1, 1, 1, 1)
    writers = [shop.database.new_writer() for _ in range(2)]
    try:
        buses = [shop.another_bus(writer) for writer in writers]
        cancels = [buses[0].send(CancelOrder(order_id, "no")) for order_id in order_ids[:2]]
        arrivals = [buses[1].send(arriving(shop, mug, 1)) for _ in range(2)]
        answers = await asyncio.gather(*cancels, *arrivals)
    finally:
        for writer in writers:
            await writer.close()
    assert [None] * 4 == [answer.refused for answer in answers]
    assert ["CANCELED", "CANCELED", "ALLOCATED", "ALLOCATED"] == statuses(shop, *order_ids)
