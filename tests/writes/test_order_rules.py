"""What may become of an order: canceled while nothing has left the house; its money follows."""

import pytest
import sqlalchemy as sa

from shop import events
from writes import ledger
from writes import tables as t
from writes.fulfillment import SetOrderLineStatus
from writes.orders import CancelOrder
from writes.payments import RecordPaymentResult
from writes.providers import ProviderResult
from writes.refusals import Invalid, NotAllowedFrom, NotFound, Taken, VersionConflict


async def shipped_one_of_two(shop):
    order_id = await shop.order((await shop.sells(stocked=5), 2))
    (line,) = shop.lines(order_id)
    await shop.given(SetOrderLineStatus(order_id, line.id, "PICKING", quantity=1))
    picked = next(line for line in shop.lines(order_id) if line.status == "PICKING")
    await shop.given(SetOrderLineStatus(order_id, picked.id, "SHIPPED"))
    return order_id


async def test_a_canceled_order_gives_its_stock_back(shop):
    mug = await shop.sells(stocked=5)
    order_id = await shop.order((mug, 2), token=None)
    await shop.when(CancelOrder(order_id, "changed their mind"))
    assert ["OrderCanceled", "StockDeallocated"] == shop.names()
    assert shop.first(events.StockDeallocated).restocked
    assert (5, 0, 0) == shop.level(mug)
    assert ["CANCELED"] == [line.status for line in shop.lines(order_id)]


async def test_goods_that_are_not_restocked_leave_the_shelf(shop):
    mug = await shop.sells(stocked=5)
    await shop.when(CancelOrder(await shop.order((mug, 2)), "broken", restock=False))
    assert not shop.first(events.StockDeallocated).restocked
    assert (3, 0, 0) == shop.level(mug)


async def test_canceling_voids_what_was_only_authorized(shop):
    order_id = await shop.order((await shop.sells(stocked=5), 2))
    await shop.when(CancelOrder(order_id, "changed their mind"))
    assert ["OrderCanceled", "StockDeallocated", "PaymentStarted", "PaymentVoided"] == shop.names()
    assert ("VOID", 2000) == (shop.first(events.PaymentStarted).kind, shop.first(events.PaymentStarted).amount)
    assert "VOIDED" == shop.first(events.PaymentVoided).payment_status
    assert len(shop.log()) == shop.answer.position.position


async def test_canceling_refunds_what_was_captured(shop):
    order_id = await shop.order((await shop.sells(stocked=5), 2), capture=True)
    await shop.when(CancelOrder(order_id, "changed their mind"))
    refunded = shop.first(events.PaymentRefunded)
    assert (2000, 2000, "REFUNDED") == (refunded.amount, refunded.goods, refunded.payment_status)
    assert "PAID" == shop.first(events.OrderCanceled).payment_status


async def test_canceling_without_a_refund_leaves_the_money(shop):
    order_id = await shop.order((await shop.sells(stocked=5), 2), capture=True)
    await shop.when(CancelOrder(order_id, "will be settled by hand", refund=False))
    assert ["OrderCanceled", "StockDeallocated"] == shop.names()


async def test_an_order_of_which_something_has_left_cannot_be_canceled(shop):
    order_id = await shipped_one_of_two(shop)
    await shop.when(CancelOrder(order_id, "too late"))
    assert NotAllowedFrom is type(shop.refused)
    assert [] == shop.happened


async def test_an_order_is_canceled_once_with_a_reason_and_at_the_version_that_was_read(shop):
    order_id = await shop.order((await shop.sells(stocked=5), 2))
    for command, refusal in (
        (CancelOrder(order_id, " "), Invalid),
        (CancelOrder(order_id, "because", expected_version=1), VersionConflict),
        (CancelOrder("ord_0", "because"), NotFound),
        (CancelOrder(order_id, "because"), type(None)),
        (CancelOrder(order_id, "because"), NotAllowedFrom),
    ):
        await shop.when(command)
        assert refusal is type(shop.refused)


async def test_canceling_an_order_that_waits_for_its_payment_takes_its_checkout_with_it(shop):
    mug = await shop.sells(stocked=5)
    checkout_id = await shop.checkout((mug, 2))
    declined = await shop.when(shop.completing(checkout_id, "decline"))
    await shop.when(CancelOrder(declined.ids["order_id"], "fraud"))
    assert ["OrderCanceled", "StockDeallocated", "CheckoutCanceled"] == shop.names()
    assert "CANCELED" == shop.row(t.checkouts, checkout_id).status
    assert (5, 0, 0) == shop.level(mug)


async def test_a_second_answer_to_the_same_entry_changes_nothing(shop):
    order_id = await shop.order((await shop.sells(stocked=5), 2))
    (payment,), (entry,) = shop.rows(t.payments.select()), shop.rows(t.ledger_entries.select())
    late = ProviderResult(succeeded=False, message="too late")
    await shop.when(RecordPaymentResult(order_id, payment.id, entry.id, late))
    assert [] == shop.happened
    assert "AUTHORIZED" == shop.rows(t.payments.select())[0].state


async def test_an_answer_goes_to_the_order_it_belongs_to(shop):
    mug = await shop.sells(stocked=5)
    order_id, other = await shop.order((mug, 1), token=None), await shop.order((mug, 1), token=None)
    payment, _ = shop.rows(sa.select(t.payments).order_by(t.payments.c.id))
    entry, _ = shop.rows(sa.select(t.ledger_entries).order_by(t.ledger_entries.c.id))
    assert payment.order_id == order_id
    await shop.when(RecordPaymentResult(other, payment.id, entry.id, ProviderResult(succeeded=True)))
    assert NotFound is type(shop.refused)


async def test_a_providers_reference_belongs_to_one_entry_of_a_kind(shop):
    mug = await shop.sells(stocked=5)
    for _ in range(2):
        await shop.order((mug, 1), token=None)
    result = ProviderResult(succeeded=True, reference="bank-1")
    for payment in shop.rows(sa.select(t.payments).order_by(t.payments.c.id)):
        (entry,) = shop.rows(t.ledger_entries.select().where(t.ledger_entries.c.payment_id == payment.id))
        await shop.when(RecordPaymentResult(payment.order_id, payment.id, entry.id, result))
    assert Taken is type(shop.refused)
    assert ["PENDING", "SUCCESS"] == sorted(row.outcome for row in shop.rows(t.ledger_entries.select()))


@pytest.mark.parametrize(("payments", "status"), [
    ([], "NONE"),
    ([("CREATED", 0, 0)], "NONE"),
    ([("FAILED", 0, 0)], "FAILED"),
    ([("FAILED", 0, 0), ("CREATED", 0, 0)], "NONE"),
    ([("FAILED", 0, 0), ("AUTHORIZED", 0, 0)], "AUTHORIZED"),
    ([("VOIDED", 0, 0)], "VOIDED"),
    ([("CAPTURED", 400, 0)], "PARTIALLY_PAID"),
    ([("CAPTURED", 400, 0), ("CAPTURED", 600, 0)], "PAID"),
    ([("CAPTURED", 1000, 1)], "PARTIALLY_REFUNDED"),
    ([("CAPTURED", 1000, 1000)], "REFUNDED"),
])  # fmt: skip
def test_the_payment_status_follows_from_the_ledger(payments, status):
    assert status == ledger.status_of(payments, 1000)
