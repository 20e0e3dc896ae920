"""Staff capture, void and refund payments: never more than was promised, never more than is there, one step at a time."""

import asyncio

import pytest
import sqlalchemy as sa

from shop import events
from shop.events import LineQuantity
from shop.money import Money
from writes import providers, trial
from writes import tables as t
from writes.charging import CapturePayment, RefundPayment, VoidPayment
from writes.orders import CancelOrder
from writes.refusals import Invalid, NotAllowedFrom, NotFound, PaymentRefused


async def paid(shop, **how):
    """Given an order of 20.00; return its id and its payment's."""
    order_id = await shop.order((await shop.sells(stocked=5), 2), **how)
    return order_id, payment_of(shop, order_id)


def payment_of(shop, order_id):
    return shop.rows(sa.select(t.payments.c.id).where(t.payments.c.order_id == order_id))[0].id


def sums(shop, payment_id):
    row = shop.row(t.payments, payment_id)
    return row.state, row.authorized, row.captured, row.refunded


def pounds(amount):
    return Money(amount, "GBP")


async def test_what_was_promised_is_captured_in_parts_and_no_more_of_it(shop):
    _, payment_id = await paid(shop)
    await shop.when(CapturePayment(payment_id, pounds("5.00")))
    assert ["PaymentStarted", "PaymentCaptured"] == shop.names()
    assert "PARTIALLY_PAID" == shop.first(events.PaymentCaptured).payment_status
    assert ("CAPTURED", 2000, 500, 0) == sums(shop, payment_id)
    await shop.when(CapturePayment(payment_id, pounds("15.01")))
    assert (Invalid, ["input", "amount", "amount"], []) == (type(shop.refused), shop.refused.path, shop.happened)
    await shop.when(CapturePayment(payment_id))
    assert (1500, "PAID") == (shop.first(events.PaymentCaptured).amount, shop.first(events.PaymentCaptured).payment_status)
    await shop.when(CapturePayment(payment_id))
    assert (NotAllowedFrom, "CAPTURED") == (type(shop.refused), shop.refused.state)


async def test_money_by_hand_is_recorded_when_it_is_there(shop):
    _, payment_id = await paid(shop, token=None)
    await shop.when(CapturePayment(payment_id, pounds("5.00")))
    assert ["PaymentAuthorized", "PaymentStarted", "PaymentCaptured"] == shop.names()
    assert ("CAPTURED", 2000, 500, 0) == sums(shop, payment_id)
    await shop.when(CapturePayment(payment_id))
    assert "PAID" == shop.first(events.PaymentCaptured).payment_status
    await shop.when(RefundPayment(payment_id, pounds("1.00")))
    assert ("CAPTURED", 2000, 2000, 100) == sums(shop, payment_id)


async def test_only_what_is_promised_and_not_captured_is_voided(shop):
    _, payment_id = await paid(shop)
    await shop.when(VoidPayment(payment_id))
    assert ["PaymentStarted", "PaymentVoided"] == shop.names()
    assert "VOIDED" == shop.first(events.PaymentVoided).payment_status
    _, captured = await paid_again(shop, capture=True)
    _, by_hand = await paid_again(shop, token=None)
    for one, state in ((payment_id, "VOIDED"), (captured, "CAPTURED"), (by_hand, "CREATED")):
        await shop.when(VoidPayment(one))
        assert (NotAllowedFrom, ["id"], state) == (type(shop.refused), shop.refused.path, shop.refused.state)


async def paid_again(shop, **how):
    order_id = await shop.order((shop.rows(t.variants.select())[0].id, 1), **how)
    return order_id, payment_of(shop, order_id)


async def test_no_more_is_refunded_than_was_captured(shop):
    _, payment_id = await paid(shop, capture=True)
    await shop.when(RefundPayment(payment_id, pounds("5.00"), reason="a crack"))
    told = shop.first(events.PaymentRefunded)
    assert (500, 500, "PARTIALLY_REFUNDED", "a crack") == (told.amount, told.goods, told.payment_status, told.message)
    await shop.when(RefundPayment(payment_id, pounds("15.01")))
    assert (Invalid, []) == (type(shop.refused), shop.happened)
    await shop.when(RefundPayment(payment_id))
    assert (1500, "REFUNDED") == (shop.first(events.PaymentRefunded).amount, shop.first(events.PaymentRefunded).payment_status)
    await shop.when(RefundPayment(payment_id))
    assert NotAllowedFrom is type(shop.refused)


async def test_lines_say_how_much_is_refunded_unless_an_amount_does(shop):
    order_id, payment_id = await paid(shop, capture=True)
    one = [LineQuantity(shop.lines(order_id)[0].id, 1)]
    await shop.when(RefundPayment(payment_id, lines=one))
    assert 1000 == shop.first(events.PaymentRefunded).amount
    await shop.when(RefundPayment(payment_id, pounds("0.50"), lines=one))
    assert 50 == shop.first(events.PaymentRefunded).amount
    await shop.when(RefundPayment(payment_id, lines=one))
    assert (Invalid, ["input", "lines"]) == (type(shop.refused), shop.refused.path)


async def test_what_cannot_be_is_refused_with_its_place(shop):
    order_id, payment_id = await paid(shop, capture=True)
    line_id = shop.lines(order_id)[0].id
    for command, refusal, path in (
        (CapturePayment("pay_0"), NotFound, ["id"]),
        (RefundPayment(payment_id, Money("1.00", "EUR")), Invalid, ["input", "amount", "currency"]),
        (RefundPayment(payment_id, pounds("0.001")), Invalid, ["input", "amount", "amount"]),
        (RefundPayment(payment_id, pounds("0")), Invalid, ["input", "amount", "amount"]),
        (RefundPayment(payment_id, pounds("-1")), Invalid, ["input", "amount", "amount"]),
        (RefundPayment(payment_id, lines=[]), Invalid, ["input", "lines"]),
        (RefundPayment(payment_id, lines=[LineQuantity(line_id, 1)] * 2), Invalid, ["input", "lines"]),
        (RefundPayment(payment_id, lines=[LineQuantity("ol_0", 1)]), NotFound, ["input", "lines", "0", "lineId"]),
        (RefundPayment(payment_id, lines=[LineQuantity(line_id, 3)]), Invalid, ["input", "lines", "0", "quantity"]),
    ):
        await shop.when(command)
        assert (refusal, path, []) == (type(shop.refused), shop.refused.path, shop.happened)


async def test_a_canceled_order_takes_no_money_and_gives_back_what_it_has(shop):
    order_id, payment_id = await paid(shop, capture=True)
    _, promised = await paid_again(shop, token=None)
    await shop.given(CancelOrder(order_id, "settled later", refund=False))
    await shop.given(CancelOrder(shop.row(t.payments, promised).order_id, "settled later", refund=False))
    await shop.when(CapturePayment(promised))
    assert (NotAllowedFrom, "CANCELED") == (type(shop.refused), shop.refused.state)
    await shop.given(RefundPayment(payment_id))


class Refusing(trial.Test):
    """Takes promises and nothing else."""

    async def perform(self, call):
        if call.kind == "AUTHORIZE":
            return await super().perform(call)
        return providers.ProviderResult(succeeded=False, decline_code="gone", message="The card is gone.")


@pytest.mark.parametrize("command", [CapturePayment, VoidPayment])
async def test_what_a_provider_refuses_is_on_record_and_can_be_tried_again(new_shop, command):
    async with new_shop(test=Refusing()) as shop:
        await shop.opens()
        _, payment_id = await paid(shop)
        for _ in range(2):
            await shop.when(command(payment_id))
            assert (PaymentRefused, "gone", False) == (type(shop.refused), shop.refused.decline_code, shop.refused.retryable)
            assert ["PaymentStarted", "PaymentFailed"] == shop.names()
            assert ("AUTHORIZED", 2000, 0, 0) == sums(shop, payment_id)


async def test_canceling_tells_that_the_money_did_not_come_back_and_again_when_it_is_asked_again(new_shop):
    async with new_shop(test=Refusing()) as shop:
        await shop.opens()
        order_id, _ = await paid(shop)
        for replayed in (False, True):
            await shop.when(CancelOrder(order_id, "changed their mind"), key="once")
            assert ("PAYMENT_DECLINED", replayed) == (shop.refused.code, shop.answer.replayed)
        assert "CANCELED" == shop.row(t.orders, order_id).status


class Slow(trial.Test):
    """Takes its time, and counts what it was asked."""

    asked: list[str]

    def __init__(self):
        super().__init__()
        self.asked = []

    async def perform(self, call):
        self.asked.append(call.kind)
        await asyncio.sleep(0.05)
        return await super().perform(call)


@pytest.mark.parametrize(
    ("how", "commands"),
    [
        ({}, [CapturePayment, CapturePayment]),
        ({}, [CapturePayment, VoidPayment]),
        ({"capture": True}, [RefundPayment, RefundPayment]),
    ],
)
async def test_of_two_who_move_the_same_money_at_once_one_does(new_shop, how, commands):
    async with new_shop(test=Slow()) as shop:
        await shop.opens()
        _, payment_id = await paid(shop, **how)
        shop.providers["test"].asked.clear()
        writer = shop.database.new_writer()
        try:
            buses = [shop.bus, shop.another_bus(writer)]
            sent = [bus.send(command(payment_id)) for bus, command in zip(buses, commands, strict=True)]
            answers = await asyncio.gather(*sent)
        finally:
            await writer.close()
        assert [NotAllowedFrom] == [type(answer.refused) for answer in answers if answer.refused]
        assert 1 == len(shop.providers["test"].asked)


async def test_an_order_is_not_canceled_while_its_money_is_being_captured(new_shop):
    async with new_shop(test=Slow()) as shop:
        await shop.opens()
        order_id, payment_id = await paid(shop)
        capturing = asyncio.create_task(shop.bus.send(CapturePayment(payment_id)))
        while "CAPTURE" not in shop.providers["test"].asked:
            await asyncio.sleep(0.005)
        await shop.when(CancelOrder(order_id, "changed their mind"))
        assert (NotAllowedFrom, "PENDING") == (type(shop.refused), shop.refused.state)
        assert (await capturing).refused is None
        await shop.when(CancelOrder(order_id, "changed their mind"))
        assert 2000 == shop.first(events.PaymentRefunded).amount


async def test_the_same_key_captures_once(new_shop):
    async with new_shop(test=Slow()) as shop:
        await shop.opens()
        _, payment_id = await paid(shop)
        command = CapturePayment(payment_id, pounds("5.00"))
        answers = await asyncio.gather(*(shop.bus.send(command, key="once") for _ in range(3)))
        assert [False, True, True] == sorted(answer.replayed for answer in answers)
        assert ("CAPTURED", 2000, 500, 0) == sums(shop, payment_id)
