"""What a crash left between two phases is finished by recovery, once, at one of two ends: paid and placed, or given up."""

import asyncio
import datetime as dt

import pytest

from server.duties import recover_payments
from shop import clock
from shop.beside import beside
from tests.writes.paying import ledger, recover, standing
from tests.writes.test_payment_answers import PLACED, WAITING, completing, only, told
from writes import claims, providers, trial
from writes import tables as t
from writes.charging import CapturePayment, RefundPayment, VoidPayment
from writes.checkout import ExpireCheckout
from writes.orders import CancelOrder
from writes.refusals import StillInProgress

REOPENED = ("PENDING_PAYMENT", "OPEN", ["FAILED"], 2)
ENDED = ("CANCELED", "EXPIRED", ["FAILED"], 0)


class Cut(trial.Test):
    """Who calls is cut off while it asks: "before" it has acted, or "after". None: it answers."""

    def __init__(self):
        super().__init__()
        self.cuts = None
        self.acted = []

    async def perform(self, call):
        if self.cuts == "before":
            raise asyncio.CancelledError
        self.acted += [call.kind] if self._deed(call.entry_id) is None else []
        result = await super().perform(call)
        if self.cuts == "after":
            raise asyncio.CancelledError
        return result


@pytest.fixture
def bank():
    return Cut()


@pytest.fixture
async def shop(new_shop, bank):
    async with new_shop(test=bank) as one:
        await one.opens()
        yield one


async def cut_off(shop, bank, when, command, **sent):
    """Send a command whose process ends while the provider is asked."""
    bank.cuts = when
    with pytest.raises(asyncio.CancelledError):
        await shop.bus.send(command, **sent)
    bank.cuts = None


@pytest.mark.parametrize(("when", "ends"), [("before", REOPENED), ("after", PLACED)])
async def test_a_charge_that_a_crash_cut_off_is_finished_as_the_provider_says(shop, bank, when, ends):
    await cut_off(shop, bank, when, await completing(shop))
    assert WAITING == standing(shop)
    assert 0 == await recover(shop)  # its owner may still be at it
    shop.passes(seconds=30)
    assert (1, ends) == (await recover(shop), standing(shop))
    shop.passes(hours=1)
    assert 0 == await recover(shop)


@pytest.mark.parametrize(("when", "refused"), [("before", "PAYMENT_DECLINED"), ("after", None)])
async def test_a_key_that_a_crash_left_in_progress_is_answered_by_recovery(shop, bank, when, refused, monkeypatch):
    monkeypatch.setattr("writes.bus._TWIN_SECONDS", 0.05)
    command = await completing(shop)
    await cut_off(shop, bank, when, command, key="once")
    await shop.when(command, key="once")
    assert StillInProgress is type(shop.refused)
    shop.passes(seconds=30)
    await recover(shop)
    await shop.when(command, key="once")
    assert ([], True, refused) == (shop.happened, shop.answer.replayed, shop.refused and shop.refused.code)
    order = only(shop, t.orders)
    assert {"order_id": order.id, "checkout_id": command.checkout_id, "guest_order_id": order.id} == shop.answer.ids


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(("step", "how", "ends"), [
    (CapturePayment, {}, ("CAPTURED", 2000, 0)),
    (VoidPayment, {}, ("VOIDED", 0, 0)),
    (RefundPayment, {"capture": True}, ("CAPTURED", 2000, 2000)),
])  # fmt: skip
async def test_a_step_of_staff_that_a_crash_cut_off_is_done_once(shop, bank, when, step, how, ends):
    await shop.given(await completing(shop, **how))
    payment_id = only(shop, t.payments).id
    bank.acted.clear()
    await cut_off(shop, bank, when, step(payment_id), key="once")
    shop.passes(seconds=30)
    await recover(shop)
    row = only(shop, t.payments)
    assert (ends, 1) == ((row.state, row.captured, row.refunded), len(bank.acted))
    await shop.when(step(payment_id), key="once")
    assert (None, True) == (shop.refused, shop.answer.replayed)


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_canceled_order_gets_its_money_back_though_a_crash_came_between(shop, bank, when):
    await shop.given(await completing(shop, capture=True))
    bank.acted.clear()
    await cut_off(shop, bank, when, CancelOrder(only(shop, t.orders).id, "changed their mind"), key="once")
    shop.passes(seconds=30)
    await recover(shop)
    assert (["REFUND"], 2000) == (bank.acted, only(shop, t.payments).refunded)


async def test_late_money_for_an_expired_checkout_is_found_and_goes_back(shop, bank):
    command = await completing(shop)
    await cut_off(shop, bank, "after", command)
    shop.passes(minutes=11)
    await shop.given(ExpireCheckout(command.checkout_id))
    await recover(shop)
    assert (("CANCELED", "EXPIRED", ["VOIDED"], 0), ["AUTHORIZE", "VOID"]) == (standing(shop), bank.acted)


async def test_what_was_never_charged_is_released_when_the_checkout_expires(shop, bank):
    command = await completing(shop)
    await cut_off(shop, bank, "before", command)
    shop.passes(minutes=11)
    await recover(shop)
    await shop.given(ExpireCheckout(command.checkout_id))
    assert ENDED == standing(shop)


async def test_an_undecided_charge_is_asked_for_more_and_more_seldom_and_given_up_after_a_day(shop, bank):
    command = await completing(shop, "action")
    await shop.when(command)
    asked = 0
    while standing(shop)[2] == ["ACTION_REQUIRED"]:
        asked += await recover(shop)
        shop.passes(minutes=1)
    assert 24 < asked < 80
    failed = next(recorded for recorded in shop.log() if recorded.type == "PaymentFailed")
    assert "no_answer" == failed.event.decline_code
    assert clock.text(shop.now - dt.timedelta(hours=24)) >= only(shop, t.ledger_entries).at


async def test_what_gives_money_back_is_never_given_up(shop, bank):
    await shop.given(await completing(shop, capture=True))
    await cut_off(shop, bank, "before", RefundPayment(only(shop, t.payments).id))
    bank.cuts = None
    bank.ask = _undecided
    for _ in range(3):
        shop.passes(hours=13)
        assert 1 == await recover(shop)
    assert [("CAPTURE", "SUCCESS"), ("REFUND", "PENDING")] == ledger(shop)


async def _undecided(call):
    return providers.ProviderResult(None)


async def test_two_who_recover_at_once_ask_once(shop, bank):
    await cut_off(shop, bank, "before", await completing(shop))
    shop.passes(seconds=30)
    asked = []

    async def counted(call):
        asked.append(call.entry_id)
        await asyncio.sleep(0.05)
        return await trial.Test.ask(bank, call)

    bank.ask = counted
    writer = shop.database.new_writer()
    try:
        await asyncio.gather(recover(shop), recover(shop, shop.another_bus(writer)))
    finally:
        await writer.close()
    assert (1, REOPENED) == (len(asked), standing(shop))


async def test_a_webhook_that_comes_before_recovery_leaves_it_nothing_to_do(shop, bank):
    command = await completing(shop)
    await cut_off(shop, bank, "after", command, key="once")
    await shop.given(told(shop))
    shop.passes(seconds=30)
    assert (0, PLACED) == (await recover(shop), standing(shop))
    await shop.when(command, key="once")
    assert (None, True) == (shop.refused, shop.answer.replayed)


async def test_what_is_kept_by_hand_is_nobodys_to_recover(shop):
    await shop.given(await completing(shop, None))
    shop.passes(days=2)
    assert [] == shop.read(claims.overdue, clock.text(shop.now), 10)


async def test_a_provider_that_is_no_longer_open_is_waited_for(shop, bank):
    await cut_off(shop, bank, "after", await completing(shop))
    shop.passes(seconds=30)
    without = shop.another_bus(shop.writer, providers={"manual": shop.providers["manual"]})
    assert (1, WAITING) == (await recover(shop, without), standing(shop))
    shop.passes(minutes=1)
    assert (1, PLACED) == (await recover(shop), standing(shop))


async def test_the_duty_finishes_what_nobody_holds(shop, bank, monkeypatch):
    """This shop's clock is far behind: by the clock of the duty every claim has run out."""
    monkeypatch.setattr("server.duties._EVERY_SECONDS", 0.01)
    await cut_off(shop, bank, "after", await completing(shop))
    shop.passes(seconds=30)
    async with beside(recover_payments(shop.bus)), asyncio.timeout(10):
        while standing(shop) != PLACED:
            await asyncio.sleep(0.01)
