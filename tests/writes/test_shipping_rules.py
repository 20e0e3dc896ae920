"""Where the shop ships to and for how much: methods are kept, quoted, chosen, and asked for where there are any."""

import asyncio
import datetime as dt

import pytest

from shop import clock, events
from shop.events import Address, Quote
from shop.money import Money
from writes import tables as t
from writes.charging import RefundPayment
from writes.checkout import CancelCheckout, StartCheckout
from writes.checkout_edits import SelectShipping, UpdateCheckout
from writes.completing import CompleteCheckout
from writes.providers import ProviderResult
from writes.refusals import Invalid, NotAllowedFrom, NotFound, PriceChanged
from writes.shipping import CreateShippingMethod, UpdateShippingMethod

HOME = Address("Ann", "1 High St", "York", "GB", "YO1 7HH")
ABROAD = Address("Ann", "1 Rue Haute", "Brest", "FR")


def pounds(amount):
    return Money(amount, "GBP")


async def ships(shop, price="4.99", countries=("GB",), **more):
    """Given a shipping method of the channel; return its id."""
    made = await shop.given(CreateShippingMethod("Post", list(countries), pounds(price), "uk", **more))
    return made["shipping_method_id"]


async def started(shop, *wanted, address=HOME):
    wanted = wanted or ((await shop.sells(price="10.00", stocked=50), 2),)
    return (await shop.given(StartCheckout(await shop.cart(*wanted), shipping_address=address)))["checkout_id"]


async def test_a_method_is_kept_and_told(shop):
    more = {"free_from": pounds("50.00"), "max_weight_grams": 2000, "min_days": 2, "max_days": 4}
    await shop.when(CreateShippingMethod(" Royal Mail ", ["GB", "IE", "GB"], pounds("4.99"), "uk", **more))
    told = shop.first(events.ShippingMethodDefined)
    assert ("Royal Mail", ["GB", "IE"], 499, 5000, True) == (told.name, told.countries, told.price, told.free_from, told.active)


@pytest.mark.parametrize(("changed", "path"), [
    ({"channel": "nowhere"}, ["input", "channel"]), ({"name": " "}, ["input", "name"]),
    ({"countries": []}, ["input", "countries"]),
    ({"countries": ["gb"]}, ["input", "countries"]), ({"price": Money("1.00", "EUR")}, ["input", "price", "currency"]),
    ({"price": pounds("1.001")}, ["input", "price", "amount"]), ({"price": pounds("-1.00")}, ["input", "price", "amount"]),
    ({"free_from": Money("1", "EUR")}, ["input", "freeFrom", "currency"]),
    ({"max_weight_grams": -1}, ["input", "maxWeightGrams"]), ({"min_days": 5, "max_days": 4}, ["input", "minDays"]),
])  # fmt: skip
async def test_what_no_method_can_be_is_refused(shop, changed, path):
    right = {"name": "Post", "countries": ["GB"], "price": pounds("4.99"), "channel": "uk"}
    await shop.when(CreateShippingMethod(**{**right, **changed}))
    assert path == list(shop.refused.path)
    assert [] == shop.happened


async def test_a_method_is_changed_in_what_is_said_and_cleared_by_nothing(shop):
    method = await ships(shop, free_from=pounds("50.00"), max_weight_grams=2000)
    await shop.when(UpdateShippingMethod(method, price=pounds("5.50"), free_from=None))
    told = shop.first(events.ShippingMethodDefined)
    assert (550, None, 2000, "Post") == (told.price, told.free_from, told.max_weight_grams, told.name)
    await shop.when(UpdateShippingMethod(method, price=pounds("5.50")))
    assert [] == shop.happened
    await shop.when(UpdateShippingMethod("ship_0", active=False))
    assert NotFound is type(shop.refused)


async def test_a_channel_without_an_active_method_asks_for_none(shop):
    await ships(shop, active=False)
    checkout_id = await started(shop, address=None)
    assert (await shop.when(shop.completing(checkout_id))).refused is None


async def test_a_chosen_method_is_part_of_the_total_and_of_the_order(shop):
    method, checkout_id = await ships(shop, min_days=2), await started(shop)
    await shop.when(SelectShipping(checkout_id, method))
    assert Quote(method, "Post", 499, 2) == shop.first(events.ShippingSelected).method
    assert (499, 2499) == (shop.first(events.CheckoutPriced).shipping, shop.first(events.CheckoutPriced).total)
    await shop.when(shop.completing(checkout_id))
    created = shop.first(events.OrderCreated)
    assert (2000, 499, 2499, method) == (created.subtotal, created.shipping, created.total, created.shipping_method.id)


async def test_choosing_again_what_is_chosen_changes_nothing(shop):
    method, checkout_id = await ships(shop), await started(shop)
    await shop.given(SelectShipping(checkout_id, method))
    await shop.when(SelectShipping(checkout_id, method))
    assert [] == shop.happened


async def test_it_costs_nothing_from_so_much_on(shop):
    method, checkout_id = await ships(shop, free_from=pounds("20.00")), await started(shop)
    await shop.when(SelectShipping(checkout_id, method))
    assert ["ShippingSelected"] == shop.names()
    assert (0, 2000) == (shop.row(t.checkouts, checkout_id).shipping, shop.row(t.checkouts, checkout_id).total)


async def test_a_method_that_does_not_fit_is_not_chosen(shop):
    french, off = await ships(shop, countries=["FR"]), await ships(shop, active=False)
    await ships(shop)
    checkout_id = await started(shop)
    for quote_id in (french, off, "ship_0"):
        await shop.when(SelectShipping(checkout_id, quote_id))
        assert (Invalid, ["quoteId"]) == (type(shop.refused), list(shop.refused.path))


async def test_a_heavy_parcel_needs_a_method_that_carries_it(shop):
    light = await ships(shop, max_weight_grams=999)
    checkout_id = await started(shop)
    shop.database.change(lambda connection: connection.execute(t.checkouts.update().values(weight_grams=1000)))
    await shop.when(SelectShipping(checkout_id, light))
    assert Invalid is type(shop.refused)


async def test_without_an_address_nothing_is_chosen(shop):
    method, checkout_id = await ships(shop), await started(shop, address=None)
    await shop.when(SelectShipping(checkout_id, method))
    assert Invalid is type(shop.refused)


async def test_a_country_that_is_not_served_is_refused(shop):
    await ships(shop)
    mug = await shop.sells(stocked=5)
    await shop.when(StartCheckout(await shop.cart((mug, 1)), shipping_address=ABROAD))
    assert ["input", "shippingAddress", "country"] == list(shop.refused.path)
    await shop.when(UpdateCheckout(await started(shop, (mug, 1)), shipping_address=ABROAD))
    assert ["input", "shippingAddress", "country"] == list(shop.refused.path)


async def test_completing_needs_an_address_and_a_method_where_there_are_any(shop):
    method, checkout_id = await ships(shop), await started(shop, address=None)
    await shop.when(shop.completing(checkout_id))
    assert "address" in shop.refused.message
    await shop.given(UpdateCheckout(checkout_id, shipping_address=HOME))
    await shop.when(shop.completing(checkout_id))
    assert "Choose a way to ship" in shop.refused.message
    await shop.given(SelectShipping(checkout_id, method))
    assert (await shop.when(shop.completing(checkout_id))).refused is None


async def test_an_address_that_the_method_does_not_serve_drops_it(shop):
    method = await ships(shop)
    await ships(shop, countries=["FR"])
    checkout_id = await started(shop)
    await shop.given(SelectShipping(checkout_id, method))
    await shop.when(UpdateCheckout(checkout_id, shipping_address=ABROAD))
    assert ["CheckoutAddressed", "ShippingSelected", "CheckoutPriced"] == shop.names()
    assert (None, 2000) == (shop.first(events.ShippingSelected).method, shop.first(events.CheckoutPriced).total)


async def test_a_method_whose_price_changed_is_a_changed_price_at_completion(shop):
    method, checkout_id = await ships(shop), await started(shop)
    await shop.given(SelectShipping(checkout_id, method), UpdateShippingMethod(method, price=pounds("6.00")))
    await shop.when(shop.completing(checkout_id))
    assert PriceChanged is type(shop.refused)
    assert (2499, 2600) == (shop.refused.expected, shop.refused.actual)
    await shop.when(CompleteCheckout(checkout_id, "26.00", "GBP", "test", "approve"))
    assert ["ShippingSelected", "CheckoutPriced", "OrderCreated"] == shop.names()[:3]
    assert 2600 == shop.first(events.OrderCreated).total


async def test_a_method_that_is_switched_off_is_to_be_chosen_anew(shop):
    method, checkout_id = await ships(shop), await started(shop)
    await ships(shop, price="1.00")
    await shop.given(SelectShipping(checkout_id, method), UpdateShippingMethod(method, active=False))
    await shop.when(shop.completing(checkout_id))
    assert "Choose a way to ship" in shop.refused.message


async def test_what_is_left_out_stays_and_nothing_clears(shop):
    checkout_id = await started(shop)
    await shop.given(UpdateCheckout(checkout_id, email="ann@example.com", metadata={"gift": True}))
    await shop.when(UpdateCheckout(checkout_id, billing_address=HOME, metadata=None))
    told = shop.first(events.CheckoutAddressed)
    assert ("ann@example.com", HOME, HOME, None) == (told.email, told.shipping_address, told.billing_address, told.metadata)
    await shop.when(UpdateCheckout(checkout_id, email="nobody"))
    assert ["input", "email"] == list(shop.refused.path)


async def test_a_change_holds_the_stock_for_longer_up_to_an_hour(shop):
    checkout_id = await started(shop)
    began = shop.now
    for minutes in (9, 9, 9, 9, 9, 9):
        shop.passes(minutes=minutes)
        await shop.when(UpdateCheckout(checkout_id, email=f"ann{minutes}@example.com"))
    assert clock.text(began + dt.timedelta(minutes=60)) == shop.row(t.checkouts, checkout_id).reserved_until
    shop.passes(minutes=5)
    await shop.when(UpdateCheckout(checkout_id, email="late@example.com"))
    assert ["CheckoutAddressed"] == shop.names()


class Slow:
    """A provider that answers when the test lets it."""

    by_hand = False
    ship_before_payment = False

    def __init__(self):
        self.asked, self.may_answer = asyncio.Event(), asyncio.Event()

    async def perform(self, call):
        self.asked.set()
        await self.may_answer.wait()
        return ProviderResult(succeeded=True, reference=call.entry_id)

    def accepts(self, token):
        return token is None


async def test_a_checkout_is_not_changed_while_it_is_paid_nor_once_it_is_over(new_shop):
    slow = Slow()
    async with new_shop(slow=slow) as shop:
        await shop.opens()
        mug = await shop.sells(stocked=5)
        checkout_id, over = await started(shop, (mug, 1)), await started(shop, (mug, 1))
        await shop.given(CancelCheckout(over))
        paying = asyncio.create_task(shop.bus.send(shop.completing(checkout_id, None, payment_provider="slow")))
        await slow.asked.wait()
        for one, state in ((checkout_id, "PAYMENT_PENDING"), (over, "CANCELED")):
            await shop.when(UpdateCheckout(one, email="ann@example.com"))
            assert (NotAllowedFrom, state) == (type(shop.refused), shop.refused.state)
        slow.may_answer.set()
        assert (await paying).refused is None


async def test_a_checkout_whose_order_waits_is_paid_as_it_is(shop):
    checkout_id = await started(shop)
    await shop.when(shop.completing(checkout_id, "decline"))
    await shop.when(UpdateCheckout(checkout_id, shipping_address=ABROAD))
    assert (NotAllowedFrom, "PENDING_PAYMENT") == (type(shop.refused), shop.refused.state)


async def test_shipping_is_refunded_where_it_is_asked_for(shop):
    method, checkout_id = await ships(shop), await started(shop)
    await shop.given(SelectShipping(checkout_id, method))
    order_id = (await shop.given(shop.completing(checkout_id, capture=True)))["order_id"]
    (payment,) = shop.rows(t.payments.select())
    await shop.when(RefundPayment(payment.id, shipping=True))
    assert 499 == shop.first(events.PaymentRefunded).amount
    line = events.LineQuantity(shop.lines(order_id)[0].id, 2)
    await shop.when(RefundPayment(payment.id, lines=[line]))
    assert (2000, "REFUNDED") == (
        shop.first(events.PaymentRefunded).amount, shop.first(events.PaymentRefunded).payment_status,
    )  # fmt: skip
    goods = [recorded.event.goods for recorded in shop.log() if recorded.type == "PaymentRefunded"]
    assert 2000 == sum(goods)
