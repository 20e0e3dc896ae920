"""A buyer puts a code on a cart, sees what it gives, and pays the lower price; staff see the use counted."""

import uuid
from typing import Any

from tests.journeys.client import Shop

_CODES = "appliedCodes { code kind amount { amount } problem { code ... on CodeError { reason missing { amount } } } }"
_CART = f"""errors {{ code path ... on CodeError {{ reason missing {{ amount }} }} }} cart {{ codes subtotal {{ amount }}
  discount {{ amount }} total {{ amount }} lines {{ discount {{ amount }} total {{ amount }} }} {_CODES} }}"""
_APPLY = f"mutation ($id: ID!, $code: String!) {{ cartCodeApply(cartId: $id, code: $code) {{ {_CART} }} }}"
_REMOVE = f"mutation ($id: ID!, $code: String!) {{ cartCodeRemove(cartId: $id, code: $code) {{ {_CART} }} }}"
_CREATE = """mutation ($i: PromotionInput!) { promotionCreate(input: $i) { promotionId errors { message }
  promotion { code percentage used active minimumSubtotal { amount } endsAt } } }"""
_UPDATE = """mutation ($id: ID!, $i: PromotionUpdateInput!) { promotionUpdate(id: $id, input: $i) {
  errors { message } promotion { percentage minimumSubtotal { amount } } } }"""
_COMPLETE = """mutation ($id: ID!, $key: String!, $total: MoneyInput!) { checkoutComplete(input: {checkoutId: $id,
  idempotencyKey: $key, expectedTotal: $total, paymentProvider: "test", paymentToken: "approve"}) { errors { code message }
  order { discount { amount } appliedCodes { code amount { amount } } lines { discount { amount } } } } }"""


async def test_a_code_lowers_the_price_of_a_cart_its_checkout_and_its_order(shop: Shop) -> None:
    code = f"OFF-{uuid.uuid4().hex[:8]}"
    limit = {"minimumSubtotal": {"amount": "1000.00", "currency": "USD"}, "endsAt": "2100-01-01T00:00:00Z"}
    made = await _told(shop, _CREATE, i={"code": code, "name": "Half", "kind": "PERCENTAGE", "percentage": "50.0", **limit})
    assert ("50", 0, True, "1000.00") == (
        made["promotion"]["percentage"], made["promotion"]["used"], made["promotion"]["active"],
        made["promotion"]["minimumSubtotal"]["amount"],
    )  # fmt: skip
    cart_id = await shop.cart((await shop.a_variant())["id"], 2)
    short = (await _told(shop, _APPLY, id=cart_id, code=code))["errors"]
    assert [("CODE_NOT_APPLICABLE", "MINIMUM_NOT_MET", ["code"])] == [(e["code"], e["reason"], e["path"]) for e in short]
    assert short[0]["missing"] is not None
    changed = await _told(shop, _UPDATE, id=made["promotionId"], i={"minimumSubtotal": None})
    assert (None, "50") == (changed["promotion"]["minimumSubtotal"], changed["promotion"]["percentage"])

    cart = (await _told(shop, _APPLY, id=cart_id, code=code.lower()))["cart"]
    assert ([code], [None]) == (cart["codes"], [one["problem"] for one in cart["appliedCodes"]])
    assert _cents(cart["total"]) == _cents(cart["subtotal"]) - _cents(cart["discount"])
    assert _cents(cart["discount"]) == _cents(cart["lines"][0]["discount"]) == _cents(cart["appliedCodes"][0]["amount"]) > 0
    assert [] == (await _told(shop, _REMOVE, id=cart_id, code=code))["cart"]["codes"]
    await _told(shop, _APPLY, id=cart_id, code=code)

    started = await shop.start(cart_id)
    chosen = await shop.ship(started)
    done = await _told(shop, _COMPLETE, id=started["checkoutId"], key=str(uuid.uuid4()), total=chosen["checkout"]["total"])
    assert [] == done["errors"]
    assert [(code, cart["discount"]["amount"])] == [
        (one["code"], one["amount"]["amount"]) for one in done["order"]["appliedCodes"]
    ]
    ended = "mutation ($id: ID!) { promotionDeactivate(id: $id) { promotion { active used } } }"
    assert {"active": False, "used": 1} == (await _told(shop, ended, id=made["promotionId"]))["promotion"]


async def test_a_code_that_ended_stays_on_the_cart_with_its_problem(shop: Shop) -> None:
    code = f"END-{uuid.uuid4().hex[:8]}"
    made = await _told(shop, _CREATE, i={"code": code, "name": "Ends", "kind": "PERCENTAGE", "percentage": "5"})
    cart_id = await shop.cart((await shop.a_variant())["id"])
    await _told(shop, _APPLY, id=cart_id, code=code)
    await shop.data("mutation ($id: ID!) { promotionDeactivate(id: $id) { promotion { active } } }", id=made["promotionId"])

    read = await shop.data(f"query ($id: ID!) {{ cart(id: $id) {{ codes discount {{ amount }} {_CODES} }} }}", id=cart_id)

    assert ([code], "0.00") == (read["cart"]["codes"], read["cart"]["discount"]["amount"])
    assert "EXPIRED" == read["cart"]["appliedCodes"][0]["problem"]["reason"]


async def _told(shop: Shop, mutation: str, **values: Any) -> Any:
    return next(iter((await shop.data(mutation, **values)).values()))


def _cents(amount: dict[str, str]) -> int:
    return int(amount["amount"].replace(".", ""))
