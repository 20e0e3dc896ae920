"""A buyer in New York says where the goods go, chooses a way to ship, and pays tax; staff offer more."""

import uuid
from typing import Any

from tests.journeys.client import Shop

_CHECKOUT = """errors { code path message } checkout { status email reservedUntil
  subtotal { amount } discount { amount } shipping { amount } tax { amount } total { amount currency } taxIncluded
  lines { tax { amount } total { amount } } taxLines { country region rate taxable { amount } amount { amount } included }
  shippingMethod { id name price { amount } } shippingMethods { id name price { amount } minDays } }"""
_UPDATE = f"mutation ($id: ID!, $i: CheckoutUpdateInput!) {{ checkoutUpdate(id: $id, input: $i) {{ {_CHECKOUT} }} }}"
_SELECT = f"mutation ($id: ID!, $q: ID!) {{ checkoutShippingSelect(id: $id, quoteId: $q) {{ {_CHECKOUT} }} }}"
_COMPLETE = """mutation ($id: ID!, $key: String!, $total: MoneyInput!) { checkoutComplete(input: {checkoutId: $id,
  idempotencyKey: $key, expectedTotal: $total, paymentProvider: "test", paymentToken: "approve"}) { errors { code message }
  order { subtotal { amount } shipping { amount } tax { amount } total { amount } taxIncluded shippingMethod { name }
    taxLines { region amount { amount } } lines { tax { amount } } } } }"""
_NEW_YORK = {"name": "Ann", "line1": "1 Pearl St", "city": "New York", "region": "NY", "country": "US"}


async def test_an_order_is_shipped_and_taxed_as_its_address_says(shop: Shop) -> None:
    checkout_id = await _started(shop)

    nowhere = await _told(shop, _UPDATE, id=checkout_id, i={"shippingAddress": {**_NEW_YORK, "country": "NZ"}})
    assert [("INVALID", ["input", "shippingAddress", "country"])] == [(e["code"], e["path"]) for e in nowhere["errors"]]
    there = (await _told(shop, _UPDATE, id=checkout_id, i={"email": "ann@example.org", "shippingAddress": _NEW_YORK}))[
        "checkout"
    ]
    assert ["Coastal post", "Night boat"] == [one["name"] for one in there["shippingMethods"]]
    chosen = (await _told(shop, _SELECT, id=checkout_id, q=there["shippingMethods"][0]["id"]))["checkout"]
    assert ("Coastal post", "6.00") == (chosen["shippingMethod"]["name"], chosen["shipping"]["amount"])
    assert [("US", "NY", "8.875", False)] == [
        (one["country"], one["region"], one["rate"], one["included"]) for one in chosen["taxLines"]
    ]
    sums = {name: _cents(chosen[name]) for name in ("subtotal", "discount", "shipping", "tax", "total")}
    assert sums["total"] == sums["subtotal"] - sums["discount"] + sums["shipping"] + sums["tax"]

    done = await _told(shop, _COMPLETE, id=checkout_id, key=str(uuid.uuid4()), total=chosen["total"])
    assert [] == done["errors"]
    order = done["order"]
    assert ("Coastal post", chosen["total"]["amount"], False) == (
        order["shippingMethod"]["name"], order["total"]["amount"], order["taxIncluded"],
    )  # fmt: skip
    assert chosen["tax"]["amount"] == order["taxLines"][0]["amount"]["amount"]


async def test_staff_offer_a_way_to_ship_and_set_a_rate(shop: Shop) -> None:
    code = f"uk-{uuid.uuid4().hex[:8]}"
    channel = "mutation ($c: String!, $in: CurrencyCode!) { channelCreate(code: $c, name: $c, currency: $in) { position } }"
    await shop.data(channel, c=code, **{"in": "GBP"})
    method = {"name": "Post", "channel": code, "countries": ["GB"], "price": {"amount": "4.99", "currency": "GBP"}}
    shown = "shippingMethodId errors { message } shippingMethod { name freeFrom { amount } active channel { code } }"
    create = f"mutation ($i: ShippingMethodInput!) {{ shippingMethodCreate(input: $i) {{ {shown} }} }}"
    made = await _told(shop, create, i={**method, "freeFrom": {"amount": "50", "currency": "GBP"}})
    offered = made["shippingMethod"]
    assert ("50.00", True, code) == (offered["freeFrom"]["amount"], offered["active"], offered["channel"]["code"])
    update = f"mutation ($id: ID!, $i: ShippingMethodUpdateInput!) {{ shippingMethodUpdate(id: $id, input: $i) {{ {shown} }} }}"
    changed = await _told(shop, update, id=made["shippingMethodId"], i={"freeFrom": None, "active": False})
    assert (None, False) == (changed["shippingMethod"]["freeFrom"], changed["shippingMethod"]["active"])
    listed = "query ($c: String!, $to: CountryCode) { shippingMethods(channel: $c, country: $to) { id } }"
    assert [{"id": made["shippingMethodId"]}] == (await shop.data(listed, c=code))["shippingMethods"]
    assert [] == (await shop.data(listed, c=code, to="GB"))["shippingMethods"]

    rate = "mutation ($i: TaxRateInput!) { taxRateSet(input: $i) { errors { path } taxRate { country rate inclusive } } }"
    told = await _told(shop, rate, i={"country": "AT", "rate": "20.0", "inclusive": True})
    assert {"country": "AT", "rate": "20", "inclusive": True} == told["taxRate"]
    assert [{"rate": "20"}] == (await shop.data('{ taxRates(country: "AT") { rate } }'))["taxRates"]


async def _started(shop: Shop) -> str:
    key, cart_id = str(uuid.uuid4()), await shop.cart((await shop.a_variant())["id"], 2)
    start = "mutation ($i: CheckoutStartInput!) { checkoutStart(input: $i) { checkoutId errors { message } } }"
    return str((await _told(shop, start, i={"cartId": cart_id, "idempotencyKey": key}))["checkoutId"])


async def _told(shop: Shop, mutation: str, **values: Any) -> Any:
    return next(iter((await shop.data(mutation, **values)).values()))


def _cents(amount: dict[str, str]) -> int:
    return int(amount["amount"].replace(".", ""))
