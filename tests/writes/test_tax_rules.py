"""Tax by country and region: added to prices or part of them, on what is paid for each line and for the shipping."""

import pytest

from shop import events
from shop.events import Address, LineQuantity
from shop.money import Money
from writes import tables as t
from writes.cancels import CancelOrderLines
from writes.checkout import StartCheckout
from writes.checkout_edits import SelectShipping, UpdateCheckout
from writes.fulfillment import SetOrderLineStatus
from writes.refusals import Invalid, PriceChanged
from writes.shipping import CreateShippingMethod
from writes.taxes import SetTaxRate

YORK = Address("Ann", "1 High St", "York", "GB", "YO1 7HH")
HULL = Address("Ann", "1 Quay", "Hull", "GB", region=" humber ")


async def started(shop, *wanted, address=YORK):
    wanted = wanted or ((await shop.sells(price="10.00", stocked=50), 2),)
    return (await shop.given(StartCheckout(await shop.cart(*wanted), shipping_address=address)))["checkout_id"]


async def test_a_rate_is_set_and_setting_it_again_changes_nothing(shop):
    await shop.when(SetTaxRate("GB", "20.0", inclusive=True))
    assert [events.TaxRateSet(country="GB", rate="20", inclusive=True)] == shop.happened
    await shop.when(SetTaxRate("GB", "20", inclusive=True))
    assert [] == shop.happened
    await shop.when(SetTaxRate("GB", "17.5"))
    assert [events.TaxRateSet(country="GB", rate="17.5", inclusive=False)] == shop.happened


@pytest.mark.parametrize(("command", "path"), [
    (SetTaxRate("gb", "20"), "country"), (SetTaxRate("GB", "-1"), "rate"), (SetTaxRate("GB", "100.1"), "rate"),
    (SetTaxRate("GB", "1.00001"), "rate"), (SetTaxRate("GB", "much"), "rate"), (SetTaxRate("GB", "NaN"), "rate"),
    (SetTaxRate("GB", "20", region=" "), "region"), (SetTaxRate("GB", "20", region="a:b"), "region"),
])  # fmt: skip
async def test_what_no_rate_can_be_is_refused(shop, command, path):
    await shop.when(command)
    assert (Invalid, ["input", path]) == (type(shop.refused), list(shop.refused.path))


async def test_tax_is_added_where_prices_are_without_it(shop):
    await shop.given(SetTaxRate("GB", "20"))
    await shop.when(StartCheckout(await shop.cart((await shop.sells(price="2.50", stocked=5), 3)), shipping_address=YORK))
    begun = shop.first(events.CheckoutStarted)
    assert (750, 150, 900, False) == (begun.subtotal, begun.tax, begun.total, begun.tax_included)
    assert [("GB", "20", 750, 150)] == [(one.country, one.rate, one.taxable, one.amount) for one in begun.tax_lines]
    assert [150] == [line.tax for line in begun.lines]


async def test_tax_is_part_of_prices_that_include_it(shop):
    await shop.given(SetTaxRate("GB", "20", inclusive=True))
    checkout_id = await started(shop)
    row = shop.row(t.checkouts, checkout_id)
    assert (2000, 333, 2000, True) == (row.subtotal, row.tax, row.total, row.tax_included)


async def test_a_regions_rate_comes_before_its_countrys(shop):
    await shop.given(SetTaxRate("GB", "20"), SetTaxRate("GB", "5", region="Humber"))
    mug = await shop.sells(price="10.00", stocked=50)
    there, here = await started(shop, (mug, 2), address=HULL), await started(shop, (mug, 2))
    assert (100, 400) == (shop.row(t.checkouts, there).tax, shop.row(t.checkouts, here).tax)


async def test_nothing_is_known_of_tax_without_an_address(shop):
    await shop.given(SetTaxRate("GB", "20"))
    checkout_id = await started(shop, address=None)
    assert 0 == shop.row(t.checkouts, checkout_id).tax
    await shop.when(UpdateCheckout(checkout_id, shipping_address=YORK))
    assert (400, 2400) == (shop.first(events.CheckoutPriced).tax, shop.first(events.CheckoutPriced).total)


async def test_shipping_is_taxed_as_well(shop):
    post = CreateShippingMethod("Post", ["GB"], Money("5.00", "GBP"), "uk")
    method = (await shop.given(SetTaxRate("GB", "20"), post))["shipping_method_id"]
    checkout_id = await started(shop)
    await shop.given(SelectShipping(checkout_id, method))
    order_id = (await shop.given(shop.completing(checkout_id)))["order_id"]
    order = shop.row(t.orders, order_id)
    assert (2000, 500, 500, 100, 3000) == (order.subtotal, order.shipping, order.tax, order.shipping_tax, order.total)
    assert [400] == [line.tax for line in shop.lines(order_id)]


async def test_a_rate_that_changed_is_a_changed_price_at_completion(shop):
    await shop.given(SetTaxRate("GB", "20"))
    checkout_id = await started(shop)
    await shop.given(SetTaxRate("GB", "21"))
    await shop.when(shop.completing(checkout_id))
    assert (PriceChanged, 2420) == (type(shop.refused), shop.refused.actual)


@pytest.mark.parametrize(("inclusive", "revenue"), [(True, 1667), (False, 2000)])
async def test_what_was_sold_is_told_without_tax(shop, inclusive, revenue):
    await shop.given(SetTaxRate("GB", "20", inclusive=inclusive))
    await shop.when(shop.completing(await started(shop)))
    assert [revenue] == [one.revenue for one in shop.first(events.OrderPlaced).sold]


async def test_a_line_that_is_cut_in_two_keeps_its_tax_to_the_cent(shop):
    await shop.given(SetTaxRate("GB", "20"))
    checkout_id = await started(shop, (await shop.sells(price="3.33", stocked=9), 3))
    order_id = (await shop.given(shop.completing(checkout_id)))["order_id"]
    (line,) = shop.lines(order_id)
    await shop.when(SetOrderLineStatus(order_id, line.id, "PICKING", quantity=2))
    split = shop.first(events.OrderLineMoved).split
    assert (666, 133) == (split.total, split.tax)
    assert [(333, 67), (666, 133)] == [(one.total, one.tax) for one in shop.lines(order_id)]
    assert 200 == line.tax


@pytest.mark.parametrize("inclusive", [False, True])
async def test_the_tax_of_lines_that_are_canceled_is_no_longer_told(shop, inclusive):
    await shop.given(SetTaxRate("GB", "20", inclusive=inclusive))
    checkout_id = await started(
        shop, (await shop.sells("A", stocked=9), 2), (await shop.sells("B", price="3.33", stocked=9), 3)
    )
    order_id = (await shop.given(shop.completing(checkout_id)))["order_id"]
    (left, canceled) = sorted(shop.lines(order_id), key=lambda line: line.sku)
    await shop.when(CancelOrderLines(order_id, [LineQuantity(canceled.id, 2)]))
    order, told = shop.row(t.orders, order_id), shop.first(events.OrderLinesCanceled)
    kept = [line for line in shop.lines(order_id) if line.id == left.id or line.quantity == 1]
    (share,) = told.tax_lines
    assert (sum(line.tax for line in kept), order.tax) == (share.amount, share.amount)
    assert order.total == share.taxable + share.amount
    assert ("GB", "20", share.taxable) == tuple(order.tax_lines[0][name] for name in ("country", "rate", "taxable"))
