"""Lines canceled before they leave: stock is free again, the difference goes back, the last one ends the order."""

import pytest
import sqlalchemy as sa

from shop import events
from shop.events import LineQuantity
from shop.money import Money
from writes import tables as t
from writes.cancels import CancelOrderLines
from writes.charging import CapturePayment, RefundPayment
from writes.fulfillment import SetOrderLineStatus
from writes.parcels import CancelFulfillment, CreateFulfillment
from writes.refusals import AboveLimit, Invalid, NotAllowedFrom, NotFound


async def placed(shop, *, capture=True, **paid):
    """Given an order of 3 at 3.33 and 2 at 10.00; return its id and its lines' ids."""
    three, two = await shop.sells("A-1", price="3.33", stocked=10), await shop.sells("B-1", stocked=10)
    order_id = await shop.order((three, 3), (two, 2), capture=capture, **paid)
    lines = {line.variant_id: line.id for line in shop.lines(order_id)}
    return order_id, [lines[three], lines[two]]


def canceling(order_id, *lines, **how):
    return CancelOrderLines(order_id, [LineQuantity(*line) for line in lines], **how)


def statuses(shop, order_id):
    return sorted((line.quantity, line.canceled, line.status) for line in shop.lines(order_id))


def payment(shop, order_id):
    return shop.rows(sa.select(t.payments).where(t.payments.c.order_id == order_id))[0]


async def test_a_canceled_line_frees_its_stock_and_gives_back_what_it_cost(shop):
    order_id, (three, _) = await placed(shop)
    await shop.when(canceling(order_id, (three, 3), reason="Sold out"))
    names = ["OrderLineMoved", "OrderLinesCanceled", "StockDeallocated", "PaymentStarted", "PaymentRefunded"]
    assert names == shop.names()
    told = shop.first(events.OrderLinesCanceled)
    assert ([LineQuantity(three, 3)], 2000, 2000, "PAID") == (told.lines, told.subtotal, told.total, told.payment_status)
    assert (999, "PARTIALLY_REFUNDED") == (
        shop.first(events.PaymentRefunded).amount, shop.first(events.PaymentRefunded).payment_status,
    )  # fmt: skip
    assert [(2, 0, "ALLOCATED"), (3, 3, "CANCELED")] == statuses(shop, order_id)
    assert (10, 0, 0) == shop.level(shop.row(t.order_lines, three).variant_id)


async def test_a_part_of_a_line_is_canceled_as_a_line_of_its_own(shop):
    order_id, (three, _) = await placed(shop)
    await shop.when(canceling(order_id, (three, 2)))
    split = shop.first(events.OrderLineMoved).split
    assert (666, [events.Share(shop.warehouse, 2)]) == (split.total, split.allocations)
    assert [(1, 0, "ALLOCATED"), (2, 0, "ALLOCATED"), (2, 2, "CANCELED")] == statuses(shop, order_id)
    assert 666 == shop.first(events.PaymentRefunded).amount


async def test_money_may_stay_where_it_is_and_be_given_back_later(shop):
    order_id, (three, _) = await placed(shop)
    await shop.when(canceling(order_id, (three, 3), refund=False))
    assert "PaymentStarted" not in shop.names()
    await shop.given(RefundPayment(payment(shop, order_id).id, lines=[LineQuantity(three, 3)]))
    assert 999 == payment(shop, order_id).refunded


async def test_what_was_only_promised_is_not_taken_for_canceled_lines(shop):
    order_id, (three, _) = await placed(shop, capture=False)
    await shop.when(canceling(order_id, (three, 3)))
    assert ["OrderLineMoved", "OrderLinesCanceled", "StockDeallocated"] == shop.names()
    await shop.when(CapturePayment(payment(shop, order_id).id))
    assert (2000, "PAID") == (shop.first(events.PaymentCaptured).amount, shop.first(events.PaymentCaptured).payment_status)
    await shop.when(CapturePayment(payment(shop, order_id).id))
    assert NotAllowedFrom is type(shop.refused)


async def test_of_what_was_paid_in_part_no_more_goes_back_than_the_rest_costs_less(shop):
    order_id, (three, two) = await placed(shop, token=None)
    await shop.given(CapturePayment(payment(shop, order_id).id, Money("25.00", "GBP")))
    await shop.when(canceling(order_id, (three, 3)))
    assert 500 == shop.first(events.PaymentRefunded).amount
    await shop.when(canceling(order_id, (two, 1)))
    assert 1000 == shop.first(events.PaymentRefunded).amount


async def test_the_rest_is_sent_though_money_went_back_for_what_was_canceled(shop):
    order_id, (three, two) = await placed(shop)
    await shop.given(canceling(order_id, (three, 3)))
    await shop.given(*(SetOrderLineStatus(order_id, two, status) for status in ("PICKING", "SHIPPED")))
    assert [(2, 0, "SHIPPED"), (3, 3, "CANCELED")] == statuses(shop, order_id)


async def test_nothing_is_sent_for_which_all_money_went_back(shop):
    order_id, (three, _) = await placed(shop)
    await shop.given(RefundPayment(payment(shop, order_id).id), SetOrderLineStatus(order_id, three, "PICKING"))
    await shop.when(SetOrderLineStatus(order_id, three, "SHIPPED"))
    assert (NotAllowedFrom, "REFUNDED") == (type(shop.refused), shop.refused.state)


async def test_the_last_line_takes_the_order_with_it(shop):
    order_id, (three, two) = await placed(shop)
    await shop.given(canceling(order_id, (three, 3)))
    await shop.when(canceling(order_id, (two, 2)))
    assert ["OrderCanceled", "StockDeallocated", "PaymentStarted", "PaymentRefunded"] == shop.names()
    assert ("CANCELED", 2999) == (shop.row(t.orders, order_id).status, payment(shop, order_id).refunded)
    await shop.when(canceling(order_id, (two, 2)))
    assert (NotAllowedFrom, "CANCELED") == (type(shop.refused), shop.refused.state)


async def test_where_the_rest_has_arrived_the_order_is_complete(shop):
    order_id, (three, two) = await placed(shop)
    for status in ("PICKING", "SHIPPED", "DELIVERED"):
        await shop.given(SetOrderLineStatus(order_id, two, status))
    await shop.when(canceling(order_id, (three, 3)))
    assert ("FULFILLED", "OrderCompleted") == (shop.first(events.OrderLinesCanceled).fulfillment_status, shop.names()[3])


async def test_what_cannot_be_canceled_is_refused_with_its_place(shop):
    order_id, (three, two) = await placed(shop)
    for status in ("PICKING", "SHIPPED"):
        await shop.given(SetOrderLineStatus(order_id, two, status))
    line = ["input", "lines", "0"]
    for command, refusal, path in (
        (canceling("ord_0", (three, 1)), NotFound, ["id"]),
        (canceling(order_id), Invalid, ["input", "lines"]),
        (canceling(order_id, (three, 1), (three, 1)), Invalid, ["input", "lines"]),
        (canceling(order_id, ("ol_0", 1)), NotFound, [*line, "lineId"]),
        (canceling(order_id, (two, 1)), NotAllowedFrom, [*line, "lineId"]),
        (canceling(order_id, (three, 0)), Invalid, [*line, "quantity"]),
        (canceling(order_id, (three, 4)), AboveLimit, [*line, "quantity"]),
    ):
        await shop.when(command)
        assert (refusal, path, []) == (type(shop.refused), shop.refused.path, shop.happened)


async def test_what_is_packed_is_unpacked_before_it_is_canceled(shop):
    order_id, (three, _) = await placed(shop)
    packed = await shop.given(CreateFulfillment(order_id, shop.warehouse, [LineQuantity(three, 3)]))
    await shop.when(canceling(order_id, (three, 3)))
    assert (NotAllowedFrom, "PENDING") == (type(shop.refused), shop.refused.state)
    await shop.given(CancelFulfillment(packed["fulfillment_id"]), canceling(order_id, (three, 3)))


@pytest.mark.parametrize("quantity", [2, 3])
async def test_a_line_canceled_by_hand_is_canceled_the_same_way(shop, quantity):
    order_id, (three, _) = await placed(shop)
    await shop.given(SetOrderLineStatus(order_id, three, "PICKING"))
    await shop.when(SetOrderLineStatus(order_id, three, "CANCELED", quantity=quantity))
    names = ["OrderLineMoved", "OrderLinesCanceled", "StockDeallocated", "PaymentStarted", "PaymentRefunded"]
    assert (names, 333 * quantity) == (shop.names(), shop.first(events.PaymentRefunded).amount)
