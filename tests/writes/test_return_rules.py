"""Returns: within their time, of what was sent and is not coming back already; received, restocked and paid back as asked."""

import asyncio
import itertools

import pytest
import sqlalchemy as sa

from schema.fulfillment import ReturnState
from shop import events
from shop.events import LineQuantity
from shop.money import Money
from writes import providers, trial
from writes import tables as t
from writes.charging import RefundPayment
from writes.fulfillment import SetOrderLineStatus
from writes.refusals import AboveLimit, Invalid, NotAllowedFrom, NotFound, PaymentRefused
from writes.returns import MOVES, ApproveReturn, CancelReturn, ReceiveReturn, RejectReturn, RequestReturn
from writes.stock import CreateWarehouse

STEP = {
    "APPROVED": lambda _, one: ApproveReturn(one),
    "REJECTED": lambda _, one: RejectReturn(one, "Worn"),
    "CANCELED": lambda _, one: CancelReturn(one),
    "RECEIVED": lambda shop, one: ReceiveReturn(one, shop.warehouse, refund=False),
}
WAY = {"REQUESTED": [], "APPROVED": ["APPROVED"], "RECEIVED": ["APPROVED", "RECEIVED"]}
WAY |= {"REJECTED": ["REJECTED"], "CANCELED": ["CANCELED"]}


async def sent(shop, quantity=3, *, capture=True, price="3.33", **paid):
    """Given an order of one line that has left; return its id and the line's."""
    order_id = await shop.order((await shop.sells(price=price, stocked=10), quantity), capture=capture, **paid)
    line_id = shop.lines(order_id)[0].id
    await shop.given(*(SetOrderLineStatus(order_id, line_id, status) for status in ("PICKING", "SHIPPED")))
    return order_id, line_id


def asking(order_id, *lines, reason=None):
    return RequestReturn(order_id, [LineQuantity(*line) for line in lines], reason)


async def approved(shop, order_id, line_id, quantity):
    """Given a return that may come; return its id."""
    return_id = (await shop.given(asking(order_id, (line_id, quantity))))["return_id"]
    await shop.given(ApproveReturn(return_id))
    return return_id


def state(shop, return_id):
    row = shop.row(t.returns, return_id)
    return row.state, row.refunded


def statuses(shop, order_id):
    return [(line.quantity, line.returned, line.status) for line in shop.lines(order_id)]


def refunded(shop, order_id):
    columns = t.payments.c
    return shop.rows(sa.select(sa.func.sum(columns.refunded)).where(columns.order_id == order_id))[0][0]


def payment_of(shop, order_id):
    return shop.rows(sa.select(t.payments.c.id).where(t.payments.c.order_id == order_id))[0].id


def test_every_state_of_a_return_says_where_it_may_go():
    assert {state.value for state in ReturnState} == set(MOVES)
    assert set(MOVES) >= set(itertools.chain(*MOVES.values()))


@pytest.mark.parametrize("now", WAY)
async def test_a_return_takes_no_step_that_is_not_legal(shop, now):
    order_id, line_id = await sent(shop)
    return_id = (await shop.given(asking(order_id, (line_id, 1))))["return_id"]
    await shop.given(*(STEP[step](shop, return_id) for step in WAY[now]))
    for wanted in STEP.keys() - set(MOVES[now]):
        await shop.when(STEP[wanted](shop, return_id))
        assert (NotAllowedFrom, ["id"], now, []) == (
            type(shop.refused), shop.refused.path, shop.refused.state, shop.happened,
        )  # fmt: skip


async def test_a_return_is_asked_for_with_its_reason(shop):
    order_id, line_id = await sent(shop)
    await shop.when(asking(order_id, (line_id, 2), reason="Too small"))
    told = shop.first(events.ReturnRequested)
    assert (["ReturnRequested"], [LineQuantity(line_id, 2)], "Too small") == (shop.names(), told.lines, told.reason)
    assert [(3, 0, "SHIPPED")] == statuses(shop, order_id)


async def test_what_cannot_come_back_is_refused_with_its_place(shop):
    order_id, line_id = await sent(shop)
    waiting = await shop.order((shop.lines(order_id)[0].variant_id, 1), capture=True)
    for command, refusal, path in (
        (asking("ord_0", (line_id, 1)), NotFound, ["input", "orderId"]),
        (asking(order_id), Invalid, ["input", "lines"]),
        (asking(order_id, (line_id, 1), (line_id, 1)), Invalid, ["input", "lines"]),
        (asking(order_id, ("ol_0", 1)), NotFound, ["input", "lines", "0", "lineId"]),
        (asking(order_id, (line_id, 0)), Invalid, ["input", "lines", "0", "quantity"]),
        (asking(order_id, (line_id, 4)), AboveLimit, ["input", "lines", "0", "quantity"]),
        (asking(waiting, (shop.lines(waiting)[0].id, 1)), AboveLimit, ["input", "lines", "0", "quantity"]),
        (ApproveReturn("ret_0"), NotFound, ["id"]),
    ):
        await shop.when(command)
        assert (refusal, path, []) == (type(shop.refused), shop.refused.path, shop.happened)


async def test_units_are_in_one_return_at_a_time(shop):
    order_id, line_id = await sent(shop)
    first = (await shop.given(asking(order_id, (line_id, 2))))["return_id"]
    await shop.when(asking(order_id, (line_id, 2)))
    assert (AboveLimit, 1) == (type(shop.refused), shop.refused.limit)
    await shop.given(RejectReturn(first, "Worn"))
    second = await approved(shop, order_id, line_id, 2)
    await shop.given(ReceiveReturn(second, shop.warehouse))
    await shop.when(asking(order_id, (line_id, 2)))
    assert (AboveLimit, 1) == (type(shop.refused), shop.refused.limit)


async def test_goods_come_back_while_their_time_lasts(shop):
    order_id, line_id = await sent(shop)
    shop.passes(days=5)
    await shop.given(SetOrderLineStatus(order_id, line_id, "DELIVERED"))
    shop.passes(days=30)
    await shop.given(asking(order_id, (line_id, 1)))
    shop.passes(seconds=1)
    await shop.when(asking(order_id, (line_id, 1)))
    assert (Invalid, ["input", "lines", "0", "lineId"]) == (type(shop.refused), shop.refused.path)


async def test_what_came_back_is_a_line_of_its_own_back_on_the_shelf_and_paid_back(shop):
    order_id, line_id = await sent(shop)
    return_id = await approved(shop, order_id, line_id, 2)
    await shop.when(ReceiveReturn(return_id, shop.warehouse))
    names = ["OrderLineMoved", "ReturnReceived", "StockReturned", "PaymentStarted", "PaymentRefunded", "ReturnRefunded"]
    assert names == shop.names()
    assert [(1, 0, "SHIPPED"), (2, 2, "RETURNED")] == statuses(shop, order_id)
    assert ("PARTIALLY_RETURNED", True) == (
        shop.first(events.ReturnReceived).fulfillment_status, shop.first(events.StockReturned).active,
    )  # fmt: skip
    assert (666, 666) == (shop.first(events.PaymentRefunded).amount, shop.first(events.ReturnRefunded).refunded)
    assert ("REFUNDED", 666) == state(shop, return_id)
    assert (9, 0, 0) == shop.level(shop.lines(order_id)[0].variant_id)


async def test_all_that_came_back_is_all_that_was_paid(shop):
    order_id, line_id = await sent(shop, price="0.01")
    for left in (1, 1, 1):
        return_id = await approved(shop, order_id, line_id, left)
        await shop.when(ReceiveReturn(return_id, shop.warehouse))
        line_id = next((line.id for line in shop.lines(order_id) if line.status == "SHIPPED"), None)
    assert 3 == refunded(shop, order_id)
    assert "RETURNED" == shop.first(events.ReturnReceived).fulfillment_status
    assert "OrderCompleted" in shop.names()


async def test_goods_may_stay_off_the_shelf_and_money_where_it_is(shop):
    order_id, line_id = await sent(shop)
    return_id = await approved(shop, order_id, line_id, 3)
    await shop.when(ReceiveReturn(return_id, shop.warehouse, restock=False, refund=False))
    assert ["OrderLineMoved", "ReturnReceived", "OrderCompleted"] == shop.names()
    assert not shop.first(events.ReturnReceived).restocked
    assert (("RECEIVED", 0), 0) == (state(shop, return_id), refunded(shop, order_id))
    assert (7, 0, 0) == shop.level(shop.lines(order_id)[0].variant_id)


async def test_a_return_is_refunded_once_the_money_of_its_lines_has_gone_back(shop):
    order_id, line_id = await sent(shop)
    return_id = await approved(shop, order_id, line_id, 2)
    await shop.given(ReceiveReturn(return_id, shop.warehouse, refund=False))
    back = shop.lines(order_id)[1].id
    await shop.given(RefundPayment(payment_of(shop, order_id), lines=[LineQuantity(back, 1)]))
    assert ("RECEIVED", 0) == state(shop, return_id)
    await shop.when(RefundPayment(payment_of(shop, order_id), lines=[LineQuantity(back, 1)]))
    assert ["PaymentStarted", "PaymentRefunded", "ReturnRefunded"] == shop.names()
    assert ("REFUNDED", 666) == state(shop, return_id)


async def test_units_that_are_paid_back_already_are_not_paid_back_again(shop):
    order_id, line_id = await sent(shop)
    await shop.given(RefundPayment(payment_of(shop, order_id), lines=[LineQuantity(line_id, 3)]))
    return_id = await approved(shop, order_id, line_id, 3)
    await shop.when(ReceiveReturn(return_id, shop.warehouse))
    assert "PaymentStarted" not in shop.names()
    assert 999 == refunded(shop, order_id)


async def test_no_more_goes_back_than_there_is(shop):
    order_id, line_id = await sent(shop)
    await shop.given(RefundPayment(payment_of(shop, order_id), Money("9.00", "GBP")))
    return_id = await approved(shop, order_id, line_id, 3)
    await shop.when(ReceiveReturn(return_id, shop.warehouse))
    assert (99, 999) == (shop.first(events.PaymentRefunded).amount, refunded(shop, order_id))


async def test_goods_of_money_that_never_came_are_received_without_a_refund(shop):
    order_id, line_id = await sent(shop, capture=False)
    return_id = await approved(shop, order_id, line_id, 1)
    await shop.when(ReceiveReturn(return_id, shop.warehouse))
    assert "PaymentStarted" not in shop.names()
    assert ("RECEIVED", 0) == state(shop, return_id)


async def test_goods_come_back_to_any_warehouse_and_are_not_for_sale_in_one_that_does_not_sell(shop):
    order_id, line_id = await sent(shop)
    shut = (await shop.given(CreateWarehouse("shut", "Shut", active=False)))["warehouse_id"]
    return_id = await approved(shop, order_id, line_id, 3)
    await shop.when(ReceiveReturn(return_id, "wh_0"))
    assert (NotFound, ["input", "warehouseId"], []) == (type(shop.refused), shop.refused.path, shop.happened)
    await shop.when(ReceiveReturn(return_id, shut))
    assert not shop.first(events.StockReturned).active
    assert (3, 0, 0) == shop.level(shop.lines(order_id)[0].variant_id, shut)


async def test_a_line_set_returned_by_hand_is_a_return_received_at_once(shop):
    order_id, line_id = await sent(shop)
    await shop.given(SetOrderLineStatus(order_id, line_id, "DELIVERED"))
    await shop.when(SetOrderLineStatus(order_id, line_id, "RETURNED", quantity=1))
    began = ["ReturnRequested", "ReturnApproved", "OrderLineMoved", "ReturnReceived", "StockReturned"]
    assert [*began, "PaymentStarted", "PaymentRefunded", "ReturnRefunded"] == shop.names()
    assert [(2, 0, "DELIVERED"), (1, 1, "RETURNED")] == statuses(shop, order_id)
    assert (8, 0, 0) == shop.level(shop.lines(order_id)[0].variant_id)


async def test_units_that_are_coming_back_are_not_set_returned_by_hand(shop):
    order_id, line_id = await sent(shop)
    await shop.given(SetOrderLineStatus(order_id, line_id, "DELIVERED"))
    await approved(shop, order_id, line_id, 2)
    await shop.when(SetOrderLineStatus(order_id, line_id, "RETURNED", quantity=2))
    assert (AboveLimit, 1) == (type(shop.refused), shop.refused.limit)


async def test_an_open_return_follows_its_units_when_their_line_is_cut(shop):
    order_id, line_id = await sent(shop)
    return_id = await approved(shop, order_id, line_id, 2)
    await shop.when(SetOrderLineStatus(order_id, line_id, "DELIVERED", quantity=2))
    split = shop.first(events.OrderLineMoved).split
    assert [events.Share(return_id, 1)] == split.returns
    await shop.given(ReceiveReturn(return_id, shop.warehouse))
    assert [(1, 1, "RETURNED"), (1, 0, "DELIVERED"), (1, 1, "RETURNED")] == statuses(shop, order_id)


class Stingy(trial.Test):
    """Gives nothing back."""

    async def perform(self, call):
        if call.kind != "REFUND":
            return await super().perform(call)
        return providers.ProviderResult(succeeded=False, decline_code="gone", message="The card is gone.")


async def test_money_that_a_provider_does_not_give_back_can_be_asked_for_again(new_shop):
    async with new_shop(test=Stingy()) as shop:
        await shop.opens()
        order_id, line_id = await sent(shop)
        return_id = await approved(shop, order_id, line_id, 3)
        await shop.when(ReceiveReturn(return_id, shop.warehouse))
        assert (PaymentRefused, ("RECEIVED", 0)) == (type(shop.refused), state(shop, return_id))
        shop.providers["test"] = trial.Test()
        await shop.given(RefundPayment(payment_of(shop, order_id), lines=[LineQuantity(line_id, 3)]))
        assert ("REFUNDED", 999) == state(shop, return_id)


class Slow(trial.Test):
    async def perform(self, call):
        await asyncio.sleep(0.05)
        return await super().perform(call)


async def test_the_same_units_are_received_and_paid_back_once_by_two_at_the_same_time(new_shop):
    async with new_shop(test=Slow()) as shop:
        await shop.opens()
        order_id, line_id = await sent(shop)
        return_id = await approved(shop, order_id, line_id, 3)
        writer = shop.database.new_writer()
        try:
            buses = [shop.bus, shop.another_bus(writer)]
            answers = await asyncio.gather(*(bus.send(ReceiveReturn(return_id, shop.warehouse)) for bus in buses))
        finally:
            await writer.close()
        assert [NotAllowedFrom] == [type(answer.refused) for answer in answers if answer.refused]
        assert ((10, 0, 0), 999) == (shop.level(shop.lines(order_id)[0].variant_id), refunded(shop, order_id))
