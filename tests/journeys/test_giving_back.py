"""Goods come back through the public API: asked for, allowed, received and paid back."""

import uuid
from typing import Any

from tests.journeys.client import Shop

_PAYLOAD = """{ returnId errors { code path } return { id state reason refunded { amount } order { id }
  lines { quantity line { id status quantity } } } order { fulfillmentStatus paymentStatus refunded { amount }
  lines { id quantity status quantityReturned quantityReturnable } } }"""
_ORDER = (
    "query ($id: ID!) { order(id: $id) { total { amount } payments { id } lines { id allocations { warehouse { id } } } } }"
)
_CAPTURE = (
    """mutation ($id: ID!, $k: String!) { paymentCapture(id: $id, input: {idempotencyKey: $k}) { errors { message } } }"""
)
_QUEUE = """query ($after: String) { returns(state: [REQUESTED, APPROVED], first: 1, after: $after) {
  totalCount nodes { id state } edges { cursor node { order { id } } } pageInfo { hasNextPage } } }"""


async def test_goods_come_back_and_are_paid_back(shop: Shop) -> None:
    order_id, line_id, warehouse_id = await _sent(shop, 3)

    asked = {"orderId": order_id, "lines": [{"lineId": line_id, "quantity": 2}], "reason": "Too small"}
    wanted = await _send(shop, "returnRequest", "ReturnRequestInput", asked)
    assert ("REQUESTED", "Too small", order_id) == (
        wanted["return"]["state"], wanted["return"]["reason"], wanted["return"]["order"]["id"],
    )  # fmt: skip
    assert [1] == [line["quantityReturnable"] for line in wanted["order"]["lines"]]
    too_many = await _send(shop, "returnRequest", "ReturnRequestInput", asked)
    assert [{"code": "LIMIT_EXCEEDED", "path": ["input", "lines", "0", "quantity"]}] == too_many["errors"]
    return_id = wanted["returnId"]
    queue = (await shop.data(_QUEUE))["returns"]
    assert ([{"id": return_id, "state": "REQUESTED"}], order_id) == (queue["nodes"], queue["edges"][0]["node"]["order"]["id"])
    assert {"id": return_id, "state": "REQUESTED"} == (
        await shop.data("query ($id: ID!) { node(id: $id) { id ... on Return { state } } }", id=return_id)
    )["node"]

    allowed = await _step(shop, "returnApprove", return_id)
    assert "APPROVED" == allowed["return"]["state"]
    here = await _send(shop, "returnReceive", "ReturnReceiveInput", {"warehouseId": warehouse_id}, return_id)
    assert ("REFUNDED", here["order"]["refunded"]) == (here["return"]["state"], here["return"]["refunded"])
    assert ("PARTIALLY_RETURNED", "PARTIALLY_REFUNDED") == (here["order"]["fulfillmentStatus"], here["order"]["paymentStatus"])
    told = [(line["quantity"], line["status"], line["quantityReturned"]) for line in here["order"]["lines"]]
    assert [(1, "SHIPPED", 0), (2, "RETURNED", 2)] == told
    assert ["RETURNED"] == [one["line"]["status"] for one in here["return"]["lines"]]
    again = await _step(shop, "returnCancel", return_id)
    assert [{"code": "INVALID_TRANSITION", "path": ["id"]}] == again["errors"]


async def _sent(shop: Shop, quantity: int) -> tuple[str, str, str]:
    """Given a paid order of one line that has left; its id, the line's and the warehouse's."""
    order_id = (await shop.buy((await shop.a_variant())["id"], quantity))["orderId"]
    order = (await shop.data(_ORDER, id=order_id))["order"]
    await shop.data(_CAPTURE, id=order["payments"][0]["id"], k=str(uuid.uuid4()))
    (line,) = order["lines"]
    for status in ("PICKING", "SHIPPED"):
        moved = await shop.data(
            """mutation ($o: ID!, $l: ID!, $s: OrderLineStatus!) { orderLineStatusSet(
               input: {orderId: $o, lineId: $l, status: $s}) { errors { message } } }""",
            o=order_id,
            l=line["id"],
            s=status,
        )
        assert [] == moved["orderLineStatusSet"]["errors"]
    return order_id, line["id"], line["allocations"][0]["warehouse"]["id"]


async def _send(shop: Shop, mutation: str, kind: str, said: dict[str, Any], of: str | None = None) -> Any:
    said = {"idempotencyKey": str(uuid.uuid4()), **said}
    given, named = ("$id: ID!, ", "id: $id, ") if of else ("", "")
    asked = f"mutation ({given}$i: {kind}!) {{ {mutation}({named}input: $i) {_PAYLOAD} }}"
    return (await shop.data(asked, **({"id": of} if of else {}), i=said))[mutation]


async def _step(shop: Shop, mutation: str, return_id: str) -> Any:
    asked = f"mutation ($id: ID!, $k: String!) {{ {mutation}(id: $id, idempotencyKey: $k) {_PAYLOAD} }}"
    return (await shop.data(asked, id=return_id, k=str(uuid.uuid4())))[mutation]
