"""Staff capture and refund a payment through the public API, and void another."""

import uuid
from typing import Any

from tests.journeys.client import Shop

_PAYLOAD = """{ paymentId position errors { code path } order { paymentStatus paid { amount } }
  payment { state captured { amount } refunded { amount } ledger { kind outcome message } } }"""


async def test_money_is_captured_refunded_and_given_up(shop: Shop) -> None:
    payment_id, line_id = await _bought(shop)

    taken = await _move(shop, "paymentCapture", "PaymentCaptureInput", payment_id)
    assert ("CAPTURED", "PAID") == (taken["payment"]["state"], taken["order"]["paymentStatus"])
    back = await _move(
        shop, "paymentRefund", "PaymentRefundInput", payment_id, lines=[{"lineId": line_id, "quantity": 1}], reason="a crack"
    )
    assert "PARTIALLY_REFUNDED" == back["order"]["paymentStatus"]
    assert {"kind": "REFUND", "outcome": "SUCCESS", "message": "a crack"} == back["payment"]["ledger"][-1]
    await _move(shop, "paymentRefund", "PaymentRefundInput", payment_id)
    nothing = await _move(shop, "paymentRefund", "PaymentRefundInput", payment_id)
    assert ([{"code": "INVALID_TRANSITION", "path": ["id"]}], None) == (nothing["errors"], nothing["position"])

    other, _ = await _bought(shop)
    void = f"mutation ($id: ID!, $k: String!) {{ paymentVoid(id: $id, idempotencyKey: $k) {_PAYLOAD} }}"
    given_up = (await shop.data(void, id=other, k=str(uuid.uuid4())))["paymentVoid"]
    assert ("VOIDED", "VOIDED") == (given_up["payment"]["state"], given_up["order"]["paymentStatus"])


async def _bought(shop: Shop) -> tuple[str, str]:
    """An order of two; its payment's id, and its line's."""
    order_id = (await shop.buy((await shop.a_variant())["id"], 2))["orderId"]
    order = (await shop.data("query ($id: ID!) { order(id: $id) { payments { id } lines { id } } }", id=order_id))["order"]
    return order["payments"][0]["id"], order["lines"][0]["id"]


async def _move(shop: Shop, mutation: str, kind: str, payment_id: str, **more: Any) -> Any:
    said = {"idempotencyKey": str(uuid.uuid4()), **more}
    asked = f"mutation ($id: ID!, $i: {kind}!) {{ {mutation}(id: $id, input: $i) {_PAYLOAD} }}"
    return (await shop.data(asked, id=payment_id, i=said))[mutation]
