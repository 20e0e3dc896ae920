"""Whatever a provider answers, when and how often: an order is placed once, its money moves once, and the buyer is told."""

import asyncio

import pytest

from shop import events
from tests.writes.paying import ledger, recover, standing, webhooks
from writes import providers, trial
from writes import tables as t
from writes.chargebacks import RecordChargeback
from writes.charging import CapturePayment, RefundPayment
from writes.checkout import ExpireCheckout
from writes.payments import RecordPaymentResult
from writes.recovery import ContinuePayment
from writes.refusals import Invalid, NotAllowedFrom, NotFound
from writes.work import Limits

PLACED = ("PLACED", "COMPLETED", ["AUTHORIZED"], 2)
WAITING = ("PENDING_PAYMENT", "PAYMENT_PENDING", ["CREATED"], 2)


async def completing(shop, token="approve", **changed):
    """The command that pays for two of what is sold for 10.00."""
    return shop.completing(await shop.checkout((await shop.sells(stocked=5), 2)), token, **changed)


def only(shop, table):
    (row,) = shop.rows(table.select())
    return row


def told(shop, *, succeeded=True):
    """The provider's answer to the only step there is, whoever brings it."""
    entry, payment = only(shop, t.ledger_entries), only(shop, t.payments)
    result = providers.ProviderResult(succeeded, reference=f"test_{entry.id}" if succeeded else None)
    return RecordPaymentResult(payment.order_id, payment.id, entry.id, result)


async def test_a_provider_that_does_not_answer_in_time_leaves_the_payment_pending(shop):
    bus = shop.another_bus(shop.writer, limits=Limits(provider_seconds=0.02))
    answer = await bus.send(await completing(shop, "timeout"), key="once")
    refused = answer.refused
    assert ("PAYMENT_PENDING", only(shop, t.payments).id, False) == (refused.code, refused.payment_id, refused.retryable)
    assert (only(shop, t.orders).id, len(shop.log())) == (answer.ids["order_id"], answer.position.position)
    assert (WAITING, [("AUTHORIZE", "PENDING")]) == (standing(shop), ledger(shop))


class Broken(trial.Test):
    """Acts, then falls over its own feet."""

    async def perform(self, call):
        await super().perform(call)
        raise ZeroDivisionError


async def test_a_provider_that_raises_leaves_the_payment_pending(new_shop):
    async with new_shop(test=Broken()) as shop:
        await shop.opens()
        await shop.when(await completing(shop))
        assert ("PAYMENT_PENDING", WAITING) == (shop.refused.code, standing(shop))


async def test_what_is_pending_cannot_be_completed_again_or_canceled(shop):
    command = await completing(shop, "late")
    await shop.when(command)
    await shop.when(command)
    assert (NotAllowedFrom, "PAYMENT_PENDING") == (type(shop.refused), shop.refused.state)


@pytest.mark.parametrize(("succeeded", "then"), [(True, PLACED), (False, ("PENDING_PAYMENT", "OPEN", ["FAILED"], 2))])
async def test_a_late_answer_by_webhook_is_the_answer(shop, succeeded, then):
    await shop.when(await completing(shop, "late"))
    assert WAITING == standing(shop)
    await shop.when(told(shop, succeeded=succeeded))
    assert then == standing(shop)
    await shop.when(told(shop, succeeded=succeeded))
    assert [] == shop.happened


async def test_the_test_providers_own_webhooks_tell_what_it_did_as_often_as_they_come(new_shop):
    for token, messages in (("late", 1), ("twice", 2), ("approve", 0)):
        bank = trial.Test(late_seconds=0)
        async with new_shop(test=bank) as shop:
            await shop.opens()
            await shop.when(await completing(shop, token, capture=True))
            assert messages == await webhooks(shop, bank)
            assert 0 == await webhooks(shop, bank)
            assert (2000, 1) == (only(shop, t.payments).captured, [r.type for r in shop.log()].count("OrderPlaced"))


async def test_the_buyer_is_asked_for_an_action_and_goes_on_after_it(shop):
    await shop.when(await completing(shop, "action", return_url="https://shop.example/back"))
    asked = shop.first(events.PaymentActionRequired)
    assert (None, "REDIRECT") == (shop.refused, shop.answer.ids["action"]["kind"])
    assert ({"returnUrl": "https://shop.example/back"}, "NONE") == (asked.action.data, asked.payment_status)
    assert ("PENDING_PAYMENT", "PAYMENT_PENDING", ["ACTION_REQUIRED"], 2) == standing(shop)
    await shop.when(ContinuePayment(asked.payment_id, {"paid": "yes"}))
    assert (None, PLACED) == (shop.refused, standing(shop))
    assert {"order_id": asked.order_id, "checkout_id": only(shop, t.checkouts).id} == shop.answer.ids


async def test_a_buyer_who_refuses_the_action_may_pay_in_another_way(shop):
    command = await completing(shop, "action")
    await shop.when(command)
    await shop.when(ContinuePayment(only(shop, t.payments).id, {"approved": False}))
    assert ("card_declined", True) == (shop.refused.decline_code, shop.refused.retryable)
    await shop.when(ContinuePayment(only(shop, t.payments).id))
    assert ("card_declined", []) == (shop.refused.decline_code, shop.happened)
    await shop.when(shop.completing(command.checkout_id))
    assert ("PLACED", "COMPLETED", ["FAILED", "AUTHORIZED"], 2) == standing(shop)


async def test_a_buyer_who_comes_back_after_the_webhook_finds_the_work_done(shop):
    await shop.when(await completing(shop, "action"))
    await shop.when(told(shop))
    placed = next(recorded.position for recorded in shop.log() if recorded.type == "OrderPlaced")
    await shop.when(ContinuePayment(only(shop, t.payments).id))
    assert (None, [], placed) == (shop.refused, shop.happened, shop.answer.position.position)


async def test_a_payment_that_waits_for_no_buyer_is_not_gone_on_with(shop):
    await shop.order((await shop.sells(stocked=5), 1), token=None)
    for payment_id, refusal in ((only(shop, t.payments).id, NotAllowedFrom), ("pay_0", NotFound)):
        await shop.when(ContinuePayment(payment_id))
        assert (refusal, ["id"]) == (type(shop.refused), shop.refused.path)


@pytest.mark.parametrize("capture", [False, True])
async def test_return_webhook_and_recovery_at_once_make_one_order_and_one_capture(shop, capture):
    await shop.when(await completing(shop, "action", capture=capture))
    await shop.providers["test"].resume(providers.ProviderCall(
        "test", only(shop, t.ledger_entries).id, "", "", "AUTHORIZE", 0, "GBP"
    ))  # fmt: skip
    shop.passes(seconds=30)
    writers = [shop.database.new_writer() for _ in range(2)]
    try:
        buses = [shop.bus, *map(shop.another_bus, writers)]
        payment_id, webhook = only(shop, t.payments).id, told(shop)
        back = [bus.send(ContinuePayment(payment_id)) for bus in buses]
        answers = await asyncio.gather(*back, *(bus.send(webhook) for bus in buses), recover(shop, buses[1]))
    finally:
        for writer in writers:
            await writer.close()
    assert [None] * 6 == [answer.refused for answer in answers[:6]]
    names = [recorded.type for recorded in shop.log()]
    assert (1, 1) == (names.count("OrderPlaced"), names.count("PaymentCaptured" if capture else "PaymentAuthorized"))
    assert 2000 == only(shop, t.payments).authorized
    assert 0 == await recover(shop)


async def test_a_late_charge_for_an_order_that_another_payment_placed_goes_back(shop):
    """Given a charge that was given up, and another that placed the order; then the first had moved money after all."""
    command = await completing(shop, "late")
    await shop.when(command)
    late = told(shop)
    await shop.when(told(shop, succeeded=False))
    await shop.given(shop.completing(command.checkout_id))
    await shop.when(late)
    assert ["PaymentAuthorized", "PaymentStarted", "PaymentVoided"] == shop.names()
    assert ("PLACED", "COMPLETED", ["VOIDED", "AUTHORIZED"], 2) == standing(shop)
    assert "AUTHORIZED" == shop.first(events.PaymentVoided).payment_status


async def test_a_checkout_that_expires_while_it_is_paid_is_canceled_and_its_late_money_goes_back(shop):
    command = await completing(shop, "late", capture=True)
    await shop.when(command)
    shop.passes(minutes=11)
    await shop.when(ExpireCheckout(command.checkout_id))
    assert ["CheckoutExpired", "OrderCanceled", "StockDeallocated"] == shop.names()
    await shop.when(told(shop))
    assert ["PaymentCaptured", "PaymentStarted", "PaymentRefunded"] == shop.names()
    assert ("CANCELED", "EXPIRED", ["CAPTURED"], 0) == standing(shop)
    assert "REFUNDED" == shop.first(events.PaymentRefunded).payment_status


async def test_a_provider_that_is_not_open_in_the_channel_is_no_way_to_pay_there(shop):
    command = await completing(shop)
    closed, opened = (shop.another_bus(shop.writer, open_in={"uk": ways}) for ways in (["manual"], ["test"]))
    refused = (await closed.send(command)).refused
    assert (Invalid, ["input", "paymentProvider"]) == (type(refused), refused.path)
    assert "open: manual" in refused.message
    assert (await opened.send(command)).refused is None


async def test_a_chargeback_is_on_record_once_and_what_it_took_is_not_refunded_again(shop):
    await shop.given(await completing(shop, capture=True))
    payment = only(shop, t.payments)
    chargeback = RecordChargeback(payment.order_id, payment.id, "dispute_1", 1500, "stolen card")
    await shop.when(chargeback)
    told = shop.first(events.ChargebackRecorded)
    assert (1500, "PAID", "dispute_1", "stolen card") == (told.amount, told.payment_status, told.provider_ref, told.message)
    assert [("CAPTURE", "SUCCESS"), ("CHARGEBACK", "SUCCESS")] == ledger(shop)
    await shop.when(chargeback)
    assert [] == shop.happened
    await shop.when(RefundPayment(payment.id))
    assert 500 == shop.first(events.PaymentRefunded).amount
    await shop.when(RefundPayment(payment.id))
    assert NotAllowedFrom is type(shop.refused)


async def test_a_step_of_staff_that_is_not_answered_is_pending_and_holds_the_payment(new_shop):
    async with new_shop(test=Broken()) as shop:
        await shop.opens()
        await shop.when(await completing(shop))
        await shop.given(told(shop))
        payment_id = only(shop, t.payments).id
        for _ in range(2):
            await shop.when(CapturePayment(payment_id))
        assert (NotAllowedFrom, "PENDING") == (type(shop.refused), shop.refused.state)
        shop.passes(seconds=30)
        assert (1, 0) == (await recover(shop), await recover(shop))
        assert ("CAPTURED", 2000) == (only(shop, t.payments).state, only(shop, t.payments).captured)
