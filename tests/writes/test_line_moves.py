"""Order lines move by hand: only along legal moves, whole or in part, and the last to arrive completes the order."""

import itertools

import pytest
import sqlalchemy as sa

from shop import events
from writes import tables as t
from writes.books import BookLine, RecordCredit, RecordPastOrder
from writes.fulfillment import SetOrderLineStatus
from writes.order_lines import MOVES
from writes.providers import Manual
from writes.refusals import Invalid, NotAllowedFrom, NotFound, VersionConflict
from writes.stock import CreateWarehouse

STATES = ("BACKORDERED", "ALLOCATED", "PICKING", "SHIPPED", "DELIVERED", "RETURNED", "CANCELED")


async def placed(shop, quantity=3, **paid):
    """Given an order of one line; return its id and the line's."""
    order_id = await shop.order((await shop.sells(price="3.33", stocked=10), quantity), **paid)
    return order_id, shop.lines(order_id)[0].id


async def moved(shop, order_id, line_id, *statuses):
    for status in statuses:
        await shop.given(SetOrderLineStatus(order_id, line_id, status))


def in_status(shop, order_id, status):
    return next(line for line in shop.lines(order_id) if line.status == status)


def test_every_state_of_a_line_says_where_it_may_go():
    assert set(STATES) == set(MOVES)
    assert set(STATES) >= set(itertools.chain(*MOVES.values()))


@pytest.mark.parametrize("state", ["ALLOCATED", "PICKING", "SHIPPED", "DELIVERED"])
async def test_a_line_takes_no_move_that_is_not_legal(shop, state):
    order_id, line_id = await placed(shop)
    way = ["PICKING", "SHIPPED", "DELIVERED"]
    await moved(shop, order_id, line_id, *way[: way.index(state) + 1 if state in way else 0])
    for wanted in {*STATES, "LOST"} - set(MOVES[state]):
        await shop.when(SetOrderLineStatus(order_id, line_id, wanted))
        assert NotAllowedFrom is type(shop.refused)
        assert [] == shop.happened


async def test_a_whole_line_moves_as_it_is(shop):
    order_id, line_id = await placed(shop)
    await shop.when(SetOrderLineStatus(order_id, line_id, "PICKING"))
    assert [events.OrderLineMoved(order_id=order_id, line_id=line_id, status="PICKING", quantity=3)] == shop.happened


async def test_a_part_of_a_line_becomes_a_line_of_its_own_with_its_share(shop):
    order_id, line_id = await placed(shop)
    await shop.when(SetOrderLineStatus(order_id, line_id, "PICKING", quantity=2))
    split = shop.first(events.OrderLineMoved).split
    assert (666, [events.Share(shop.warehouse, 2)], []) == (split.total, split.allocations, split.fulfillments)
    told = [(line.quantity, line.total, line.status) for line in shop.lines(order_id)]
    assert [(1, 333, "ALLOCATED"), (2, 666, "PICKING")] == told


async def test_a_split_cuts_allocations_across_warehouses(shop):
    mug = await shop.sells()
    north = (await shop.given(CreateWarehouse("north", "North", priority=1)))["warehouse_id"]
    await shop.receives(mug, 2, north)
    await shop.receives(mug, 2)
    order_id = await shop.order((mug, 4))
    (line,) = shop.lines(order_id)
    await shop.when(SetOrderLineStatus(order_id, line.id, "PICKING", quantity=3))
    shares = shop.first(events.OrderLineMoved).split.allocations
    assert [1, 2] == sorted(share.quantity for share in shares)
    picked = in_status(shop, order_id, "PICKING")
    await shop.when(SetOrderLineStatus(order_id, picked.id, "SHIPPED"))
    assert 2 == shop.names().count("FulfillmentShipped")
    assert [1] == [row.quantity for row in shop.rows(t.allocations.select())]


@pytest.mark.parametrize("quantity", [0, -1, 4])
async def test_no_more_moves_than_the_line_has(shop, quantity):
    order_id, line_id = await placed(shop)
    await shop.when(SetOrderLineStatus(order_id, line_id, "PICKING", quantity=quantity))
    assert Invalid is type(shop.refused)


async def test_shipping_lowers_on_hand_and_allocated_together(shop):
    order_id, line_id = await placed(shop)
    variant_id = shop.lines(order_id)[0].variant_id
    await moved(shop, order_id, line_id, "PICKING")
    await shop.when(SetOrderLineStatus(order_id, line_id, "SHIPPED"))
    assert ["OrderLineMoved", "StockShipped", "FulfillmentCreated", "FulfillmentShipped"] == shop.names()
    assert "FULFILLED" == shop.first(events.FulfillmentShipped).fulfillment_status
    assert (7, 0, 0) == shop.level(variant_id)


async def test_an_order_shipped_in_part_is_partially_fulfilled(shop):
    order_id, line_id = await placed(shop)
    await shop.given(SetOrderLineStatus(order_id, line_id, "PICKING", quantity=1))
    await shop.when(SetOrderLineStatus(order_id, in_status(shop, order_id, "PICKING").id, "SHIPPED"))
    assert "PARTIALLY_FULFILLED" == shop.first(events.FulfillmentShipped).fulfillment_status


async def test_nothing_leaves_before_its_money_is_there_or_promised(shop):
    order_id, line_id = await placed(shop, token=None)
    await moved(shop, order_id, line_id, "PICKING")
    await shop.when(SetOrderLineStatus(order_id, line_id, "SHIPPED"))
    assert NotAllowedFrom is type(shop.refused)
    assert "NONE" == shop.refused.state


async def test_a_shop_that_trusts_its_buyers_ships_before_payment(new_shop):
    async with new_shop(manual=Manual(ship_before_payment=True)) as shop:
        await shop.opens()
        order_id, line_id = await placed(shop, token=None)
        await moved(shop, order_id, line_id, "PICKING", "SHIPPED")
        assert "SHIPPED" == shop.lines(order_id)[0].status


async def test_the_last_line_to_arrive_completes_the_order(shop):
    order_id, line_id = await placed(shop)
    await moved(shop, order_id, line_id, "PICKING", "SHIPPED")
    await shop.when(SetOrderLineStatus(order_id, line_id, "DELIVERED", quantity=2))
    assert ["OrderLineMoved"] == shop.names()
    await shop.when(SetOrderLineStatus(order_id, line_id, "DELIVERED"))
    assert ["OrderLineMoved", "FulfillmentDelivered", "OrderCompleted"] == shop.names()
    assert "COMPLETED" == shop.row(t.orders, order_id).status


async def test_a_completed_order_moves_no_more_but_what_comes_back(shop):
    order_id, line_id = await placed(shop)
    await moved(shop, order_id, line_id, "PICKING", "SHIPPED", "DELIVERED")
    await shop.when(SetOrderLineStatus(order_id, line_id, "SHIPPED"))
    assert NotAllowedFrom is type(shop.refused)


async def test_a_move_names_a_line_of_that_order_at_the_version_that_was_read(shop):
    order_id, line_id = await placed(shop)
    for command, refusal in (
        (SetOrderLineStatus(order_id, "ol_0", "PICKING"), NotFound),
        (SetOrderLineStatus("ord_0", line_id, "PICKING"), NotFound),
        (SetOrderLineStatus(order_id, line_id, "PICKING", expected_version=1), VersionConflict),
    ):
        await shop.when(command)
        assert refusal is type(shop.refused)


async def test_money_is_neither_made_nor_lost_by_splitting(shop):
    order_id, line_id = await placed(shop, quantity=7)
    for quantity in (3, 1, 2):
        await shop.given(SetOrderLineStatus(order_id, line_id, "PICKING", quantity=quantity))
    total = sa.func.sum(t.order_lines.c.total)
    assert (7 * 333,) == tuple(shop.rows(sa.select(total))[0])


async def test_a_line_that_came_back_in_part_can_be_split(shop):
    await shop.sells("M")
    invoice = RecordPastOrder("1", "uk", shop.warehouse, "2010-12-01T08:26:00Z", [BookLine("M", "Mug", 10, "2.55")], "17850")
    order_id = (await shop.given(invoice))["order_id"]
    await shop.given(RecordCredit("C1", "uk", "2010-12-02T08:26:00Z", [BookLine("M", "Mug", 6, "2.55")], "17850"))
    (line,) = shop.lines(order_id)
    await shop.given(SetOrderLineStatus(order_id, line.id, "DELIVERED", quantity=5))
    told = [(line.quantity, line.shipped, line.returned) for line in shop.lines(order_id)]
    assert [(5, 5, 5), (5, 5, 1)] == told
