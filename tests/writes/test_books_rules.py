"""The books of the past are taken over as facts, once, to the last penny."""

import pytest
import sqlalchemy as sa

from shop import events
from writes import tables as t
from writes.books import BookLine, RecordCredit, RecordPastOrder
from writes.channels import CreateChannel
from writes.customers import RegisterCustomer
from writes.refusals import Invalid, NotFound, Taken

ANN = "17850"


def invoice(shop, number, *lines, day=1, customer=ANN, **changed):
    told = {"number": number, "channel": "uk", "warehouse_id": shop.warehouse, "lines": list(lines)}
    return RecordPastOrder(**told | {"placed_at": f"2010-12-{day:02d}T08:26:00Z", "customer_ref": customer} | changed)


def credit(number, *lines, customer=ANN, **changed):
    told = {"number": number, "channel": "uk", "credited_at": "2010-12-31T10:00:00Z"}
    return RecordCredit(**told | {"lines": list(lines), "customer_ref": customer} | changed)


def mugs(quantity, price="2.55"):
    return BookLine("M", "Mug, as the books call it", quantity, price)


@pytest.fixture
async def shop(shop):
    await shop.sells("M")
    return shop


async def test_a_past_order_is_one_fact_and_touches_no_stock(shop):
    await shop.when(invoice(shop, "536365", mugs(6)))
    assert ["CustomerRegistered", "PastOrderRecorded"] == shop.names()
    recorded = shop.first(events.PastOrderRecorded)
    assert ("536365", 1530, "2010-12-01T08:26:00.000Z") == (recorded.number, recorded.total, recorded.placed_at)
    assert [] == shop.rows(t.stock_levels.select())


async def test_recording_it_again_changes_nothing(shop):
    first = await shop.when(invoice(shop, "536365", mugs(6)))
    second = await shop.when(invoice(shop, "536365", mugs(6)))
    assert [] == shop.happened
    assert (first.ids, None, False) == (second.ids, second.position, second.replayed)


async def test_a_number_belongs_to_one_channel(shop):
    await shop.given(CreateChannel("eu", "Europe", "EUR"), invoice(shop, "1", mugs(1)), credit("C1", mugs(1)))
    for command in (invoice(shop, "1", mugs(1), channel="eu"), credit("C1", mugs(1), channel="eu")):
        await shop.when(command)
        assert Taken is type(shop.refused)


async def test_a_known_customer_is_not_registered_again(shop):
    customer_id = (await shop.given(RegisterCustomer(ANN, "Ann")))["customer_id"]
    await shop.when(invoice(shop, "1", mugs(1)))
    assert customer_id == shop.first(events.PastOrderRecorded).customer_id
    await shop.when(RegisterCustomer(ANN))
    assert Taken is type(shop.refused)


async def test_books_without_a_customer_are_recorded_too(shop):
    await shop.when(invoice(shop, "1", mugs(1), customer=None))
    assert shop.first(events.PastOrderRecorded).customer_id is None


async def test_sums_are_exact_where_a_price_has_three_decimals(shop):
    await shop.when(invoice(shop, "1", mugs(3, "0.165"), mugs(1, "0.165"), mugs(1, "0.155")))
    assert [50, 16, 16] == [line.total for line in shop.first(events.PastOrderRecorded).lines]
    assert "0.165" == shop.first(events.PastOrderRecorded).lines[0].unit_price


@pytest.mark.parametrize(("changed", "refusal"), [
    ({"channel": "mars"}, NotFound), ({"warehouse_id": "wh_0"}, NotFound), ({"lines": []}, Invalid),
    ({"lines": [BookLine("X", "", 1, "1")]}, NotFound), ({"lines": [mugs(0)]}, Invalid), ({"lines": [mugs(1, "-1")]}, Invalid),
    ({"lines": [mugs(1, "free")]}, Invalid), ({"lines": [mugs(1, "NaN")]}, Invalid), ({"lines": [mugs(1, "1e99")]}, Invalid),
    ({"placed_at": "yesterday"}, Invalid), ({"placed_at": "2010-12-01T08:26:00"}, Invalid), ({"customer_ref": " "}, Invalid),
])  # fmt: skip
async def test_what_cannot_be_right_is_refused_whole(shop, changed, refusal):
    await shop.when(invoice(shop, "1", mugs(1), **changed))
    assert refusal is type(shop.refused)
    assert [] == shop.happened
    assert [] == shop.rows(t.customers.select())


async def test_a_credit_is_held_against_the_oldest_order_first(shop):
    newer = (await shop.given(invoice(shop, "1", mugs(4), day=9)))["order_id"]
    older = (await shop.given(invoice(shop, "2", mugs(4), day=1)))["order_id"]
    await shop.when(credit("C1", mugs(6)))
    told = [(one.order_id, one.lines[0].quantity, one.refunded) for one in shop.happened]
    assert [(older, 4, 1020), (newer, 2, 510)] == told
    assert ("REFUNDED", "RETURNED") == (shop.happened[0].payment_status, shop.happened[0].fulfillment_status)
    assert ("PARTIALLY_REFUNDED", "PARTIALLY_RETURNED") == (
        shop.happened[1].payment_status, shop.happened[1].fulfillment_status,
    )  # fmt: skip


async def test_a_credit_is_capped_by_what_the_order_has_left(shop):
    await shop.given(invoice(shop, "1", mugs(4, "2.00")))
    await shop.when(credit("C1", mugs(4, "3.00")))
    returned, rest = shop.happened
    assert (2, 600) == (returned.lines[0].quantity, returned.refunded)
    assert (2, 600) == (rest.lines[0].quantity, rest.amount)


async def test_two_lines_of_one_credit_share_what_the_order_has_left(shop):
    await shop.given(invoice(shop, "1", mugs(4, "2.00")))
    await shop.when(credit("C1", mugs(2, "3.00"), mugs(2, "3.00")))
    returned, rest = shop.happened
    assert [(2, 600)] == [(line.quantity, line.amount) for line in returned.lines]
    assert 600 == rest.amount


async def test_two_lines_of_one_credit_that_meet_one_order_line_are_one_entry(shop):
    await shop.given(invoice(shop, "1", mugs(4)))
    await shop.when(credit("C1", mugs(1), mugs(2)))
    (returned,) = shop.happened
    assert [(3, 765)] == [(line.quantity, line.amount) for line in returned.lines]


async def test_what_belongs_to_no_order_is_one_credit(shop):
    await shop.given(invoice(shop, "1", mugs(1)))
    await shop.when(credit("C1", mugs(2), BookLine("D", "Discount", 1, "27.50")))
    rest = shop.first(events.CreditRecorded)
    assert (255 + 2750, ["M", "D"], [1, 1]) == (rest.amount, [x.sku for x in rest.lines], [x.quantity for x in rest.lines])


async def test_the_parts_of_a_credit_line_add_up_to_its_own_rounded_total(shop):
    for day in (1, 2, 3):
        await shop.given(invoice(shop, str(day), mugs(1, "0.165"), day=day))
    await shop.when(credit("C1", mugs(4, "0.165")))
    returned = sum(one.refunded for one in shop.happened if isinstance(one, events.PastReturnRecorded))
    assert 66 == returned + shop.first(events.CreditRecorded).amount


async def test_a_credit_is_not_held_against_another_customers_orders(shop):
    await shop.given(invoice(shop, "1", mugs(4), customer="someone else"))
    for customer in (ANN, None):
        await shop.when(credit(f"C-{customer}", mugs(4), customer=customer))
        assert "CreditRecorded" == shop.names()[-1]


async def test_the_same_credit_again_changes_nothing_and_answers_the_same(shop):
    first = await shop.when(credit("C1", mugs(1)))
    second = await shop.when(credit("C1", mugs(1), customer="a stranger"))
    assert [] == shop.happened
    assert first.ids == second.ids
    assert [ANN] == [row.external_ref for row in shop.rows(t.customers.select())]


async def test_goods_are_returned_once_over_several_credits(shop):
    await shop.given(invoice(shop, "1", mugs(3)), credit("C1", mugs(2)))
    await shop.when(credit("C2", mugs(2)))
    assert [1, 1] == [event.lines[0].quantity for event in shop.happened]
    paid = shop.rows(sa.select(t.payments.c.captured, t.payments.c.refunded))
    assert [(765, 765)] == [tuple(row) for row in paid]


async def test_a_shops_own_number_never_meets_one_of_the_books(shop):
    await shop.given(invoice(shop, "T100001", mugs(1)))
    cup = await shop.sells("C", stocked=1)
    assert "T100002" == shop.row(t.orders, await shop.order((cup, 1))).number
