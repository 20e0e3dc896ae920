"""The endpoint where providers tell: believed only with a fresh signature, and told twice it counts once."""

import json
import time

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from server.payment_webhooks import LONGEST_BODY, payment_webhook
from tests.writes.paying import ledger, standing
from tests.writes.test_payment_answers import PLACED, WAITING, completing, only
from writes import signatures
from writes import tables as t

OK, BAD, NOWHERE, TOO_LONG = 200, 400, 404, 413


@pytest.fixture
async def tell(shop):
    """Given an order whose payment waits for its webhook: `tell(**changed)` sends one and returns the status."""
    await shop.when(await completing(shop, "late"))
    app = Starlette(routes=[Route("/payments/{provider}/webhook", payment_webhook, methods=["POST"])])
    app.state.bus = shop.bus
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://shop") as client:

        async def send(provider="test", secret="test", at=None, body=None, signature=None, **changed):
            entry_id = shop.rows(t.ledger_entries.select().order_by(t.ledger_entries.c.id))[0].id
            said = json.dumps({"entryId": entry_id, "outcome": "SUCCESS", **changed}).encode() if body is None else body
            signed = signatures.sign(secret, said, int(at or time.time())) if signature is None else signature
            headers = {"Tradewind-Signature": signed}
            answer = await client.post(f"/payments/{provider}/webhook", content=said, headers=headers)
            return answer.status_code

        yield send


async def test_what_is_told_with_a_good_signature_is_recorded_once(shop, tell):
    assert (OK, PLACED) == (await tell(), standing(shop))
    done = len(shop.log())
    assert (OK, OK, done) == (await tell(), await tell(outcome="FAILURE"), len(shop.log()))


async def test_a_webhook_that_failed_is_told_as_declined(shop, tell):
    assert OK == await tell(outcome="FAILURE", declineCode="no_funds", message="There is not enough.")
    assert ("PENDING_PAYMENT", "OPEN", ["FAILED"], 2) == standing(shop)


@pytest.mark.parametrize(("changed", "status"), [
    ({"secret": "guessed"}, BAD),
    ({"signature": ""}, BAD),
    ({"signature": "t=,v1="}, BAD),
    ({"signature": b"t=1,v1=\xe9"}, BAD),
    ({"signature": b"t=\xb2,v1="}, BAD),
    ({"at": time.time() - 301}, BAD),
    ({"at": time.time() + 900}, BAD),
    ({"provider": "stripes"}, NOWHERE),
    ({"provider": "manual"}, BAD),
    ({"entryId": "led_0"}, NOWHERE),
    ({"body": b"{"}, BAD),
    ({"body": b"\xff"}, BAD),
    ({"body": b"[]"}, BAD),
    ({"outcome": "MAYBE"}, BAD),
    ({"outcome": "CHARGEBACK", "reference": "d", "amount": 10**30}, BAD),
    ({"outcome": "CHARGEBACK"}, BAD),
    ({"body": b" " * (LONGEST_BODY + 1)}, TOO_LONG),
])  # fmt: skip
async def test_what_cannot_be_believed_is_refused_and_nothing_is_written(shop, tell, changed, status):
    done = len(shop.log())
    assert status == await tell(**changed)
    assert (WAITING, done) == (standing(shop), len(shop.log()))


async def test_a_body_changed_after_it_was_signed_is_refused(shop, tell):
    entry_id = only(shop, t.ledger_entries).id
    failed = json.dumps({"entryId": entry_id, "outcome": "FAILURE"}).encode()
    signature = signatures.sign("test", failed, int(time.time()))
    assert (BAD, OK) == (await tell(signature=signature), await tell(body=failed, signature=signature))


async def test_a_provider_is_not_believed_of_anothers_payments(shop, tell):
    await tell()
    await shop.order((await shop.sells("B-1", stocked=1), 1), token=None)
    by_hand = shop.rows(t.ledger_entries.select().order_by(t.ledger_entries.c.id))[-1].id
    assert NOWHERE == await tell(entryId=by_hand)
    assert [("AUTHORIZE", "SUCCESS"), ("AUTHORIZE", "PENDING")] == ledger(shop)


async def test_a_chargeback_is_recorded_once(shop, tell):
    await tell()
    told = {"outcome": "CHARGEBACK", "reference": "dispute_1", "amount": 500}
    assert [OK, OK] == [await tell(**told), await tell(**told)]
    assert [("AUTHORIZE", "SUCCESS"), ("CHARGEBACK", "SUCCESS")] == ledger(shop)
