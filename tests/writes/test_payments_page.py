"""The worked example of docs/payments.md is a provider: it is run here as it stands there, against a processor in memory."""

import asyncio
import datetime as dt
import json
import re
from pathlib import Path

import pytest

from tests.writes.paying import ledger, recover, standing
from tests.writes.test_payment_answers import PLACED, completing, only
from writes import signatures
from writes import tables as t
from writes.charging import CapturePayment, RefundPayment
from writes.providers import Settled
from writes.recovery import ContinuePayment
from writes.signatures import BadWebhookError

PAGE = (Path(__file__).parents[2] / "docs" / "payments.md").read_text()
(EXAMPLE,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


class Processor:
    """What ferry.example would do: acts once for a key, and can be cut off after it has acted."""

    def __init__(self):
        self.operations = {}
        self.verbs = []
        self.cut = False

    async def __call__(self, method, path, said):
        name = path.rpartition("/")[2]
        if method == "GET":
            return self.operations.get(name)
        if said["key"] not in self.operations:
            self.verbs.append(name)
            state = {"card_bad": "failed", "card_3ds": "needs_buyer"}.get(said.get("card"), "succeeded")
            told = {"state": state, "id": f"op_{said['key']}", "key": said["key"], "reason": "stolen", "page": "https://f/1"}
            self.operations[said["key"]] = told
        if self.cut:
            raise asyncio.CancelledError
        return self.operations[said["key"]]


@pytest.fixture
def processor():
    return Processor()


@pytest.fixture
def card(processor):
    room = {}
    exec(compile(EXAMPLE, "docs/payments.md", "exec"), room)
    return room["Card"](processor, "pk_1", "secret")


@pytest.fixture
async def shop(new_shop, card):
    async with new_shop(card=card) as one:
        await one.opens()
        yield one


def paying(token, **more):
    return {"payment_provider": "card", "payment_token": token, **more}


async def test_it_takes_money_and_gives_it_back(shop, processor):
    await shop.given(await completing(shop, **paying("card_1")))
    assert PLACED == standing(shop)
    payment_id = only(shop, t.payments).id
    await shop.given(CapturePayment(payment_id), RefundPayment(payment_id))
    assert ["authorize", "capture", "refund"] == processor.verbs


async def test_it_declines(shop):
    await shop.when(await completing(shop, **paying("card_bad")))
    assert ("PAYMENT_DECLINED", "stolen") == (shop.refused.code, shop.refused.decline_code)


async def test_it_sends_the_buyer_away_and_asks_when_the_buyer_is_back(shop, processor):
    await shop.given(await completing(shop, **paying("card_3ds")))
    payment_id = only(shop, t.payments).id
    await shop.when(ContinuePayment(payment_id, {"status": "I paid, believe me"}))
    assert ("REDIRECT", ["ACTION_REQUIRED"]) == (shop.answer.ids["action"]["kind"], standing(shop)[2])
    (operation,) = processor.operations.values()
    operation["state"] = "succeeded"
    await shop.given(ContinuePayment(payment_id))
    assert PLACED == standing(shop)


async def test_what_a_crash_cut_off_is_asked_for(shop, processor):
    processor.cut = True
    with pytest.raises(asyncio.CancelledError):
        await shop.bus.send(await completing(shop, **paying("card_1", capture=True)))
    processor.cut = False
    shop.passes(seconds=30)
    await recover(shop)
    assert (["charge"], [("CAPTURE", "SUCCESS")]) == (processor.verbs, ledger(shop))


def test_its_webhooks_are_read_where_they_are_signed(card):
    body = json.dumps({"type": "operation", "operation": {"state": "succeeded", "id": "op_1", "key": "led_1"}}).encode()
    at = int(NOW.timestamp())
    (told,) = card.read_webhook({"ferry-signature": signatures.sign("secret", body, at)}, body, NOW)
    assert (Settled, "led_1", "op_1") == (type(told), told.entry_id, told.result.reference)
    for secret, late, changed in (("other", 0, body), ("secret", 301, body), ("secret", 0, body + b" "), ("secret", 0, b"[]")):
        signature = signatures.sign(secret, body if changed != b"[]" else changed, at - late)
        with pytest.raises(BadWebhookError):
            card.read_webhook({"ferry-signature": signature}, changed, NOW)


def test_a_signature_is_what_openssl_makes_of_the_line_on_the_page():
    body = b'{"entryId":"led_1","outcome":"SUCCESS"}'
    assert "t=1767225600,v1=894260b644102c716040e89eefdabe4b04d87d19316dc0595e1fcfe678eaa193" == signatures.sign(
        "test", body, 1767225600
    )
