"""Codes take something off: put on carts, priced in checkouts, used up by orders, given back where none was placed."""

import asyncio
import datetime as dt
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa

from shop import events
from shop.events import Address
from shop.money import Money
from writes import price_tables as p
from writes import tables as t
from writes.carts import AddCartLines, LineIn
from writes.charging import RefundPayment
from writes.checkout import CancelCheckout, StartCheckout
from writes.checkout_edits import SelectShipping
from writes.codes import ApplyCode, RemoveCode
from writes.completing import CompleteCheckout
from writes.fulfillment import SetOrderLineStatus
from writes.orders import CancelOrder
from writes.promotions import CreatePromotion, DeactivatePromotion, UpdatePromotion
from writes.refusals import (
    AboveLimit,
    CodeNotApplicable,
    Invalid,
    NotAllowedFrom,
    NotFound,
    PriceChanged,
    Taken,
    VersionConflict,
)
from writes.shipping import CreateShippingMethod
from writes.taxes import SetTaxRate

REDEEMING = Path(__file__).with_name("redeeming.py")


def pounds(amount):
    return Money(amount, "GBP")


async def code(shop, code="TEN", kind="PERCENTAGE", **more):
    """Given a promotion, ten percent off unless more is said; return its id."""
    gift = {"PERCENTAGE": {"percentage": "10"}, "FIXED_AMOUNT": {"amount": pounds("5.00")}, "FREE_SHIPPING": {}}[kind]
    return (await shop.given(CreatePromotion(code, f"About {code}", kind, **{**gift, **more})))["promotion_id"]


async def cart_of(shop, *codes, price="10.00", quantity=2):
    """Given a cart of a new product with some codes."""
    number = len(shop.rows(t.products.select()))
    cart_id = await shop.cart((await shop.sells(f"S-{number}", price=price, stocked=50), quantity))
    await shop.given(*(ApplyCode(cart_id, one) for one in codes))
    return cart_id


async def started(shop, *codes, **more):
    return (await shop.given(StartCheckout(await cart_of(shop, *codes, **more))))["checkout_id"]


def used(shop, promotion_id):
    return shop.row(p.promotions, promotion_id).used


def of_customer(shop, cart_id, customer_id="cus_1"):
    """Given that a customer whom the shop knows owns the cart."""

    def owned(connection):
        known = sa.select(t.customers.c.id).where(t.customers.c.id == customer_id)
        if connection.scalar(known) is None:
            connection.execute(t.customers.insert().values(id=customer_id))
        connection.execute(t.carts.update().where(t.carts.c.id == cart_id).values(customer_id=customer_id))

    shop.database.change(owned)


async def test_a_promotion_is_kept_and_told(shop):
    begins = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
    more = {"starts_at": begins, "minimum_subtotal": pounds("20"), "usage_limit": 5, "once_per_customer": True}
    await shop.when(CreatePromotion(" Spring ", "Spring sale", "PERCENTAGE", "7.50", **more))
    told = shop.first(events.PromotionDefined)
    assert ("Spring", "7.5", 2000, "GBP", 5) == (
        told.code, told.percentage, told.minimum_subtotal, told.currency, told.usage_limit,
    )  # fmt: skip
    assert "2026-03-01T00:00:00.000Z" == told.starts_at


@pytest.mark.parametrize(("changed", "path"), [
    ({"code": " "}, "code"), ({"name": ""}, "name"), ({"kind": "GIFT"}, "kind"), ({"percentage": "101"}, "percentage"),
    ({"percentage": None}, "percentage"), ({"amount": pounds("1")}, "amount"), ({"usage_limit": 0}, "usageLimit"),
    ({"kind": "FIXED_AMOUNT", "percentage": None}, "amount"), ({"minimum_subtotal": pounds("0")}, "minimumSubtotal"),
    ({"kind": "FREE_SHIPPING"}, "percentage"), ({"minimum_subtotal": pounds("1.001")}, "minimumSubtotal"),
    ({"kind": "FIXED_AMOUNT", "percentage": None, "amount": pounds("1"), "minimum_subtotal": Money("1", "EUR")}, "amount"),
    ({"starts_at": dt.datetime(2026, 3, 1, tzinfo=dt.UTC), "ends_at": dt.datetime(2026, 3, 1, tzinfo=dt.UTC)}, "endsAt"),
])  # fmt: skip
async def test_what_no_promotion_can_be_is_refused(shop, changed, path):
    right = {"code": "TEN", "name": "Ten", "kind": "PERCENTAGE", "percentage": "10"}
    await shop.when(CreatePromotion(**{**right, **changed}))
    assert (Invalid, ["input", path]) == (type(shop.refused), list(shop.refused.path)[:2])


async def test_codes_compare_without_case_and_belong_to_one(shop):
    ten = await code(shop)
    await shop.when(CreatePromotion("ten", "Another", "PERCENTAGE", "5"))
    assert Taken is type(shop.refused)
    await shop.given(UpdatePromotion(ten, code="ELEVEN"))
    assert await code(shop, "Ten")


async def test_a_promotion_is_changed_in_what_is_said(shop):
    ten = await code(shop, minimum_subtotal=pounds("20"))
    await shop.when(UpdatePromotion(ten, kind="FIXED_AMOUNT", percentage=None, amount=pounds("3"), minimum_subtotal=None))
    told = shop.first(events.PromotionDefined)
    assert ("FIXED_AMOUNT", None, 300, None, "TEN") == (
        told.kind,
        told.percentage,
        told.amount,
        told.minimum_subtotal,
        told.code,
    )
    await shop.when(UpdatePromotion(ten, name="Another", expected_version=7))
    assert VersionConflict is type(shop.refused)
    await shop.given(DeactivatePromotion(ten))
    for command in (UpdatePromotion(ten, name="Another"), DeactivatePromotion(ten)):
        await shop.when(command)
        assert NotAllowedFrom is type(shop.refused)
    await shop.when(DeactivatePromotion("promo_0"))
    assert NotFound is type(shop.refused)


async def test_a_code_is_put_on_a_cart_once_and_taken_off(shop):
    await code(shop)
    cart_id = await cart_of(shop)
    await shop.when(ApplyCode(cart_id, " ten "))
    assert ["CodeApplied"] == shop.names()
    await shop.when(ApplyCode(cart_id, "TEN"))
    assert [] == shop.happened
    await shop.when(RemoveCode(cart_id, "Ten"))
    assert ["CodeRemoved"] == shop.names()
    await shop.when(RemoveCode(cart_id, "Ten"))
    assert NotFound is type(shop.refused)


async def test_why_a_code_does_not_apply_is_told(shop):
    day = dt.timedelta(days=1)
    await code(shop, "SOON", starts_at=shop.now + day)
    await code(shop, "OVER", ends_at=shop.now)
    await code(shop, "MUCH", minimum_subtotal=pounds("25.50"))
    await code(shop, "MINE", once_per_customer=True)
    await code(shop, "EURO", kind="FIXED_AMOUNT", amount=Money("5.00", "EUR"))
    await shop.given(DeactivatePromotion(await code(shop, "GONE")))
    cart_id = await cart_of(shop)
    for name, reason, missing in (
        ("NONE", "UNKNOWN", None), ("SOON", "NOT_STARTED", None), ("OVER", "EXPIRED", None), ("GONE", "EXPIRED", None),
        ("MUCH", "MINIMUM_NOT_MET", 550), ("MINE", "SIGN_IN_REQUIRED", None), ("EURO", "UNKNOWN", None),
    ):  # fmt: skip
        await shop.when(ApplyCode(cart_id, name))
        assert (CodeNotApplicable, reason, missing) == (type(shop.refused), shop.refused.reason, shop.refused.missing), name
        assert [] == shop.happened


async def test_two_codes_that_free_the_shipping_do_not_go_together(shop):
    await code(shop, "SHIP", "FREE_SHIPPING")
    await code(shop, "AHOY", "FREE_SHIPPING")
    cart_id = await cart_of(shop, "SHIP")
    await shop.when(ApplyCode(cart_id, "AHOY"))
    assert "NOT_COMBINABLE" == shop.refused.reason


async def test_a_cart_has_ten_codes_at_most(shop):
    for number in range(11):
        await code(shop, f"C{number}")
    cart_id = await cart_of(shop, *(f"C{number}" for number in range(10)))
    await shop.when(ApplyCode(cart_id, "C10"))
    assert (AboveLimit, 10) == (type(shop.refused), shop.refused.limit)


async def test_a_checkout_and_its_order_have_the_discount_by_line(shop):
    await code(shop)
    checkout_id = await started(shop, "TEN", price="3.33", quantity=3)
    assert (999, 100, 899) == tuple(getattr(shop.row(t.checkouts, checkout_id), n) for n in ("subtotal", "discount", "total"))
    await shop.when(shop.completing(checkout_id))
    created = shop.first(events.OrderCreated)
    assert ([100], 899) == ([line.discount for line in created.lines], created.total)
    assert [("TEN", 100)] == [(one.code, one.amount) for one in created.codes]
    assert [899] == [one.revenue for one in shop.first(events.OrderPlaced).sold]
    assert 899 == shop.rows(t.payments.select())[0].authorized


async def test_a_code_on_the_cart_prices_its_open_checkout_anew(shop):
    await code(shop)
    cart_id = await cart_of(shop)
    await shop.given(StartCheckout(cart_id))
    await shop.when(ApplyCode(cart_id, "TEN"))
    assert ["CodeApplied", "CheckoutPriced"] == shop.names()
    assert 1800 == shop.first(events.CheckoutPriced).total
    await shop.when(RemoveCode(cart_id, "TEN"))
    assert 2000 == shop.first(events.CheckoutPriced).total


async def test_free_shipping_is_free(shop):
    free = await code(shop, "SHIP", "FREE_SHIPPING")
    method = (await shop.given(CreateShippingMethod("Post", ["GB"], pounds("4.99"), "uk")))["shipping_method_id"]
    address = Address("Ann", "1 High St", "York", "GB")
    checkout_id = (await shop.given(StartCheckout(await cart_of(shop, "SHIP"), shipping_address=address)))["checkout_id"]
    await shop.when(SelectShipping(checkout_id, method))
    priced = shop.first(events.CheckoutPriced)
    assert (0, 2000, [499]) == (priced.shipping, priced.total, [one.amount for one in priced.codes])
    await shop.given(shop.completing(checkout_id))
    assert 1 == used(shop, free)


async def test_a_code_that_stopped_applying_stays_and_gives_nothing(shop):
    ten = await code(shop)
    checkout_id = await started(shop, "TEN")
    await shop.given(DeactivatePromotion(ten))
    await shop.when(shop.completing(checkout_id))
    assert (PriceChanged, 1800, 2000) == (type(shop.refused), shop.refused.expected, shop.refused.actual)
    await shop.when(CompleteCheckout(checkout_id, "20.00", "GBP", "test", "approve"))
    assert [("TEN", "EXPIRED", 0)] == [(c.code, c.problem, c.amount) for c in shop.first(events.CheckoutPriced).codes]
    assert ([], 0) == (shop.first(events.OrderCreated).codes, used(shop, ten))


async def test_a_minimum_that_is_lost_again_is_a_problem_of_the_next_checkout(shop):
    await code(shop, minimum_subtotal=pounds("20.00"))
    cart_id = await cart_of(shop, "TEN")
    line = shop.rows(t.cart_lines.select())[0]
    shop.database.change(lambda c: c.execute(t.cart_lines.update().where(t.cart_lines.c.id == line.id).values(quantity=1)))
    await shop.when(StartCheckout(cart_id))
    (told,) = shop.first(events.CheckoutStarted).codes
    assert ("MINIMUM_NOT_MET", 1000, 0) == (told.problem, told.missing, told.amount)


async def test_a_use_is_counted_with_the_order_and_given_back_where_it_is_not_placed(shop):
    ten = await code(shop, usage_limit=1)
    checkout_id = await started(shop, "TEN")
    assert 0 == used(shop, ten)
    await shop.when(shop.completing(checkout_id, "decline"))
    assert (1, "TEN") == (used(shop, ten), shop.first(events.PromotionRedeemed).code)
    await shop.when(CancelCheckout(checkout_id))
    assert "PromotionReleased" in shop.names()
    assert 0 == used(shop, ten)


async def test_a_declined_payment_keeps_the_use_for_the_next_attempt(shop):
    ten = await code(shop, usage_limit=1)
    checkout_id = await started(shop, "TEN")
    await shop.when(shop.completing(checkout_id, "decline"))
    await shop.when(shop.completing(checkout_id))
    assert (None, 1) == (shop.refused, used(shop, ten))


async def test_an_order_that_was_placed_keeps_its_use_when_it_is_canceled(shop):
    ten = await code(shop)
    order_id = (await shop.given(shop.completing(await started(shop, "TEN"))))["order_id"]
    await shop.when(CancelOrder(order_id, "a whim"))
    assert ("PromotionReleased" in shop.names(), used(shop, ten)) == (False, 1)


async def test_a_code_that_is_used_up_is_refused_and_found_at_completion(shop):
    await code(shop, usage_limit=1)
    late, first = await started(shop, "TEN"), await started(shop, "TEN")
    await shop.given(shop.completing(first))
    await shop.when(shop.completing(late))
    assert (PriceChanged, 2000) == (type(shop.refused), shop.refused.actual)
    await shop.when(ApplyCode(await cart_of(shop), "TEN"))
    assert "USED_UP" == shop.refused.reason


async def test_a_limit_is_not_lowered_below_what_was_used(shop):
    ten = await code(shop, usage_limit=3)
    for _ in range(2):
        await shop.given(shop.completing(await started(shop, "TEN")))
    await shop.when(UpdatePromotion(ten, usage_limit=1))
    assert ["input", "usageLimit"] == list(shop.refused.path)
    await shop.when(UpdatePromotion(ten, usage_limit=2))
    assert 2 == shop.first(events.PromotionDefined).used


async def test_a_customer_uses_such_a_code_once(shop):
    await code(shop, once_per_customer=True)
    for customer, reason in (("cus_1", None), ("cus_1", "USED_UP"), ("cus_2", None)):
        cart_id = await cart_of(shop)
        of_customer(shop, cart_id, customer)
        await shop.when(ApplyCode(cart_id, "TEN"))
        assert reason == (shop.refused and shop.refused.reason)
        if reason is None:
            checkout_id = (await shop.given(StartCheckout(cart_id)))["checkout_id"]
            await shop.given(shop.completing(checkout_id))


async def test_lines_cut_in_two_keep_discount_and_tax_and_refunds_never_exceed(shop):
    await shop.given(SetTaxRate("GB", "20"))
    await code(shop, percentage="33")
    cart_id = await cart_of(shop, "TEN", price="3.33", quantity=7)
    address = Address("Ann", "1 High St", "York", "GB")
    checkout_id = (await shop.given(StartCheckout(cart_id, shipping_address=address)))["checkout_id"]
    order_id = (await shop.given(shop.completing(checkout_id, capture=True)))["order_id"]
    (whole,) = shop.lines(order_id)
    for quantity in (2, 3):
        await shop.given(SetOrderLineStatus(order_id, whole.id, "PICKING", quantity=quantity))
    cut = shop.lines(order_id)
    for name in ("total", "discount", "tax", "quantity"):
        assert getattr(whole, name) == sum(getattr(line, name) for line in cut)
    (payment,) = shop.rows(t.payments.select())
    for line in cut:
        for _ in range(line.quantity):
            await shop.given(RefundPayment(payment.id, lines=[events.LineQuantity(line.id, 1)]))
    assert shop.row(t.payments, payment.id).refunded == payment.captured
    goods = [recorded.event.goods for recorded in shop.log() if recorded.type == "PaymentRefunded"]
    assert whole.total - whole.discount == sum(goods)


async def test_more_in_the_cart_is_a_greater_discount(shop):
    await code(shop)
    mug = await shop.sells(price="10.00", stocked=9)
    cart_id = await shop.cart((mug, 1))
    await shop.given(ApplyCode(cart_id, "TEN"), AddCartLines(cart_id, [LineIn(mug, 2)]))
    await shop.when(StartCheckout(cart_id))
    assert 300 == shop.first(events.CheckoutStarted).discount


async def test_a_code_with_a_limit_is_used_so_often_whoever_comes_at_once(shop):
    ten = await code(shop, usage_limit=2)
    waiting = [await started(shop, "TEN") for _ in range(6)]
    commands = [shop.completing(checkout_id) for checkout_id in waiting]
    answers = await asyncio.gather(*(shop.bus.send(command) for command in commands))
    assert [2, 4] == [sum(answer.refused is None for answer in answers), sum(bool(answer.refused) for answer in answers)]
    assert {PriceChanged} == {type(answer.refused) for answer in answers if answer.refused}
    assert 2 == used(shop, ten) == len(shop.rows(p.promotion_uses.select()))


async def test_buyers_in_several_processes_use_a_code_as_often_as_it_may_be(shop):
    ten = await code(shop, usage_limit=3)
    waiting = [await started(shop, "TEN") for _ in range(8)]
    buyers = [
        await asyncio.create_subprocess_exec(
            sys.executable, REDEEMING, shop.database.address, *waiting[n::2],
            cwd=REDEEMING.parents[2], env={"PYTHONPATH": "."}, stdout=asyncio.subprocess.PIPE,
        )
        for n in range(2)
    ]  # fmt: skip
    bought = [int((await buyer.communicate())[0]) for buyer in buyers]
    assert (3, 3) == (sum(bought), used(shop, ten))
