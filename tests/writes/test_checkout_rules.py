"""From a cart to an order: prices are taken, stock is held, money is asked for, and one order comes of it."""

import asyncio
import datetime as dt

import pytest
import sqlalchemy as sa

from shop import clock, events
from shop.events import Address
from writes import tables as t
from writes.carts import AddCartLines, LineIn
from writes.checkout import CancelCheckout, ExpireCheckout, StartCheckout, overdue_checkouts
from writes.completing import CompleteCheckout
from writes.providers import ProviderResult
from writes.refusals import Invalid, NotAllowedFrom, NotFound, PaymentRefused, PriceChanged, ReservationExpired
from writes.variants import PriceIn, SetVariantPrices


class Slow:
    """A provider that answers when the test lets it."""

    by_hand = False
    ship_before_payment = False

    def __init__(self, *, succeeds=True):
        self.asked, self.may_answer, self.succeeds = asyncio.Event(), asyncio.Event(), succeeds
        self.calls = []

    async def perform(self, call):
        self.calls.append(call)
        self.asked.set()
        await self.may_answer.wait()
        return ProviderResult(self.succeeds, reference=f"slow_{call.entry_id}")

    def accepts(self, token):
        return token is None


async def completed_slowly(shop, provider, checkout_id, **sent):
    """When a checkout is being paid and the provider has not answered yet; returns the call's task."""
    command = shop.completing(checkout_id, None, payment_provider="slow")
    sending = asyncio.create_task(shop.bus.send(command, **sent))
    await provider.asked.wait()
    return sending


async def test_a_checkout_takes_the_prices_and_holds_the_stock(shop):
    mug = await shop.sells("M", price="2.50", stocked=5)
    await shop.when(StartCheckout(await shop.cart((mug, 3)), email="ann@example.com"))
    started = shop.first(events.CheckoutStarted)
    assert (750, 750, "GBP", "ann@example.com") == (started.subtotal, started.total, started.currency, started.email)
    assert [("M", 3, 250, 750)] == [(line.sku, line.quantity, line.unit_price, line.total) for line in started.lines]
    assert clock.text(shop.now + dt.timedelta(minutes=10)) == started.reserved_until
    assert ["CheckoutStarted", "StockReserved"] == shop.names()
    assert (5, 0, 3) == shop.level(mug)


async def test_a_price_that_changes_later_is_not_the_checkouts(shop):
    mug = await shop.sells(price="2.50", stocked=5)
    checkout_id = await shop.checkout((mug, 2))
    await shop.given(SetVariantPrices(mug, [PriceIn("uk", "9.99", "GBP")]))
    await shop.when(shop.completing(checkout_id))
    assert 500 == shop.first(events.OrderCreated).total


async def test_an_empty_cart_cannot_be_checked_out(shop):
    await shop.when(StartCheckout(await shop.cart()))
    assert Invalid is type(shop.refused)


async def test_another_total_than_the_expected_one_is_refused_and_told(shop):
    checkout_id = await shop.checkout((await shop.sells(price="2.50", stocked=5), 2))
    await shop.when(CompleteCheckout(checkout_id, "4.99", "GBP", "test", "approve"))
    assert PriceChanged is type(shop.refused)
    assert (499, 500, "GBP") == (shop.refused.expected, shop.refused.actual, shop.refused.currency)
    assert [] == shop.happened


@pytest.mark.parametrize("changed", [
    {"expected_currency": "EUR"}, {"expected_total": "5.001"}, {"payment_provider": "none"}, {"payment_token": "free"},
])  # fmt: skip
async def test_what_cannot_be_right_is_refused_before_anything_is_written(shop, changed):
    checkout_id = await shop.checkout((await shop.sells(price="2.50", stocked=5), 2))
    right = {"expected_total": "5.00", "expected_currency": "GBP", "payment_provider": "test", "payment_token": "approve"}
    await shop.when(CompleteCheckout(checkout_id, **{**right, **changed}))
    assert Invalid is type(shop.refused)
    assert [] == shop.happened


async def test_a_checkout_that_does_not_exist_is_told_so(shop):
    await shop.when(CompleteCheckout("chk_0", "1.00", "GBP"))
    assert NotFound is type(shop.refused)


async def test_paying_by_hand_places_the_order_unpaid(shop):
    mug = await shop.sells(stocked=5)
    await shop.when(shop.completing(await shop.checkout((mug, 2)), None))
    assert ["OrderCreated", "StockAllocated", "PaymentStarted", "OrderPlaced", "CartClosed"] == shop.names()
    assert "NONE" == shop.first(events.PaymentStarted).payment_status
    assert (5, 2, 0) == shop.level(mug)
    assert {"order_id", "checkout_id", "guest_order_id"} == set(shop.answer.ids)


async def test_an_approved_payment_places_the_order_authorized(shop):
    await shop.when(shop.completing(await shop.checkout((await shop.sells(stocked=5), 2))))
    told = ["OrderCreated", "StockAllocated", "PaymentStarted", "PaymentAuthorized", "OrderPlaced", "CartClosed"]
    assert told == shop.names()
    assert "AUTHORIZED" == shop.first(events.PaymentAuthorized).payment_status
    assert len(shop.log()) == shop.answer.position.position


async def test_a_captured_payment_makes_the_order_paid(shop):
    await shop.when(shop.completing(await shop.checkout((await shop.sells(stocked=5), 2)), capture=True))
    assert "PAID" == shop.first(events.PaymentCaptured).payment_status
    assert "PLACED" == shop.row(t.orders, shop.answer.ids["order_id"]).status


async def test_the_order_says_what_it_sold_of_each_product(shop):
    mug, cup = await shop.sells("M", price="2.00", stocked=5), await shop.sells("C", price="3.00", stocked=5)
    await shop.when(shop.completing(await shop.checkout((mug, 2), (cup, 1))))
    sold = {one.units: one.revenue for one in shop.first(events.OrderPlaced).sold}
    assert {2: 400, 1: 300} == sold


async def test_the_order_keeps_who_it_is_for_and_where_it_goes(shop):
    address = Address("Ann", "1 High St", "York", "GB", "YO1 7HH")
    cart_id = await shop.cart((await shop.sells(stocked=5), 1))
    told = {"email": "ann@example.com", "shipping_address": address, "metadata": {"gift": True}}
    checkout_id = (await shop.given(StartCheckout(cart_id, **told)))["checkout_id"]
    await shop.when(shop.completing(checkout_id))
    created = shop.first(events.OrderCreated)
    assert ("ann@example.com", address, {"gift": True}) == (created.email, created.shipping_address, created.metadata)


async def test_what_costs_nothing_needs_no_provider(shop):
    checkout_id = await shop.checkout((await shop.sells(price="0.00", stocked=5), 2))
    await shop.when(CompleteCheckout(checkout_id, "0", "GBP"))
    assert ["OrderCreated", "StockAllocated", "OrderPlaced", "CartClosed"] == shop.names()


async def test_a_declined_payment_is_on_record_and_the_checkout_is_open_again(shop):
    mug = await shop.sells(stocked=5)
    checkout_id = await shop.checkout((mug, 2))
    await shop.when(shop.completing(checkout_id, "decline"))
    assert PaymentRefused is type(shop.refused)
    assert ("PAYMENT_DECLINED", "card_declined", True) == (
        shop.refused.code, shop.refused.decline_code, shop.refused.retryable,
    )  # fmt: skip
    assert ["PaymentFailed", "CheckoutReopened"] == shop.names()[-2:]
    assert shop.answer.ids["order_id"] == shop.first(events.OrderCreated).order_id
    assert len(shop.log()) == shop.answer.position.position
    assert "OPEN" == shop.row(t.checkouts, checkout_id).status
    assert (5, 2, 0) == shop.level(mug)


async def test_completing_again_adds_a_payment_to_the_same_order(shop):
    checkout_id = await shop.checkout((await shop.sells(stocked=5), 2))
    first = await shop.when(shop.completing(checkout_id, "decline"))
    await shop.when(shop.completing(checkout_id, "approve"))
    assert first.ids["order_id"] == shop.answer.ids["order_id"]
    assert ["PaymentStarted", "PaymentAuthorized", "OrderPlaced", "CartClosed"] == shop.names()
    states = shop.rows(sa.select(t.payments.c.state).order_by(t.payments.c.id))
    assert ["FAILED", "AUTHORIZED"] == [row.state for row in states]


async def test_a_checkout_is_completed_once(shop):
    checkout_id = await shop.checkout((await shop.sells(stocked=5), 2))
    await shop.given(shop.completing(checkout_id))
    await shop.when(shop.completing(checkout_id))
    assert NotAllowedFrom is type(shop.refused)
    assert "COMPLETED" == shop.refused.state


async def test_two_completions_at_the_same_time_make_one_order(shop):
    checkout_id = await shop.checkout((await shop.sells(stocked=5), 2))
    answers = await asyncio.gather(*(shop.bus.send(shop.completing(checkout_id)) for _ in range(2)))
    assert [None, NotAllowedFrom] == sorted((a.refused and type(a.refused) for a in answers), key=bool)
    assert 1 == len(shop.rows(t.orders.select()))


async def test_order_numbers_follow_each_other(shop):
    mug = await shop.sells(stocked=5)
    numbers = [shop.row(t.orders, await shop.order((mug, 1))).number for _ in range(2)]
    assert ["T100001", "T100002"] == numbers


async def test_canceling_gives_the_stock_back(shop):
    mug = await shop.sells(stocked=5)
    checkout_id = await shop.checkout((mug, 2))
    await shop.when(CancelCheckout(checkout_id))
    assert ["CheckoutCanceled", "StockReleased"] == shop.names()
    assert (5, 0, 0) == shop.level(mug)


async def test_canceling_after_a_declined_payment_cancels_the_waiting_order(shop):
    mug = await shop.sells(stocked=5)
    checkout_id = await shop.checkout((mug, 2))
    declined = await shop.when(shop.completing(checkout_id, "decline"))
    await shop.when(CancelCheckout(checkout_id))
    assert ["CheckoutCanceled", "OrderCanceled", "StockDeallocated"] == shop.names()
    assert declined.ids["order_id"] == shop.first(events.OrderCanceled).order_id
    assert (5, 0, 0) == shop.level(mug)


async def test_a_canceled_checkout_cannot_be_canceled_again(shop):
    checkout_id = await shop.checkout((await shop.sells(stocked=5), 2))
    await shop.given(CancelCheckout(checkout_id))
    await shop.when(CancelCheckout(checkout_id))
    assert NotAllowedFrom is type(shop.refused)


async def test_starting_again_cancels_the_earlier_checkout(shop):
    mug = await shop.sells(stocked=2)
    cart_id = await shop.cart((mug, 2))
    earlier = (await shop.given(StartCheckout(cart_id)))["checkout_id"]
    await shop.when(StartCheckout(cart_id))
    assert ["CheckoutCanceled", "StockReleased", "CheckoutStarted", "StockReserved"] == shop.names()
    assert "CANCELED" == shop.row(t.checkouts, earlier).status
    assert (2, 0, 2) == shop.level(mug)


async def test_a_start_that_is_refused_leaves_the_earlier_checkout_alone(shop):
    mug = await shop.sells(stocked=2)
    cart_id = await shop.cart((mug, 2))
    await shop.given(StartCheckout(cart_id), AddCartLines(cart_id, [LineIn(mug, 1)]))
    await shop.when(StartCheckout(cart_id))
    assert shop.refused is not None
    assert (2, 0, 2) == shop.level(mug)


async def test_a_checkout_expires_once_and_not_before_its_time(shop):
    mug = await shop.sells(stocked=5)
    checkout_id = await shop.checkout((mug, 2))
    await shop.when(ExpireCheckout(checkout_id))
    assert [] == shop.happened
    shop.passes(minutes=10)
    assert [checkout_id] == shop.read(overdue_checkouts, clock.text(shop.now), 10)
    await shop.when(ExpireCheckout(checkout_id))
    assert ["CheckoutExpired", "StockReleased"] == shop.names()
    await shop.when(ExpireCheckout(checkout_id))
    assert [] == shop.happened
    assert (5, 0, 0) == shop.level(mug)


async def test_an_expired_checkout_cannot_be_completed(shop):
    checkout_id = await shop.checkout((await shop.sells(stocked=5), 2))
    shop.passes(minutes=11)
    await shop.given(ExpireCheckout(checkout_id))
    await shop.when(shop.completing(checkout_id))
    assert ReservationExpired is type(shop.refused)


async def test_a_late_buyer_whose_stock_nobody_wanted_still_buys(shop):
    checkout_id = await shop.checkout((await shop.sells(stocked=5), 2))
    shop.passes(minutes=11)
    assert (await shop.when(shop.completing(checkout_id))).refused is None


async def test_a_cart_is_not_changed_while_its_checkout_is_being_paid(new_shop):
    slow = Slow()
    async with new_shop(slow=slow) as shop:
        await shop.opens()
        mug = await shop.sells(stocked=5)
        cart_id = await shop.cart((mug, 1))
        checkout_id = (await shop.given(StartCheckout(cart_id)))["checkout_id"]
        paying = await completed_slowly(shop, slow, checkout_id)
        for command in (AddCartLines(cart_id, [LineIn(mug, 1)]), CancelCheckout(checkout_id), StartCheckout(cart_id)):
            await shop.when(command)
            assert "PAYMENT_PENDING" == shop.refused.state
        slow.may_answer.set()
        assert (await paying).refused is None


async def test_a_checkout_that_expires_while_it_is_paid_gives_the_money_back(new_shop):
    slow = Slow()
    async with new_shop(slow=slow) as shop:
        await shop.opens()
        mug = await shop.sells(stocked=5)
        checkout_id = await shop.checkout((mug, 1))
        paying = await completed_slowly(shop, slow, checkout_id)
        shop.passes(minutes=11)
        await shop.given(ExpireCheckout(checkout_id))
        slow.may_answer.set()
        answer = await paying
        assert ("PAYMENT_DECLINED", False) == (answer.refused.code, answer.refused.retryable)
        assert ["AUTHORIZE", "VOID"] == [call.kind for call in slow.calls]
        assert ["PaymentAuthorized", "PaymentStarted", "PaymentVoided"] == [r.type for r in shop.log()[-3:]]
        assert ("CANCELED", "VOIDED") == (shop.rows(t.orders.select())[0].status, shop.rows(t.payments.select())[0].state)
        assert (5, 0, 0) == shop.level(mug)


async def test_a_twin_waits_for_a_payment_in_progress_and_gets_its_answer(new_shop):
    slow = Slow()
    async with new_shop(slow=slow) as shop:
        await shop.opens()
        checkout_id = await shop.checkout((await shop.sells(stocked=5), 1))
        paying = await completed_slowly(shop, slow, checkout_id, key="pay-once")
        twin = asyncio.create_task(shop.bus.send(shop.completing(checkout_id, None, payment_provider="slow"), key="pay-once"))
        await asyncio.sleep(0.05)
        assert not twin.done()
        slow.may_answer.set()
        first, second = await asyncio.gather(paying, twin)
        assert (False, True) == (first.replayed, second.replayed)
        assert (first.ids, first.position) == (second.ids, second.position)
        assert 1 == len(slow.calls)


async def test_a_declined_payment_is_replayed_as_it_was(shop):
    checkout_id = await shop.checkout((await shop.sells(stocked=5), 2))
    command = shop.completing(checkout_id, "decline")
    first = await shop.when(command, key="once")
    second = await shop.when(command, key="once")
    assert [] == shop.happened
    assert (True, first.ids, first.position) == (second.replayed, second.ids, second.position)
    assert (str(first.refused), vars(first.refused)) == (str(second.refused), vars(second.refused))
