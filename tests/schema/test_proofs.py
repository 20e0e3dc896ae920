"""A guest proves a cart and its checkout by the cart's secret, an order by the order's. A wrong one finds nothing."""

from contextlib import aclosing
from dataclasses import replace
from typing import Any

import pytest

from schema.proofs import Caller, Proofs
from tests.schema.front import Front, front
from writes import checkout
from writes.carts import CreateCart, LineIn
from writes.stock import CreateWarehouse

__all__ = ["front"]

_CREATE = "mutation ($k: String) { cartCreate(idempotencyKey: $k) { cartId cartToken replayed position } }"
_CART = "query ($id: ID, $token: String) { cart(id: $id, token: $token) { id } }"
_CHECKOUT = "query ($id: ID!, $token: String) { checkout(id: $id, token: $token) { id } }"
_ORDER = "query ($id: ID, $number: String, $token: String) { order(id: $id, number: $number, token: $token) { id guestToken } }"
_COMPLETE = """mutation ($id: ID!) { checkoutComplete(input: {idempotencyKey: "order-once", checkoutId: $id,
  expectedTotal: {amount: "0.00", currency: "GBP"}}) { orderId orderToken replayed position errors { message } } }"""


def test_a_token_proves_its_own_id_and_nothing_else_does() -> None:
    proofs = Proofs(b"one key")
    token = proofs.token("cart_1")

    assert "cart_1" == proofs.proven(token)
    forged = ["", None, "cart_1", "cart_1.", token[:-1], token + "A", token.replace("cart_1", "cart_2"), "cart_é." + token[7:]]
    assert [None] * len(forged) == [proofs.proven(one) for one in forged]
    assert Proofs(b"another key").proven(token) is None


async def test_a_cart_tells_its_secret_when_it_is_made_and_again_when_that_is_replayed(front: Front) -> None:
    made = (await front.asks(_CREATE, k="make-once"))["cartCreate"]
    again = (await front.asks(_CREATE, k="make-once"))["cartCreate"]

    assert (False, True) == (made["replayed"], again["replayed"])
    assert made["cartToken"] == again["cartToken"] == front.context.proofs.token(made["cartId"])


async def test_a_cart_is_found_by_its_secret_alone_and_not_by_another(front: Front) -> None:
    mine, other = [(await front.asks(_CREATE))["cartCreate"] for _ in range(2)]

    assert {"cart": {"id": mine["cartId"]}} == await front.asks(_CART, token=mine["cartToken"])
    assert {"cart": {"id": mine["cartId"]}} == await front.asks(_CART, id=mine["cartId"], token=mine["cartToken"])
    assert {"cart": None} == await front.asks(_CART, id=mine["cartId"], token=other["cartToken"])
    assert {"cart": None} == await front.asks(_CART, token="no token")
    assert {"cart": None} == await front.asks(_CART)


async def test_the_header_says_what_the_argument_does(front: Front) -> None:
    mine, other = [(await front.asks(_CREATE))["cartCreate"] for _ in range(2)]
    node = "query ($id: ID!) { node(id: $id) { id } }"

    front.context.caller = Caller(cart_token=mine["cartToken"])

    assert {"cart": {"id": mine["cartId"]}} == await front.asks(_CART)
    assert {"cart": None} == await front.asks(_CART, id=other["cartId"])
    assert [None, {"id": mine["cartId"]}] == [(await front.asks(node, id=one["cartId"]))["node"] for one in (other, mine)]


async def test_a_checkout_is_proven_by_the_secret_of_its_cart(front: Front) -> None:
    cart_id, checkout_id = await _checkout(front)
    token = front.context.proofs.token(cart_id)

    assert {"checkout": {"id": checkout_id}} == await front.asks(_CHECKOUT, id=checkout_id, token=token)
    assert {"checkout": None} == await front.asks(_CHECKOUT, id=checkout_id, token=token + "x")


async def test_an_order_tells_its_secret_to_who_placed_it_and_is_read_by_it_alone(front: Front) -> None:
    _, checkout_id = await _checkout(front)
    placed, again = [(await front.asks(_COMPLETE, id=checkout_id))["checkoutComplete"] for _ in range(2)]
    order_id, token = placed["orderId"], placed["orderToken"]

    assert ([], True, token) == (placed["errors"], again["replayed"], again["orderToken"])
    assert {"order": {"id": order_id, "guestToken": token}} == await front.asks(_ORDER, token=token)
    assert {"order": {"id": order_id, "guestToken": None}} == await front.asks(_ORDER, id=order_id)
    assert {"order": None} == await front.asks(_ORDER, id=order_id, token=front.context.proofs.token("ord_1"))
    assert {"order": None} == await front.asks(_ORDER, token="no token")


async def test_staff_are_told_the_secret_of_an_order(front: Front) -> None:
    _, checkout_id = await _checkout(front)
    placed = (await front.asks(_COMPLETE, id=checkout_id))["checkoutComplete"]

    front.context.caller = Caller(staff=True, order_token="of something else")

    assert placed["orderToken"] == (await front.asks(_ORDER, id=placed["orderId"]))["order"]["guestToken"]


@pytest.mark.parametrize("kind", ["cart", "checkout", "order"])
async def test_a_subscription_with_a_wrong_secret_begins_as_one_to_nothing(front: Front, kind: str) -> None:
    cart_id, checkout_id = await _checkout(front)
    placed = (await front.asks(_COMPLETE, id=checkout_id))["checkoutComplete"]
    one = {"cart": cart_id, "checkout": checkout_id, "order": placed["orderId"]}[kind]
    right = front.context.proofs.token(one if kind == "order" else cart_id)

    assert ["Snapshot", one] == await _first(front, kind, one, right)
    assert ["Removed", None] == await _first(front, kind, one, right + "x")
    assert ["Removed", None] == await _first(front, kind, f"{one}0", None)


async def _first(front: Front, kind: str, one: str, token: str | None) -> list[Any]:
    """The type of a subscription's first message, and the id of what it shows."""
    operation = f"subscription ($id: ID!, $t: String) {{ {kind}Changed(id: $id, token: $t) {{ type {kind} {{ id }} }} }}"
    begun: Any = await front.subscribed(operation, id=one, t=token)
    async with aclosing(begun) as messages:
        message = (await anext(messages)).data[f"{kind}Changed"]
        return [message["type"], message[kind] and message[kind]["id"]]


async def _checkout(front: Front) -> tuple[str, str]:
    """Given a checkout with nothing to pay; return the ids of its cart and of itself."""
    await front.does(CreateWarehouse("main", "Main"))
    await front.sells("Gift", "0.00", backorderable=True)
    [variant] = (await front.asks('{ variant(sku: "SKU Gift") { id } }')).values()
    cart_id = (await front.does(CreateCart("default", [LineIn(variant["id"], 1)])))["cart_id"]
    return cart_id, (await front.does(checkout.StartCheckout(cart_id)))["checkout_id"]


def test_a_customer_acts_in_its_own_name() -> None:
    guest = Caller(cart_token="a.b")
    assert ["anonymous", "cus_1", "staff"] == [
        one.actor for one in (guest, replace(guest, customer_id="cus_1"), replace(guest, staff=True))
    ]
