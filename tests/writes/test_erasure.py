"""Erasing a person: rows and events forget, keys are named for destruction, sums stand, and nobody else is touched."""

import asyncio

import msgspec
import pytest
import sqlalchemy as sa

from shop import events, log
from shop.events import Address, LineQuantity
from shop.keyring import KeySchema
from writes import books, checkout, customers, erasure, orders, parcels, payments, providers, reviews, trial
from writes import people_tables as p
from writes import tables as t
from writes.refusals import Invalid, NotAllowedFrom, NotFound

ZOE = Address(name="Zoë Quux", line1="7 Wharf", city="Hull", country="GB", phone="+44 1482 1")
TOLD = {"email": "zoe@example.org", "shipping_address": ZOE, "billing_address": ZOE, "metadata": {"gift": "for Quux"}}
NOBODY = dict.fromkeys(TOLD)


async def started(shop, cart_id=None, customer_id=None):
    """Given a checkout that tells of Zoë, of a cart that is the customer's if there is one."""
    if cart_id is None:
        cart_id = await shop.cart((await shop.sells(f"S-{len(shop.log())}", stocked=9), 1))
    owned = sa.update(t.carts).where(t.carts.c.id == cart_id).values(customer_id=customer_id)
    shop.database.change(lambda connection: connection.execute(owned))
    return cart_id, (await shop.given(checkout.StartCheckout(cart_id, **TOLD)))["checkout_id"]


async def ordered(shop, customer_id=None, **paid):
    _, checkout_id = await started(shop, customer_id=customer_id)
    return (await shop.given(shop.completing(checkout_id, **paid)))["order_id"], checkout_id


async def a_customer(shop, reference="REF-1"):
    return (await shop.given(customers.RegisterCustomer(reference, "Zoë Quux")))["customer_id"]


def contact(row):
    return {name: getattr(row, name) for name in TOLD}


def keys_of(shop, *named):
    columns = log.subject_ids.c
    return {row.key_id for row in shop.rows(sa.select(columns.key_id).where(columns.id.in_(named)))}


def to_destroy(shop):
    return {key for row in shop.rows(sa.select(t.erasures)) for key in row.key_ids}


async def test_an_erased_guest_leaves_an_order_with_its_number_its_goods_and_its_sums(shop):
    order_id, checkout_id = await ordered(shop)
    await shop.given(orders.AddOrderNote(order_id, "Quux rings twice"))
    before, lines, keys = shop.row(t.orders, order_id), shop.lines(order_id), keys_of(shop, order_id)

    await shop.when(erasure.EraseOrder(order_id))

    assert ["OrderErased", "CheckoutErased"] == shop.names()
    assert NOBODY == contact(shop.row(t.orders, order_id)) == contact(shop.row(t.checkouts, checkout_id))
    assert before._asdict() | NOBODY == shop.row(t.orders, order_id)._asdict()
    assert lines == shop.lines(order_id)
    assert keys == to_destroy(shop)
    assert set() == keys_of(shop, order_id, checkout_id)


async def test_an_erased_customer_is_a_number_and_so_are_its_orders(shop):
    customer_id = await a_customer(shop)
    order_id, checkout_id = await ordered(shop, customer_id)
    _, open_id = await started(shop, customer_id=customer_id)
    other_id, _ = await ordered(shop)
    keys = keys_of(shop, customer_id, order_id, checkout_id, open_id)

    await shop.when(erasure.EraseCustomer(customer_id))

    assert ["OrderErased", "CheckoutErased", "CheckoutErased", "CustomerErased"] == shop.names()
    customer = shop.row(t.customers, customer_id)
    assert (None, None, None) == (customer.external_ref, customer.email, customer.name)
    assert all(NOBODY == contact(shop.row(t.checkouts, one)) for one in (checkout_id, open_id))
    assert customer_id == shop.row(t.orders, order_id).customer_id
    assert keys == to_destroy(shop)
    assert "zoe@example.org" == shop.row(t.orders, other_id).email
    assert 1 == len(keys_of(shop, other_id))


async def test_all_that_a_customer_does_is_sealed_with_one_key(shop):
    customer_id = await a_customer(shop)
    order_id, checkout_id = await ordered(shop, customer_id)
    _, open_id = await started(shop, customer_id=customer_id)

    assert 1 == len(keys_of(shop, customer_id, order_id, checkout_id, open_id))


async def test_erasing_twice_changes_nothing_more(shop):
    customer_id = await a_customer(shop)
    order_id, _ = await ordered(shop)
    for command in (erasure.EraseCustomer(customer_id), erasure.EraseOrder(order_id)):
        await shop.given(command)

        await shop.when(command)

        assert ([], None) == (shop.happened, shop.refused)
    assert 2 == len(shop.rows(sa.select(t.erasures)))


async def test_what_is_told_after_an_erasure_has_a_key_of_its_own_and_is_erased_again(shop):
    order_id, _ = await ordered(shop)
    await shop.given(erasure.EraseOrder(order_id))
    destroyed = to_destroy(shop)
    await shop.given(orders.UpdateOrder(order_id, email="zoe@example.org"))
    (fresh,) = keys_of(shop, order_id)

    await shop.when(erasure.EraseOrder(order_id))

    assert fresh not in destroyed
    assert {fresh} | destroyed == to_destroy(shop)
    assert ["OrderErased"] == shop.names()
    assert shop.row(t.orders, order_id).email is None


async def test_earlier_checkouts_of_the_same_cart_are_erased_with_the_guests_order(shop):
    cart_id, first = await started(shop)
    _, second = await started(shop, cart_id)
    order_id = (await shop.given(shop.completing(second)))["order_id"]

    await shop.when(erasure.EraseOrder(order_id))

    assert NOBODY == contact(shop.row(t.checkouts, first))
    assert {events.OrderErased(order_id=order_id), *(events.CheckoutErased(checkout_id=one) for one in (first, second))} == set(
        shop.happened
    )


async def test_free_texts_of_payments_and_the_way_a_parcel_went_are_erased(shop):
    order_id, _ = await ordered(shop, token=None)
    row = shop.rows(sa.select(t.ledger_entries.c.id, t.ledger_entries.c.payment_id))[-1]
    paid = providers.ProviderResult(succeeded=True, reference="r", message="from Z. Quux")
    await shop.given(payments.RecordPaymentResult(order_id, row.payment_id, row.id, paid))
    (line,) = shop.lines(order_id)
    made = await shop.given(parcels.CreateFulfillment(order_id, shop.warehouse, [LineQuantity(line.id, 1)]))
    tracked = {"carrier": "DHL", "tracking_number": "JD01", "tracking_url": "https://t.org/quux"}
    await shop.given(parcels.ShipFulfillment(made["fulfillment_id"], **tracked))

    await shop.when(erasure.EraseOrder(order_id))

    assert [None] == [one.message for one in shop.rows(sa.select(t.ledger_entries.c.message))]
    (tracking,) = shop.rows(sa.select(t.tracking))
    assert ("DHL", None, None) == (tracking.carrier, tracking.tracking_number, tracking.tracking_url)


async def test_the_past_orders_of_an_erased_customer_stand(shop):
    await shop.sells("A-1")
    line = books.BookLine("A-1", "a mug", 1, "10.00")
    past = books.RecordPastOrder("1001", "uk", shop.warehouse, "2025-01-01T00:00:00Z", [line], "REF-1")
    customer_id = shop.row(t.orders, (await shop.given(past))["order_id"]).customer_id

    await shop.when(erasure.EraseCustomer(customer_id))

    assert ["CustomerErased"] == shop.names()
    assert [(customer_id, 1000)] == [(row.customer_id, row.total) for row in shop.rows(sa.select(t.orders))]


async def test_events_from_before_anything_was_sealed_are_stripped(shop):
    order_id, _ = await ordered(shop)
    told = {one.position: one.event for one in shop.log()}
    for position, event in told.items():  # as if they had been stored by an earlier program
        plain = {"data": msgspec.json.encode(event).decode(), "key_id": None, "sealed": None}
        unsealed = sa.update(log.stored_events).where(log.stored_events.c.position == position).values(plain)
        shop.database.change(lambda connection, unsealed=unsealed: connection.execute(unsealed))

    await shop.given(erasure.EraseOrder(order_id))

    assert not any("zoe" in row.data for row in shop.rows(sa.select(log.stored_events.c.data)))
    stripped = {one.position: one.event for one in shop.log() if one.position in told}
    assert {type(event) for event in told.values()} == {type(event) for event in stripped.values()}
    assert [position for position, event in told.items() if event != stripped[position]] == [
        position for position, event in told.items() if isinstance(event, events.CheckoutStarted | events.OrderCreated)
    ]


async def test_a_customers_order_is_erased_with_the_customer_and_nobody_is_not_found(shop):
    customer_id = await a_customer(shop)
    order_id, _ = await ordered(shop, customer_id)

    for command, refusal in [
        (erasure.EraseOrder(order_id), Invalid),
        (erasure.EraseOrder("ord_none"), NotFound),
        (erasure.EraseCustomer("cus_none"), NotFound),
    ]:
        await shop.when(command)
        assert (refusal, ["id"], []) == (type(shop.refused), shop.refused.path, shop.happened)


class Erasing(trial.Test):
    """Amid its answer somebody asks to erase whom it concerns."""

    async def perform(self, call):
        customer_id = self.shop.row(t.orders, call.order_id).customer_id
        asked = erasure.EraseOrder(call.order_id) if customer_id is None else erasure.EraseCustomer(customer_id)
        self.answer = await self.shop.bus.send(asked)
        return await super().perform(call)


@pytest.mark.parametrize("owned", [False, True])
async def test_nobody_is_erased_while_a_payment_is_in_flight(new_shop, owned):
    asked = Erasing()
    async with new_shop(asked=asked) as shop:
        asked.shop = shop
        await shop.opens()

        order_id, _ = await ordered(shop, await a_customer(shop) if owned else None, payment_provider="asked")

        assert isinstance(asked.answer.refused, NotAllowedFrom)
        assert ("PENDING", ["id"]) == (asked.answer.refused.state, asked.answer.refused.path)
        assert "zoe@example.org" == shop.row(t.orders, order_id).email


async def test_whoever_tells_of_a_person_while_it_is_erased_has_either_told_before_or_after(shop):
    """Never is a row told of whose event cannot be read."""
    order_id, _ = await ordered(shop)
    mails = [f"{n}@example.org" for n in range(6)]

    await asyncio.gather(
        *(shop.bus.send(orders.UpdateOrder(order_id, email=mail)) for mail in mails),
        shop.bus.send(erasure.EraseOrder(order_id)),
    )

    (key_ids,) = (row.key_ids for row in shop.rows(sa.select(t.erasures)))
    columns = log.stored_events.c
    written = shop.rows(sa.select(columns.type, columns.key_id).where(columns.stream == order_id).order_by(columns.position))
    erased_at = [row.type for row in written].index("OrderErased")
    assert {row.key_id for row in written[:erased_at] if row.key_id} == set(key_ids)
    assert not {row.key_id for row in written[erased_at:]} & set(key_ids)


class Slow(KeySchema):
    """Finding a key takes as long as a person needs to be erased."""

    def find(self, connection, key_id):
        connection.execute(sa.select(sa.func.pg_sleep(0.5)))
        return super().find(connection, key_id)


@pytest.mark.parametrize("databases", ["postgres"], indirect=True)
async def test_an_erasure_waits_for_what_is_being_sealed_and_erases_it_too(shop):
    """The customer was erased before and has said something since: no other lock makes the two wait for each other."""
    skus = ("A-1", "A-2")
    first, second = [shop.row(t.variants, await shop.sells(sku)).product_id for sku in skus]
    lines = [books.BookLine(sku, "a mug", 1, "10.00") for sku in skus]
    past = books.RecordPastOrder("1001", "uk", shop.warehouse, "2025-01-01T00:00:00Z", lines, "REF-1")
    customer_id = shop.row(t.orders, (await shop.given(past))["order_id"]).customer_id
    await shop.given(erasure.EraseCustomer(customer_id), reviews.SubmitReview(customer_id, first, 5, body="Quux likes it"))
    shop.writer.keyring = Slow()

    saying = asyncio.create_task(shop.bus.send(reviews.SubmitReview(customer_id, second, 1, body="Quux does not")))
    await asyncio.sleep(0.2)
    await shop.given(erasure.EraseCustomer(customer_id))

    assert (await saying).refused is None
    assert [None, None] == [row.body for row in shop.rows(sa.select(p.reviews.c.body))]
    assert ["ReviewSubmitted", "CustomerErased"] == [type(one.event).__name__ for one in shop.log()[-2:]]
