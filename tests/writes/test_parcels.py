"""Fulfillments: packed from one warehouse, sent once their money is there, then there; or unpacked before they left."""

import asyncio
import itertools

import pytest

from schema.fulfillment import FulfillmentState
from shop import events
from shop.events import LineQuantity
from writes import tables as t
from writes.fulfillment import SetOrderLineStatus
from writes.orders import CancelOrder
from writes.parcels import (
    MOVES,
    CancelFulfillment,
    CreateFulfillment,
    DeliverFulfillment,
    SetFulfillmentTracking,
    ShipFulfillment,
)
from writes.providers import Manual
from writes.refusals import AboveLimit, Invalid, NotAllowedFrom, NotFound, OutOfStock
from writes.stock import AdjustStock, CreateWarehouse, StockChange

WAY = {"PENDING": [], "SHIPPED": [ShipFulfillment], "DELIVERED": [ShipFulfillment, DeliverFulfillment]}
WAY["CANCELED"] = [CancelFulfillment]
STEP = {"SHIPPED": ShipFulfillment, "DELIVERED": DeliverFulfillment, "CANCELED": CancelFulfillment}


async def placed(shop, quantity=3, **paid):
    """Given an order of one line; return its id and the line's."""
    order_id = await shop.order((await shop.sells(price="3.33", stocked=10), quantity), **paid)
    return order_id, shop.lines(order_id)[0].id


def packing(shop, order_id, *lines, warehouse=None):
    return CreateFulfillment(order_id, warehouse or shop.warehouse, [LineQuantity(*line) for line in lines])


async def packed(shop, quantity=3, of=3, **paid):
    """Given a parcel with so many of a line; return the order's id and the parcel's."""
    order_id, line_id = await placed(shop, of, **paid)
    return order_id, (await shop.given(packing(shop, order_id, (line_id, quantity))))["fulfillment_id"]


async def sent(shop, quantity=3, of=3):
    order_id, fulfillment_id = await packed(shop, quantity, of)
    await shop.given(ShipFulfillment(fulfillment_id))
    return order_id, fulfillment_id


def statuses(shop, order_id):
    return [(line.quantity, line.status) for line in shop.lines(order_id)]


def test_every_state_of_a_fulfillment_says_where_it_may_go():
    assert {state.value for state in FulfillmentState} == set(MOVES)
    assert set(MOVES) >= set(itertools.chain(*MOVES.values()))


@pytest.mark.parametrize("state", MOVES)
async def test_a_fulfillment_takes_no_move_that_is_not_legal(shop, state):
    _, fulfillment_id = await packed(shop)
    await shop.given(*(step(fulfillment_id) for step in WAY[state]))
    for wanted in STEP.keys() - set(MOVES[state]):
        await shop.when(STEP[wanted](fulfillment_id))
        assert (NotAllowedFrom, ["id"], state) == (type(shop.refused), shop.refused.path, shop.refused.state)
        assert [] == shop.happened


async def test_a_packed_line_is_being_picked_and_its_stock_stays_where_it_is(shop):
    order_id, line_id = await placed(shop)
    await shop.when(packing(shop, order_id, (line_id, 3)))
    assert ["OrderLineMoved", "FulfillmentCreated"] == shop.names()
    assert [(3, "PICKING")] == statuses(shop, order_id)
    assert (10, 3, 0) == shop.level(shop.lines(order_id)[0].variant_id)


async def test_a_line_that_was_being_picked_stays_so(shop):
    order_id, line_id = await placed(shop)
    await shop.given(SetOrderLineStatus(order_id, line_id, "PICKING"))
    await shop.when(packing(shop, order_id, (line_id, 3)))
    assert ["FulfillmentCreated"] == shop.names()


async def test_a_part_of_a_line_is_packed_as_a_line_of_its_own(shop):
    order_id, line_id = await placed(shop)
    await shop.when(packing(shop, order_id, (line_id, 2)))
    split = shop.first(events.OrderLineMoved).split
    assert (666, [events.Share(shop.warehouse, 2)]) == (split.total, split.allocations)
    assert [LineQuantity(split.line_id, 2)] == shop.first(events.FulfillmentCreated).lines
    assert [(1, "ALLOCATED"), (2, "PICKING")] == statuses(shop, order_id)


async def test_a_parcel_takes_from_its_own_warehouse_only(shop):
    mug = await shop.sells()
    north = (await shop.given(CreateWarehouse("north", "North", priority=1)))["warehouse_id"]
    await shop.receives(mug, 2, north)
    await shop.receives(mug, 3)
    order_id = await shop.order((mug, 4))
    (line,) = shop.lines(order_id)
    for warehouse, held in ((north, 2), (shop.warehouse, 2)):
        await shop.when(packing(shop, order_id, (line.id, 3), warehouse=warehouse))
        assert (AboveLimit, held) == (type(shop.refused), shop.refused.limit)
    first = await shop.given(packing(shop, order_id, (line.id, 2), warehouse=north))
    second = await shop.given(packing(shop, order_id, (line.id, 2)))
    await shop.given(ShipFulfillment(first["fulfillment_id"]))
    assert ((3, 2, 0), (0, 0, 0)) == (shop.level(mug), shop.level(mug, north))
    await shop.given(ShipFulfillment(second["fulfillment_id"]))
    assert ((1, 0, 0), (0, 0, 0)) == (shop.level(mug), shop.level(mug, north))


async def test_what_cannot_be_packed_is_refused_with_its_place(shop):
    order_id, line_id = await placed(shop)
    idle = (await shop.given(CreateWarehouse("idle", "Idle")))["warehouse_id"]
    for command, refusal, path in (
        (packing(shop, "ord_0", (line_id, 1)), NotFound, ["input", "orderId"]),
        (packing(shop, order_id, (line_id, 1), warehouse="wh_0"), NotFound, ["input", "warehouseId"]),
        (packing(shop, order_id), Invalid, ["input", "lines"]),
        (packing(shop, order_id, (line_id, 1), (line_id, 1)), Invalid, ["input", "lines"]),
        (packing(shop, order_id, (line_id, 1), ("ol_0", 1)), NotFound, ["input", "lines", "1", "lineId"]),
        (packing(shop, order_id, (line_id, 0)), Invalid, ["input", "lines", "0", "quantity"]),
        (packing(shop, order_id, (line_id, 4)), AboveLimit, ["input", "lines", "0", "quantity"]),
        (packing(shop, order_id, (line_id, 1), warehouse=idle), AboveLimit, ["input", "lines", "0", "quantity"]),
    ):
        await shop.when(command)
        assert (refusal, path) == (type(shop.refused), shop.refused.path)
        assert [] == shop.happened


async def test_what_is_packed_is_neither_packed_again_nor_moved_by_hand(shop):
    order_id, _ = await packed(shop)
    (line,) = shop.lines(order_id)
    for command in (
        packing(shop, order_id, (line.id, 1)),
        SetOrderLineStatus(order_id, line.id, "SHIPPED"),
        SetOrderLineStatus(order_id, line.id, "ALLOCATED", quantity=1),
    ):
        await shop.when(command)
        assert (NotAllowedFrom, "PENDING") == (type(shop.refused), shop.refused.state)


async def test_what_has_left_is_not_packed_again(shop):
    order_id, _ = await sent(shop)
    await shop.when(packing(shop, order_id, (shop.lines(order_id)[0].id, 1)))
    assert (NotAllowedFrom, "SHIPPED") == (type(shop.refused), shop.refused.state)


async def test_shipping_lowers_on_hand_and_allocated_together(shop):
    order_id, fulfillment_id = await packed(shop, 2)
    await shop.when(ShipFulfillment(fulfillment_id, "DHL", "JD0146", "https://dhl.example/JD0146"))
    assert ["OrderLineMoved", "StockShipped", "FulfillmentShipped"] == shop.names()
    told = shop.first(events.FulfillmentShipped)
    assert ("PARTIALLY_FULFILLED", "DHL", "JD0146") == (told.fulfillment_status, told.carrier, told.tracking_number)
    assert [(1, "ALLOCATED"), (2, "SHIPPED")] == statuses(shop, order_id)
    assert (8, 1, 0) == shop.level(shop.lines(order_id)[0].variant_id)


async def test_the_last_parcel_to_leave_fulfills_the_order(shop):
    order_id, _ = await sent(shop, 2)
    rest = await shop.given(packing(shop, order_id, (shop.lines(order_id)[0].id, 1)))
    await shop.when(ShipFulfillment(rest["fulfillment_id"]))
    assert "FULFILLED" == shop.first(events.FulfillmentShipped).fulfillment_status


async def test_a_parcel_does_not_leave_before_its_money_is_there_or_promised(shop):
    _, fulfillment_id = await packed(shop, token=None)
    await shop.when(ShipFulfillment(fulfillment_id))
    assert (NotAllowedFrom, "NONE", ["id"]) == (type(shop.refused), shop.refused.state, shop.refused.path)
    assert "PENDING" == shop.row(t.fulfillments, fulfillment_id).state


async def test_a_shop_that_trusts_its_buyers_sends_before_payment(new_shop):
    async with new_shop(manual=Manual(ship_before_payment=True)) as shop:
        await shop.opens()
        _, fulfillment_id = await packed(shop, token=None)
        await shop.given(ShipFulfillment(fulfillment_id))


async def test_goods_that_are_not_on_the_shelf_cannot_leave(shop):
    order_id, fulfillment_id = await packed(shop)
    change = StockChange(variant_id=shop.lines(order_id)[0].variant_id, counted_to=2)
    await shop.given(AdjustStock(shop.warehouse, "COUNT", [change]))
    await shop.when(ShipFulfillment(fulfillment_id))
    assert (OutOfStock, 2) == (type(shop.refused), shop.refused.available)


@pytest.mark.parametrize("address", ["javascript:alert(1)", "dhl.example/1", ""])
async def test_a_tracking_address_leads_to_the_web(shop, address):
    _, fulfillment_id = await packed(shop)
    await shop.when(ShipFulfillment(fulfillment_id, tracking_url=address))
    assert (Invalid, ["input", "trackingUrl"]) == (type(shop.refused), shop.refused.path)


async def test_tracking_is_mended_field_by_field_once_the_parcel_has_left(shop):
    order_id, fulfillment_id = await packed(shop)
    await shop.when(SetFulfillmentTracking(fulfillment_id, carrier="UPS"))
    assert (NotAllowedFrom, "PENDING") == (type(shop.refused), shop.refused.state)
    await shop.given(ShipFulfillment(fulfillment_id, "DHL", "JD0146"))
    await shop.when(SetFulfillmentTracking(fulfillment_id, carrier="UPS", tracking_number=None))
    about = {"order_id": order_id, "fulfillment_id": fulfillment_id}
    assert [events.FulfillmentTrackingSet(carrier="UPS", **about)] == shop.happened
    await shop.when(SetFulfillmentTracking(fulfillment_id, carrier="UPS"))
    assert ([], None) == (shop.happened, shop.refused)


async def test_the_last_parcel_to_arrive_completes_the_order(shop):
    order_id, first = await sent(shop, 2)
    rest = await shop.given(packing(shop, order_id, (shop.lines(order_id)[0].id, 1)))
    await shop.given(ShipFulfillment(rest["fulfillment_id"]))
    await shop.when(DeliverFulfillment(first))
    assert ["OrderLineMoved", "FulfillmentDelivered"] == shop.names()
    await shop.when(DeliverFulfillment(rest["fulfillment_id"]))
    assert ["OrderLineMoved", "FulfillmentDelivered", "OrderCompleted"] == shop.names()
    assert "COMPLETED" == shop.row(t.orders, order_id).status


async def test_a_line_in_two_parcels_is_there_when_both_are(shop):
    mug = await shop.sells()
    north = (await shop.given(CreateWarehouse("north", "North")))["warehouse_id"]
    await shop.receives(mug, 1, north)
    await shop.receives(mug, 1)
    order_id = await shop.order((mug, 2))
    (line,) = shop.lines(order_id)
    await shop.given(SetOrderLineStatus(order_id, line.id, "PICKING"), SetOrderLineStatus(order_id, line.id, "SHIPPED"))
    first, second = (row.id for row in shop.rows(t.fulfillments.select()))
    await shop.when(DeliverFulfillment(first))
    assert ["FulfillmentDelivered"] == shop.names()
    await shop.when(DeliverFulfillment(second))
    assert ["OrderLineMoved", "FulfillmentDelivered", "OrderCompleted"] == shop.names()


async def test_what_is_unpacked_can_be_packed_again(shop):
    order_id, fulfillment_id = await packed(shop, 2)
    await shop.when(CancelFulfillment(fulfillment_id))
    assert ["OrderLineMoved", "FulfillmentCanceled"] == shop.names()
    assert [(1, "ALLOCATED"), (2, "ALLOCATED")] == statuses(shop, order_id)
    again = await shop.given(packing(shop, order_id, *((line.id, line.quantity) for line in shop.lines(order_id))))
    await shop.given(ShipFulfillment(again["fulfillment_id"]))
    assert (7, 0, 0) == shop.level(shop.lines(order_id)[0].variant_id)


async def test_a_line_that_left_its_parcel_is_cut_without_it(shop):
    order_id, fulfillment_id = await packed(shop)
    await shop.given(CancelFulfillment(fulfillment_id))
    (line,) = shop.lines(order_id)
    await shop.when(SetOrderLineStatus(order_id, line.id, "PICKING", quantity=2))
    assert [] == shop.first(events.OrderLineMoved).split.fulfillments
    await shop.given(SetOrderLineStatus(order_id, line.id, "PICKING"), SetOrderLineStatus(order_id, line.id, "SHIPPED"))
    await shop.when(SetOrderLineStatus(order_id, line.id, "DELIVERED"))
    assert "CANCELED" == shop.row(t.fulfillments, fulfillment_id).state


async def test_canceling_the_order_unpacks_its_parcels(shop):
    order_id, fulfillment_id = await packed(shop)
    await shop.when(CancelOrder(order_id, "changed their mind"))
    assert ["FulfillmentCanceled", "OrderCanceled", "StockDeallocated"] == shop.names()[:3]
    await shop.when(ShipFulfillment(fulfillment_id))
    assert (NotAllowedFrom, "CANCELED") == (type(shop.refused), shop.refused.state)
    await shop.when(packing(shop, order_id, (shop.lines(order_id)[0].id, 1)))
    assert (NotAllowedFrom, "CANCELED") == (type(shop.refused), shop.refused.state)


@pytest.fixture
async def rival(shop):
    """A second process's bus on the same database."""
    writer = shop.database.new_writer()
    yield shop.another_bus(writer)
    await writer.close()


async def test_when_the_same_units_are_packed_twice_at_once_one_parcel_has_them(shop, rival):
    order_id, line_id = await placed(shop)
    command = packing(shop, order_id, (line_id, 2))
    answers = await asyncio.gather(*(bus.send(command) for bus in (shop.bus, rival) * 3))
    assert 1 == sum(answer.refused is None for answer in answers)
    assert [(1, "ALLOCATED"), (2, "PICKING")] == statuses(shop, order_id)


async def test_when_a_parcel_is_shipped_twice_at_once_its_goods_leave_once(shop, rival):
    order_id, fulfillment_id = await packed(shop)
    answers = await asyncio.gather(*(bus.send(ShipFulfillment(fulfillment_id)) for bus in (shop.bus, rival) * 3))
    assert 1 == sum(answer.refused is None for answer in answers)
    assert (7, 0, 0) == shop.level(shop.lines(order_id)[0].variant_id)


async def test_when_an_order_is_canceled_while_it_is_shipped_one_wins_and_the_stock_is_right(shop, rival):
    for turn in range(6):
        order_id = await shop.order((await shop.sells(f"S-{turn}", stocked=10), 3))
        (line,) = shop.lines(order_id)
        fulfillment_id = (await shop.given(packing(shop, order_id, (line.id, 3))))["fulfillment_id"]
        commands = [ShipFulfillment(fulfillment_id), CancelOrder(order_id, "changed their mind")]
        shipped, canceled = await asyncio.gather(shop.bus.send(commands[0]), rival.send(commands[1]))
        assert (shipped.refused is None) != (canceled.refused is None)
        assert ((7 if shipped.refused is None else 10), 0, 0) == shop.level(line.variant_id)
