"""Orders are mended while that is of use, and noted on at any time."""

import pytest

from shop import events
from shop.events import Address
from writes import tables as t
from writes.fulfillment import SetOrderLineStatus
from writes.orders import AddOrderNote, UpdateOrder
from writes.refusals import AboveLimit, Invalid, NotAllowedFrom, NotFound, VersionConflict

QUAY = Address("Zoë", "1 Quay", "Hull", "GB")


@pytest.fixture
async def order_id(shop):
    return await shop.order((await shop.sells(stocked=5), 2))


async def test_only_what_is_named_is_mended(shop, order_id):
    await shop.given(UpdateOrder(order_id, email="zoe@example.org", metadata={"gift": True}))
    await shop.when(UpdateOrder(order_id, shipping_address=QUAY, metadata=None))
    assert [events.OrderDescribed(order_id=order_id, email="zoe@example.org", shipping_address=QUAY)] == shop.happened
    row = shop.row(t.orders, order_id)
    assert ("zoe@example.org", "1 Quay", None) == (row.email, row.shipping_address["line1"], row.metadata)


async def test_what_is_so_already_is_no_news(shop, order_id):
    await shop.given(UpdateOrder(order_id, shipping_address=QUAY))
    await shop.when(UpdateOrder(order_id, shipping_address=QUAY))
    assert ([], None) == (shop.happened, shop.refused)


async def test_goods_that_have_left_go_where_they_were_sent(shop, order_id):
    await shop.given(UpdateOrder(order_id, shipping_address=QUAY))
    (line,) = shop.lines(order_id)
    await shop.given(SetOrderLineStatus(order_id, line.id, "PICKING"), SetOrderLineStatus(order_id, line.id, "SHIPPED"))
    await shop.when(UpdateOrder(order_id, shipping_address=None))
    assert (NotAllowedFrom, ["input", "shippingAddress"]) == (type(shop.refused), shop.refused.path)
    await shop.given(UpdateOrder(order_id, shipping_address=QUAY, billing_address=QUAY, email="ann@example.org"))


async def test_a_mend_is_refused_with_its_reason(shop, order_id):
    for command, refusal, path in (
        (UpdateOrder("ord_0", email="a@b"), NotFound, ["id"]),
        (UpdateOrder(order_id, email="nowhere"), Invalid, ["input", "email"]),
        (UpdateOrder(order_id, email="a@b", expected_version=1), VersionConflict, ["expectedVersion"]),
    ):
        await shop.when(command)
        assert (refusal, path, []) == (type(shop.refused), shop.refused.path, shop.happened)


async def test_a_note_is_kept_as_it_was_written(shop, order_id):
    await shop.when(AddOrderNote(order_id, "Ring twice", visible_to_customer=True))
    assert [events.OrderNoted(order_id=order_id, note="Ring twice", visible_to_customer=True)] == shop.happened


async def test_a_note_says_something_about_an_order_and_not_too_much(shop, order_id):
    for command, refusal, path in (
        (AddOrderNote("ord_0", "Ring twice"), NotFound, ["id"]),
        (AddOrderNote(order_id, " \n"), Invalid, ["note"]),
        (AddOrderNote(order_id, "x" * 5001), AboveLimit, ["note"]),
    ):
        await shop.when(command)
        assert (refusal, path, []) == (type(shop.refused), shop.refused.path, shop.happened)
