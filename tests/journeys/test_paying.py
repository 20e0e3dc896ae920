"""A buyer pays through the public API, whatever the provider answers and whoever brings the answer first."""

import asyncio
import json
import sqlite3
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from tests.journeys.client import Shop
from writes import signatures

_PAYLOAD = """{ orderId orderToken position replayed nextAction action { kind url data }
  errors { code ... on PaymentError { paymentId declineCode retryable } } checkout { status }
  order { status paymentStatus payments { id state declineCode action { kind url } ledger { id kind outcome } } } }"""
_COMPLETE = f"mutation ($i: CheckoutCompleteInput!) {{ checkoutComplete(input: $i) {_PAYLOAD} }}"
_CONTINUE = f"mutation ($id: ID!, $i: PaymentContinueInput!) {{ paymentContinue(id: $id, input: $i) {_PAYLOAD} }}"
_ORDER = """query ($id: ID!) { order(id: $id) { status paymentStatus lines { status }
  payments { state captured { amount } ledger { id kind outcome } } } }"""
_WAYS = "query ($id: ID!) { checkout(id: $id) { paymentProviders { code name data } } }"


async def _started(shop: Shop) -> Any:
    return await shop.ship(await shop.start(await shop.cart((await shop.a_variant())["id"])))


async def _complete(shop: Shop, started: Any, token: str, **more: Any) -> Any:
    told = {
        "idempotencyKey": str(uuid.uuid4()),
        "checkoutId": started["checkoutId"],
        "expectedTotal": started["checkout"]["total"],
        "paymentProvider": "test",
        "paymentToken": token,
        **more,
    }
    return (await shop.data(_COMPLETE, i=told))["checkoutComplete"]


async def _go_on(shop: Shop, payment_id: str, data: Any = None) -> Any:
    told = {"idempotencyKey": str(uuid.uuid4()), "data": data}
    return (await shop.data(_CONTINUE, id=payment_id, i=told))["paymentContinue"]


async def _tell(shop: Shop, entry_id: str) -> httpx.Response:
    """Send what the provider would."""
    body = json.dumps({"entryId": entry_id, "outcome": "SUCCESS"}).encode()
    signed = {"Tradewind-Signature": signatures.sign("test", body, int(time.time()))}
    return await shop.http.post("/payments/test/webhook", content=body, headers=signed)


async def _until(shop: Shop, order_id: str, holds: Callable[[Any], bool]) -> Any:
    async with asyncio.timeout(20):
        while not holds(order := (await shop.data(_ORDER, id=order_id))["order"]):
            await asyncio.sleep(0.05)
    return order


async def test_a_declined_payment_is_tried_again(shop: Shop) -> None:
    started = await _started(shop)
    ways = (await shop.data(_WAYS, id=started["checkoutId"]))["checkout"]["paymentProviders"]
    assert [("manual", None), ("test", None)] == [(way["code"], way["data"]) for way in ways]

    declined = await _complete(shop, started, "decline")
    (error,) = declined["errors"]
    assert ("PAYMENT_DECLINED", "card_declined", True) == (error["code"], error["declineCode"], error["retryable"])
    assert ("OPEN", "FAILED") == (declined["checkout"]["status"], declined["order"]["paymentStatus"])

    paid = await _complete(shop, started, "approve", capture=True)
    assert (declined["orderId"], []) == (paid["orderId"], paid["errors"])
    assert ("PLACED", "PAID") == (paid["order"]["status"], paid["order"]["paymentStatus"])


async def test_webhook_and_return_at_once_place_one_order(shop: Shop) -> None:
    asked = await _complete(shop, await _started(shop), "action", capture=True, returnUrl="https://shop.example/back")
    (payment,) = asked["order"]["payments"]
    assert ([], "REDIRECT", "ACTION_REQUIRED") == (asked["errors"], asked["action"]["kind"], payment["state"])
    assert {"url": asked["action"]["url"], "kind": "REDIRECT"} == payment["action"]
    assert asked["nextAction"] == {**asked["action"], "data": {"returnUrl": "https://shop.example/back"}}

    entry_id = payment["ledger"][0]["id"]
    back, told, again = await asyncio.gather(_go_on(shop, payment["id"]), _tell(shop, entry_id), _tell(shop, entry_id))
    assert (200, 200, []) == (told.status_code, again.status_code, back["errors"])
    assert ("PLACED", "PAID", "COMPLETED") == (
        back["order"]["status"], back["order"]["paymentStatus"], back["checkout"]["status"],
    )  # fmt: skip
    assert [("CAPTURED", None)] == [(one["state"], one["action"]) for one in back["order"]["payments"]]


async def test_a_late_answer_places_the_order_by_itself(shop: Shop) -> None:
    waiting = await _complete(shop, await _started(shop), "late")
    assert ["PAYMENT_PENDING"] == [error["code"] for error in waiting["errors"]]
    assert (True, "PAYMENT_PENDING") == (waiting["position"] is not None, waiting["checkout"]["status"])
    order = await _until(shop, waiting["orderId"], lambda order: order["status"] != "PENDING_PAYMENT")
    assert ("PLACED", "AUTHORIZED") == (order["status"], order["paymentStatus"])


async def test_a_checkout_that_expires_while_it_is_paid_gives_the_money_back(shop: Shop, running: tuple[str, Path]) -> None:
    started = await _started(shop)
    asked = await _complete(shop, started, "action")
    with sqlite3.connect(running[1] / "tradewind.db", timeout=10) as database:  # ten minutes are over
        database.execute("UPDATE checkouts SET reserved_until = '2026-01-01' WHERE id = ?", (started["checkoutId"],))
    database.close()
    await _until(shop, asked["orderId"], lambda order: order["status"] == "CANCELED")

    assert 200 == (await _tell(shop, asked["order"]["payments"][0]["ledger"][0]["id"])).status_code
    order = await _until(shop, asked["orderId"], lambda order: order["paymentStatus"] == "VOIDED")
    assert [("AUTHORIZE", "SUCCESS"), ("VOID", "SUCCESS")] == [
        (entry["kind"], entry["outcome"]) for entry in order["payments"][0]["ledger"]
    ]
