"""An order is packed in part, sent, followed, unpacked, sent whole and arrives: all through the public API."""

import uuid
from typing import Any

from tests.journeys.client import Shop

_PAYLOAD = """{ fulfillmentId errors { code path } fulfillment { state carrier trackingNumber trackingUrl shippedAt
  warehouse { id } lines { quantity line { id status } } } order { status fulfillmentStatus } }"""
_LINES = "query ($id: ID!) { order(id: $id) { lines { id quantity status allocations { quantity warehouse { id } } } } }"


async def test_a_parcel_goes_its_way(shop: Shop) -> None:
    order_id = (await shop.buy((await shop.a_variant())["id"], 3))["orderId"]
    (line,) = await _lines(shop, order_id)
    warehouse_id = line["allocations"][0]["warehouse"]["id"]

    some = await _pack(shop, order_id, warehouse_id, line["id"], 2)
    assert ("PENDING", [2]) == (some["fulfillment"]["state"], [one["quantity"] for one in some["fulfillment"]["lines"]])
    assert warehouse_id == some["fulfillment"]["warehouse"]["id"]
    too_much = await _pack(shop, order_id, warehouse_id, line["id"], 2)
    assert [{"code": "LIMIT_EXCEEDED", "path": ["input", "lines", "0", "quantity"]}] == too_much["errors"]

    sent = await _step(shop, "fulfillmentShip", some["fulfillmentId"], carrier="DHL", trackingNumber="JD0146")
    assert ("SHIPPED", "DHL") == (sent["fulfillment"]["state"], sent["fulfillment"]["carrier"])
    assert "PARTIALLY_FULFILLED" == sent["order"]["fulfillmentStatus"]
    mended = await _step(shop, "fulfillmentTrackingSet", some["fulfillmentId"], carrier=None, trackingUrl="https://t.org/1")
    shown = mended["fulfillment"]
    assert (None, "JD0146", "https://t.org/1") == (shown["carrier"], shown["trackingNumber"], shown["trackingUrl"])

    rest = await _pack(shop, order_id, warehouse_id, line["id"], 1)
    assert "CANCELED" == (await _step(shop, "fulfillmentCancel", rest["fulfillmentId"]))["fulfillment"]["state"]
    rest = await _pack(shop, order_id, warehouse_id, line["id"], 1)
    assert "FULFILLED" == (await _step(shop, "fulfillmentShip", rest["fulfillmentId"]))["order"]["fulfillmentStatus"]
    for one in (some, rest):
        there = await _step(shop, "fulfillmentDeliver", one["fulfillmentId"])
        assert ["DELIVERED"] == [part["line"]["status"] for part in there["fulfillment"]["lines"]]
    assert "COMPLETED" == there["order"]["status"]
    again = await _step(shop, "fulfillmentDeliver", rest["fulfillmentId"])
    assert [{"code": "INVALID_TRANSITION", "path": ["id"]}] == again["errors"]


async def _lines(shop: Shop, order_id: str) -> Any:
    return (await shop.data(_LINES, id=order_id))["order"]["lines"]


async def _pack(shop: Shop, order_id: str, warehouse_id: str, line_id: str, quantity: int) -> Any:
    packed = {"orderId": order_id, "warehouseId": warehouse_id, "lines": [{"lineId": line_id, "quantity": quantity}]}
    packed["idempotencyKey"] = str(uuid.uuid4())
    told = await shop.data(f"mutation ($i: FulfillmentCreateInput!) {{ fulfillmentCreate(input: $i) {_PAYLOAD} }}", i=packed)
    return told["fulfillmentCreate"]


async def _step(shop: Shop, mutation: str, fulfillment_id: str, **tracked: Any) -> Any:
    """Send one of the mutations that take a fulfillment's id; shipping and tracking have an input."""
    key = str(uuid.uuid4())
    if mutation in {"fulfillmentDeliver", "fulfillmentCancel"}:
        told = await shop.data(
            f"mutation ($id: ID!, $k: String!) {{ {mutation}(id: $id, idempotencyKey: $k) {_PAYLOAD} }}",
            id=fulfillment_id,
            k=key,
        )
    else:
        told = await shop.data(
            f"mutation ($id: ID!, $i: FulfillmentShipInput!) {{ {mutation}(id: $id, input: $i) {_PAYLOAD} }}",
            id=fulfillment_id,
            i={"idempotencyKey": key, **tracked},
        )
    return told[mutation]
