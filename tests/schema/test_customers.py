"""What a customer is shown of itself and may change, and that nobody else may."""

from typing import Any

import pytest

from schema.proofs import Caller
from tests.schema.front import Front, front
from writes import catalog, variants
from writes.carts import CreateCart, LineIn
from writes.customers import RegisterCustomer

__all__ = ["front"]

_HOME = {"name": "Zoë", "line1": "1 Quay", "city": "Hull", "country": "GB"}
_UPDATE = """mutation ($i: CustomerUpdateInput!) { customerUpdate(input: $i) {
  position errors { code path } customer { version name email emailVerified } } }"""
_SAVE = """mutation ($i: AddressSaveInput!) { addressSave(input: $i) { position addressId errors { code path }
  customer { addresses { id line1 } defaultShipping { id line1 } defaultBilling { id } } } }"""
_REMOVE = """mutation ($id: ID!) { addressRemove(id: $id) { position addressId errors { code path }
  customer { addresses { id } defaultShipping { id } } } }"""
_CART = "mutation { cartCreate { position cartId cartToken } }"


@pytest.fixture
async def zoe(front: Front) -> str:
    """Given a customer who asks; return its id."""
    customer_id = str((await front.does(RegisterCustomer("17850", "Zoë", "zoe@example.org")))["customer_id"])
    front.context.caller = Caller(customer_id=customer_id)
    return customer_id


async def test_me_is_who_asks_and_nobody_where_a_guest_does(front: Front, zoe: str) -> None:
    me = "{ me { id email externalRef orderCount totalSpent { amount } addresses { id } defaultShipping { id } cart { id } } }"
    nothing: dict[str, Any] = {"orderCount": 0, "totalSpent": [], "addresses": [], "defaultShipping": None, "cart": None}

    assert {"id": zoe, "email": "zoe@example.org", "externalRef": "17850", **nothing} == (await front.asks(me))["me"]
    front.context.caller = Caller()
    assert {"me": None} == await front.asks(me)


async def test_a_customer_changes_its_name_and_email(front: Front, zoe: str) -> None:
    done = (await front.asks(_UPDATE, i={"name": "Zoë B.", "email": "zoe.b@example.org"}))["customerUpdate"]
    assert {"version": 2, "name": "Zoë B.", "email": "zoe.b@example.org", "emailVerified": False} == done["customer"]

    refused = (await front.asks(_UPDATE, i={"email": None}))["customerUpdate"]
    assert [{"code": "INVALID", "path": ["input", "email"]}] == refused["errors"]
    found = await front.asks('{ customers(search: "zoe.b@example.org") { nodes { id } } }')
    assert [{"id": zoe}] == found["customers"]["nodes"]


async def test_only_staff_change_another_customer_and_only_a_customer_has_addresses(front: Front, zoe: str) -> None:
    other = str((await front.does(RegisterCustomer("17851")))["customer_id"])
    named = {"name": "Mallory", "customerId": zoe}
    callers = {"UNAUTHENTICATED": Caller(), "FORBIDDEN": Caller(customer_id=other)}

    for code, front.context.caller in callers.items():
        [error] = (await front.asked(_UPDATE, i=named)).errors
        assert code == error.extensions["code"]
    front.context.caller = Caller(staff=True)
    assert "Mallory" == (await front.asks(_UPDATE, i=named))["customerUpdate"]["customer"]["name"]
    [error] = (await front.asked(_SAVE, i={"address": _HOME})).errors
    assert "UNAUTHENTICATED" == error.extensions["code"]


async def test_addresses_are_kept_with_their_defaults(front: Front, zoe: str) -> None:
    first = (await front.asks(_SAVE, i={"address": _HOME, "defaultShipping": True, "defaultBilling": True}))["addressSave"]
    second = (await front.asks(_SAVE, i={"address": _HOME | {"line1": "2 Mill"}, "defaultShipping": True}))["addressSave"]

    home, mill = first["addressId"], second["addressId"]
    assert {
        "addresses": [{"id": home, "line1": "1 Quay"}, {"id": mill, "line1": "2 Mill"}],
        "defaultShipping": {"id": mill, "line1": "2 Mill"},
        "defaultBilling": {"id": home},
    } == second["customer"]
    gone = (await front.asks(_REMOVE, id=mill))["addressRemove"]
    assert {"addresses": [{"id": home}], "defaultShipping": None} == gone["customer"]
    assert ["NOT_FOUND"] == [one["code"] for one in (await front.asks(_REMOVE, id=mill))["addressRemove"]["errors"]]
    assert zoe == front.context.customer_id


async def test_a_customers_cart_is_found_by_channel_and_has_no_secret(front: Front, zoe: str) -> None:
    made = (await front.asks(_CART))["cartCreate"]
    again = (await front.asks(_CART))["cartCreate"]

    assert (made["cartId"], None) == (again["cartId"], again["cartToken"])
    assert {"cart": {"id": made["cartId"]}} == (await front.asks("{ me { cart { id } } }"))["me"]
    assert {"cart": None} == (await front.asks('{ me { cart(channel: "elsewhere") { id } } }'))["me"]
    assert made["cartId"] == (await front.does(CreateCart("default", [], zoe)))["cart_id"]


async def test_the_same_key_of_two_customers_is_two_keys(front: Front, zoe: str) -> None:
    other = str((await front.does(RegisterCustomer("17851")))["customer_id"])
    mine = (await front.asks(_SAVE, i={"address": _HOME, "idempotencyKey": "1"}))["addressSave"]

    front.context.caller = Caller(customer_id=other)
    theirs = (await front.asks(_SAVE, i={"address": _HOME, "idempotencyKey": "1"}))["addressSave"]

    assert mine["addressId"] != theirs["addressId"]
    assert zoe != other


async def test_a_guests_cart_of_65_lines_becomes_the_customers_once(front: Front, zoe: str) -> None:
    merge = """mutation ($t: String!) { cartMerge(guestCartToken: $t) { position cartId errors { code path }
      cart { status totalQuantity lines { quantity } } } }"""
    price = [variants.PriceIn("default", "1.00", "GBP")]
    many = [variants.VariantIn(f"V-{n}", price, name=f"{n}") for n in range(65)]
    made = await front.does(catalog.CreateProduct("Many", variants=many, channels=["default"]))
    guest = (await front.does(CreateCart("default", [LineIn(one, 2) for one in made["variant_ids"]])))["cart_id"]
    token = front.context.proofs.token(guest)

    merged = [(await front.asks(merge, t=token))["cartMerge"] for _ in range(2)]

    assert [("OPEN", 130, 65)] * 2 == [
        (one["cart"]["status"], one["cart"]["totalQuantity"], len(one["cart"]["lines"])) for one in merged
    ]
    assert merged[0]["cartId"] == merged[1]["cartId"] == (await front.asks("{ me { cart { id } } }"))["me"]["cart"]["id"]
    assert "MERGED" == (await front.asks("query ($t: String) { cart(token: $t) { status } }", t=token))["cart"]["status"]
    wrong = (await front.asks(merge, t=token[:-1]))["cartMerge"]["errors"]
    assert [{"code": "NOT_FOUND", "path": ["guestCartToken"]}] == wrong
    front.context.caller = Caller()
    [error] = (await front.asked(merge, t=token)).errors
    assert ("UNAUTHENTICATED", zoe) == (error.extensions["code"], zoe)
