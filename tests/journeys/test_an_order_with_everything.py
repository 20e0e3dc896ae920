"""A guest buys two goods; some are sent and come back, others are canceled: every figure, to the smallest unit."""

import uuid
from decimal import Decimal
from typing import Any

import pytest

from tests.journeys.client import COMPLETE, Shop

_AT = "@atLeast(position: $at, timeoutMs: 5000)"
_ORDER = f"""query ($id: ID!, $at: LogPosition) {_AT} {{ order(id: $id) {{ status paymentStatus fulfillmentStatus placedAt
  total {{ amount }} paid {{ amount }} refunded {{ amount }} payments {{ id }}
  lines {{ id sku quantity status }} returns {{ state refunded {{ amount }} }} timeline {{ nodes {{ type }} }} }} }}"""
_SALES = f"""query ($d: Date!, $c: String!, $at: LogPosition) {_AT} {{
  sales(from: $d, to: $d, channel: $c) {{ revenue {{ amount }} refunded {{ amount }} }} }}"""
_LEVELS = f"query ($v: [ID!], $at: LogPosition) {_AT} {{ stockLevels(variantIds: $v) {{ nodes {{ onHand allocated }} }} }}"


class Guest:
    """What a buyer and the shop's staff do about one order."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.at: str | None = None
        self.channel = uuid.uuid4().hex  # of its own, where nothing is taxed and nothing costs shipping

    async def opens(self) -> None:
        made = 'mutation ($c: String!) { channelCreate(code: $c, name: $c, currency: "GBP") { errors { message } } }'
        assert [] == (await self.shop.data(made, c=self.channel))["channelCreate"]["errors"]

    async def does(self, mutation: str, kind: str, *, of: str | None = None, **said: Any) -> Any:
        """Send a mutation with an input and return its payload: it must not be refused."""
        given, named = ("$id: ID!, ", "id: $id, ") if of else ("", "")
        more = {"returnRequest": "returnId", "productCreate": "productId product { variants { id } }"}.get(mutation, "")
        more = "warehouseId" if mutation == "warehouseCreate" else more
        asked = f"mutation ({given}$i: {kind}!) {{ {mutation}({named}input: $i) {{ position errors {{ message }} {more} }} }}"
        said = {"idempotencyKey": str(uuid.uuid4()), **said}
        payload = (await self.shop.data(asked, **({"id": of} if of else {}), i=said))[mutation]
        assert [] == payload["errors"]
        self.at = payload["position"]
        return payload

    async def says(self, mutation: str, of: str) -> None:
        told = "position errors { message }"
        asked = f"mutation ($id: ID!, $k: String!) {{ {mutation}(id: $id, idempotencyKey: $k) {{ {told} }} }}"
        payload = (await self.shop.data(asked, id=of, k=str(uuid.uuid4())))[mutation]
        assert [] == payload["errors"]
        self.at = payload["position"]

    async def sells(self, price: str, warehouse_id: str) -> str:
        name = uuid.uuid4().hex
        variant = {"sku": name, "prices": [{"channel": self.channel, "price": {"amount": price, "currency": "GBP"}}]}
        made = await self.does("productCreate", "ProductCreateInput", name=name, variants=[variant])
        shown = "mutation ($id: ID!, $c: String!) { productPublish(id: $id, channels: [$c]) { errors { message } } }"
        assert [] == (await self.shop.data(shown, id=made["productId"], c=self.channel))["productPublish"]["errors"]
        (one,) = made["product"]["variants"]
        received = [{"variantId": one["id"], "delta": 9}]
        await self.does("stockAdjust", "StockAdjustInput", warehouseId=warehouse_id, reason="RECEIVED", changes=received)
        return str(one["id"])

    async def buys(self, *lines: dict[str, Any]) -> str:
        cart = "mutation ($c: String!, $l: [CartLineInput!]!) { cartCreate(channel: $c, lines: $l) { cartId } }"
        made = (await self.shop.data(cart, c=self.channel, l=list(lines)))["cartCreate"]
        start = """mutation ($c: ID!, $k: String!) { checkoutStart(input: {cartId: $c, idempotencyKey: $k}) {
          checkoutId checkout { total { amount currency } } } }"""
        started = (await self.shop.data(start, c=made["cartId"], k=str(uuid.uuid4())))["checkoutStart"]
        total = started["checkout"]["total"]
        done = await self.shop.data(COMPLETE, id=started["checkoutId"], key=str(uuid.uuid4()), **total)
        self.at = done["checkoutComplete"]["position"]
        return str(done["checkoutComplete"]["orderId"])

    async def order(self, order_id: str) -> Any:
        return (await self.shop.data(_ORDER, id=order_id, at=self.at))["order"]

    async def sold(self, day: str) -> dict[str, Decimal]:
        found = await self._day(day)
        return {name: Decimal(amount["amount"]) for name, amount in found.items()}

    async def _day(self, day: str) -> dict[str, Any]:
        days = (await self.shop.data(_SALES, d=day, c=self.channel, at=self.at))["sales"]
        return dict(days[0]) if days else {name: {"amount": "0"} for name in ("revenue", "refunded")}

    async def stock(self, *variant_ids: str) -> list[tuple[int, int]]:
        found = (await self.shop.data(_LEVELS, v=list(variant_ids), at=self.at))["stockLevels"]["nodes"]
        return sorted((one["onHand"], one["allocated"]) for one in found)


@pytest.fixture
async def guest(shop: Shop) -> Guest:
    one = Guest(shop)
    await one.opens()
    return one


async def test_every_figure_is_right_to_the_smallest_unit(guest: Guest) -> None:
    code = uuid.uuid4().hex
    warehouse_id = (await guest.does("warehouseCreate", "WarehouseInput", code=code, name=code))["warehouseId"]
    cup, bed = [await guest.sells(price, warehouse_id) for price in ("3.33", "10.01")]
    order_id = await guest.buys({"variantId": cup, "quantity": 3}, {"variantId": bed, "quantity": 2})
    bought = await guest.order(order_id)
    day, total = bought["placedAt"][:10], bought["total"]["amount"]
    assert "30.01" == total
    before = await guest.sold(day)
    await guest.does("paymentCapture", "PaymentCaptureInput", of=bought["payments"][0]["id"])
    cups = next(line["id"] for line in bought["lines"] if line["quantity"] == 3)
    beds = next(line["id"] for line in bought["lines"] if line["quantity"] == 2)

    for status, quantity in (("PICKING", 2), ("SHIPPED", None)):
        picked = [line for line in (await guest.order(order_id))["lines"] if line["status"] == "PICKING"]
        line_id = picked[0]["id"] if picked else cups
        said = {"orderId": order_id, "lineId": line_id, "status": status, **({"quantity": quantity} if quantity else {})}
        await guest.does("orderLineStatusSet", "OrderLineStatusInput", **said)
    sent = next(line["id"] for line in (await guest.order(order_id))["lines"] if line["status"] == "SHIPPED")
    lines = [{"lineId": sent, "quantity": 2}]
    back = (await guest.does("returnRequest", "ReturnRequestInput", orderId=order_id, lines=lines))["returnId"]
    await guest.says("returnApprove", back)
    await guest.does("returnReceive", "ReturnReceiveInput", of=back, warehouseId=warehouse_id)
    await guest.does("orderLinesCancel", "OrderLinesCancelInput", of=order_id, lines=[{"lineId": beds, "quantity": 2}])

    partly = await guest.order(order_id)
    assert ("PLACED", "PARTIALLY_REFUNDED", "PARTIALLY_RETURNED") == (
        partly["status"], partly["paymentStatus"], partly["fulfillmentStatus"],
    )  # fmt: skip
    assert ("9.99", "30.01", "26.68") == tuple(partly[name]["amount"] for name in ("total", "paid", "refunded"))
    assert [{"state": "REFUNDED", "refunded": {"amount": "6.66"}}] == partly["returns"]
    now = await guest.sold(day)
    assert (Decimal(0), Decimal("26.68")) == (now["revenue"] - before["revenue"], now["refunded"] - before["refunded"])
    assert [(9, 0), (9, 1)] == await guest.stock(cup, bed)

    await guest.does("orderLinesCancel", "OrderLinesCancelInput", of=order_id, lines=[{"lineId": cups, "quantity": 1}])
    done = await guest.order(order_id)
    assert ("COMPLETED", "REFUNDED", "RETURNED") == (done["status"], done["paymentStatus"], done["fulfillmentStatus"])
    assert ("6.66", "30.01", "30.01") == tuple(done[name]["amount"] for name in ("total", "paid", "refunded"))
    assert Decimal("30.01") == (await guest.sold(day))["refunded"] - before["refunded"]
    assert ([(9, 0), (9, 0)], "OrderCompleted") == (
        await guest.stock(cup, bed), next(one["type"] for one in reversed(done["timeline"]["nodes"]) if "Order" in one["type"]),
    )  # fmt: skip
