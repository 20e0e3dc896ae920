"""Whose an email is, what a customer may change, and which addresses are taken where none is said."""

import asyncio

import pytest

from shop import events
from shop.events import Address
from writes import people_tables as p
from writes import tables as t
from writes.addresses import RemoveAddress, SaveAddress
from writes.carts import AddCartLines, CreateCart, LineIn
from writes.checkout import StartCheckout
from writes.customers import RegisterCustomer, UpdateCustomer
from writes.erasure import EraseCustomer
from writes.merging import MergeCarts
from writes.refusals import AboveLimit, Invalid, NotAllowedFrom, NotFound, Taken, VersionConflict

HOME = Address(name="Ann", line1="1 Quay", city="Hull", country="GB")
WORK = Address(name="Ann", line1="2 Mill", city="Leeds", country="GB")


async def customer(shop, email="ann@example.org", name="Ann"):
    return (await shop.given(RegisterCustomer(name=name, email=email)))["customer_id"]


async def address(shop, customer_id, of=HOME, **flags):
    return (await shop.given(SaveAddress(customer_id, of, **flags)))["address_id"]


def defaults(shop, kind):
    return [row.id for row in shop.rows(p.addresses.select()) if getattr(row, kind)]


async def test_an_email_belongs_to_one_customer_whatever_its_case(shop):
    await customer(shop, "Straße@example.org")
    for email in ("STRASSE@EXAMPLE.ORG", " straße@example.org "):
        await shop.when(RegisterCustomer(email=email))
        assert Taken is type(shop.refused)
        assert (["email"], []) == (shop.refused.path, shop.happened)


async def test_who_registers_at_the_same_time_with_one_email_is_one_customer(shop):
    answers = await asyncio.gather(*(shop.bus.send(RegisterCustomer(email="ann@example.org")) for _ in range(4)))
    assert [Taken] * 3 == [type(one.refused) for one in answers if one.refused]
    assert 1 == len(shop.rows(t.customers.select()))


@pytest.mark.parametrize("command", [
    RegisterCustomer(), RegisterCustomer(" "), RegisterCustomer(email="ann"), RegisterCustomer(email="@example.org"),
    RegisterCustomer(email="a nn@example.org"), RegisterCustomer(email="x" * 400 + "@example.org"),
])  # fmt: skip
async def test_a_customer_is_known_by_a_reference_or_an_email_that_looks_like_one(shop, command):
    await shop.when(command)
    assert Invalid is type(shop.refused)


async def test_what_is_left_out_stays_and_a_name_may_be_cleared(shop):
    ann = await customer(shop)
    await shop.when(UpdateCustomer(ann, name=None))
    assert [events.CustomerDescribed(customer_id=ann, email="ann@example.org")] == shop.happened
    await shop.when(UpdateCustomer(ann, email="Ann@Example.org"))
    assert [events.CustomerDescribed(customer_id=ann, email="Ann@Example.org")] == shop.happened
    await shop.when(UpdateCustomer(ann, name=" "))
    assert [] == shop.happened


async def test_an_email_is_not_cleared(shop):
    await shop.when(UpdateCustomer(await customer(shop), email=None))
    assert (Invalid, ["input", "email"]) == (type(shop.refused), shop.refused.path)


async def test_an_email_that_was_given_up_is_free_and_one_in_use_is_not(shop):
    ann, bob = await customer(shop), await customer(shop, "bob@example.org")
    await shop.when(UpdateCustomer(bob, email="ANN@example.org"))
    assert (Taken, ["input", "email"]) == (type(shop.refused), shop.refused.path)
    await shop.given(UpdateCustomer(ann, email="new@example.org"), UpdateCustomer(bob, email="ann@example.org"))
    assert {"new@example.org", "ann@example.org"} == {row.email_folded for row in shop.rows(p.customer_emails.select())}


async def test_two_who_take_each_others_email_at_once_both_keep_one(shop):
    ann, bob = await customer(shop), await customer(shop, "bob@example.org")
    swaps = [UpdateCustomer(ann, email="bob@example.org"), UpdateCustomer(bob, email="ann@example.org")]
    answers = await asyncio.gather(*(shop.bus.send(one) for one in swaps))
    assert {Taken} >= {type(one.refused) for one in answers if one.refused}
    assert {"ann@example.org", "bob@example.org"} == {row.email for row in shop.rows(t.customers.select())}


async def test_a_version_that_has_passed_is_a_conflict_and_nobody_is_not_found(shop):
    await shop.when(UpdateCustomer(await customer(shop), name="Bo", expected_version=7))
    assert (VersionConflict, 1) == (type(shop.refused), shop.refused.current)
    await shop.when(UpdateCustomer("cus_0", name="Bo"))
    assert NotFound is type(shop.refused)


async def test_a_default_takes_that_from_the_one_before_and_stays_when_its_address_is_mended(shop):
    ann = await customer(shop)
    home = await address(shop, ann, default_shipping=True, default_billing=True)
    work = await address(shop, ann, WORK, default_shipping=True)
    assert ([work], [home]) == (defaults(shop, "default_shipping"), defaults(shop, "default_billing"))
    await shop.when(SaveAddress(ann, HOME, work))
    saved = events.AddressSaved(customer_id=ann, address_id=work, address=HOME, default_shipping=True)
    assert [saved] == shop.happened


async def test_saving_what_is_there_changes_nothing(shop):
    ann = await customer(shop)
    home = await address(shop, ann, default_billing=True)
    await shop.when(SaveAddress(ann, HOME, home))
    assert ([], home) == (shop.happened, shop.answer.ids["address_id"])


async def test_an_address_is_its_customers_own(shop):
    ann, bob = await customer(shop), await customer(shop, "bob@example.org")
    home = await address(shop, ann)
    for command, path in ((SaveAddress(bob, WORK, home), ["input", "id"]), (RemoveAddress(bob, home), ["id"])):
        await shop.when(command)
        assert (NotFound, path) == (type(shop.refused), shop.refused.path)


async def test_an_address_is_removed_once(shop):
    ann = await customer(shop)
    home = await address(shop, ann, default_shipping=True)
    await shop.when(RemoveAddress(ann, home))
    assert [events.AddressRemoved(customer_id=ann, address_id=home)] == shop.happened
    await shop.when(RemoveAddress(ann, home))
    assert NotFound is type(shop.refused)


async def test_an_address_has_a_name_a_line_and_a_city_and_there_are_a_hundred_at_most(shop):
    ann = await customer(shop)
    await shop.when(SaveAddress(ann, Address(name="Ann", line1=" ", city="Hull", country="GB")))
    assert (Invalid, ["input", "address", "line1"]) == (type(shop.refused), shop.refused.path)
    await shop.given(*(SaveAddress(ann, HOME) for _ in range(100)))
    await shop.when(SaveAddress(ann, HOME))
    assert (AboveLimit, 100) == (type(shop.refused), shop.refused.limit)


async def test_defaults_said_at_the_same_time_leave_one(shop):
    ann = await customer(shop)
    saves = [SaveAddress(ann, one, default_shipping=True) for one in (HOME, WORK, HOME, WORK)]
    answers = await asyncio.gather(*(shop.bus.send(one) for one in saves))
    assert [None] * 4 == [one.refused for one in answers]
    assert 1 == len(defaults(shop, "default_shipping"))


async def test_a_customer_has_one_open_cart_in_a_channel(shop):
    ann, mug = await customer(shop), await shop.sells()
    first = await shop.given(CreateCart("uk", [LineIn(mug, 1)], ann))
    await shop.when(CreateCart("uk", [LineIn(mug, 2)], ann))
    assert (["CartLineChanged"], first["cart_id"]) == (shop.names(), shop.answer.ids["cart_id"])
    assert "guest_cart_id" not in shop.answer.ids


async def test_carts_begun_at_the_same_time_are_one(shop):
    ann, mug = await customer(shop), await shop.sells()
    answers = await asyncio.gather(*(shop.bus.send(CreateCart("uk", [LineIn(mug, 1)], ann)) for _ in range(4)))
    assert 1 == len({one.ids["cart_id"] for one in answers})
    assert [4] == [row.quantity for row in shop.rows(t.cart_lines.select())]


async def test_a_customers_order_is_its_own_and_the_next_cart_is_another(shop):
    ann, mug = await customer(shop), await shop.sells(stocked=5)
    cart_id = (await shop.given(CreateCart("uk", [LineIn(mug, 1)], ann)))["cart_id"]
    await shop.given(shop.completing(await shop.starts(cart_id)))
    assert [ann] == [row.customer_id for row in shop.rows(t.orders.select())]
    await shop.when(AddCartLines(cart_id, [LineIn(mug, 1)]))
    assert NotAllowedFrom is type(shop.refused)
    assert cart_id != (await shop.given(CreateCart("uk", [], ann)))["cart_id"]


async def test_a_cart_of_nobody_known_is_refused(shop):
    await shop.when(CreateCart("uk", [], "cus_0"))
    assert NotFound is type(shop.refused)


async def test_an_erased_customer_keeps_no_address_and_leaves_its_email_to_others(shop):
    ann = await customer(shop)
    await shop.given(UpdateCustomer(ann, email="new@example.org"))
    await address(shop, ann, default_shipping=True)
    await shop.given(EraseCustomer(ann))
    assert [] == [*shop.rows(p.addresses.select()), *shop.rows(p.customer_emails.select())]
    await customer(shop, "new@example.org")


async def test_what_a_guest_said_before_the_carts_were_merged_is_erased_with_the_customer(shop):
    ann, mug = await customer(shop), await shop.sells(stocked=1)
    guest = await shop.cart((mug, 1))
    await shop.given(StartCheckout(guest, email="ann@example.org"), MergeCarts(guest, ann), EraseCustomer(ann))
    assert [None] == [row.email for row in shop.rows(t.checkouts.select())]
