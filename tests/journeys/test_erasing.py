"""Whom the shop has erased is found nowhere: in no row, no file, no backup of Redis, no log. The sums stand."""

import asyncio
import re
import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.crash.running import Tradewind
from tests.crash.running import running as started
from tests.journeys.client import Shop

_PATIENCE = 40.0
_START = """mutation ($i: CheckoutStartInput!) { checkoutStart(input: $i) {
  checkoutId errors { message } checkout { total { amount currency } shippingMethods { id } } } }"""
_COMPLETE = """mutation ($i: CheckoutCompleteInput!) { checkoutComplete(input: $i) { orderId errors { message } } }"""
_UPDATE = "mutation ($id: ID!, $i: OrderUpdateInput!) { orderUpdate(id: $id, input: $i) { errors { message } order { id } } }"
_NOTE = "mutation ($id: ID!, $n: String!) { orderNoteAdd(id: $id, note: $n) { errors { message } order { id } } }"
_CREATE = "mutation ($i: FulfillmentCreateInput!) { fulfillmentCreate(input: $i) { errors { message } fulfillmentId } }"
_SHIP = """mutation ($id: ID!, $i: FulfillmentShipInput!) { fulfillmentShip(id: $id, input: $i) {
  errors { message } order { id } } }"""
_REFUND = """mutation ($id: ID!, $i: PaymentRefundInput!) { paymentRefund(id: $id, input: $i) {
  errors { message } order { id } } }"""
_CANCEL = """mutation ($id: ID!, $i: OrderCancelInput!) { orderCancel(id: $id, input: $i) {
  errors { message } order { id } } }"""
_ERASE = """mutation ($id: ID!, $key: String!) { orderErase(id: $id, idempotencyKey: $key) {
  errors { message } order { email } } }"""
_SHOWN = """query ($id: ID!) { order(id: $id) { number status email metadata shippingAddress { name } billingAddress { name }
  total { amount } paid { amount } refunded { amount } lines { sku quantity total { amount } }
  payments { id ledger { message amount { amount } } } fulfillments { trackingNumber trackingUrl carrier } } }"""
_LINES = "query ($id: ID!) { order(id: $id) { payments { id } lines { id quantity allocations { warehouse { id } } } } }"


class Planted:
    """Words that stand nowhere else, one for each place that takes what a person says of itself."""

    def __init__(self) -> None:
        self.words: list[str] = []

    def word(self, place: str) -> str:
        self.words.append(f"zq{uuid.uuid4().hex[:10]}{place}")
        return self.words[-1]

    def email(self, place: str) -> str:
        return f"{self.word(place)}@example.org"

    def address(self, place: str) -> dict[str, str]:
        parts = ("name", "company", "line1", "line2", "city", "region", "postalCode", "phone")
        return {part: self.word(f"{place}{part}") for part in parts} | {"country": "GB"}

    def found(self, folder: Path) -> dict[str, list[str]]:
        """The files of a folder that have one of the words in them, in whatever case."""
        any_word = re.compile("|".join(self.words).encode(), re.IGNORECASE)
        files = [path for path in folder.rglob("*") if path.is_file()]
        hits = {str(path.relative_to(folder)): {one.decode() for one in any_word.findall(_bytes(path))} for path in files}
        return {name: sorted(words) for name, words in hits.items() if words}


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:  # a file that Redis has just replaced
        return b""


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[Tradewind]:
    with started(tmp_path) as one:
        yield one


async def test_who_was_erased_is_found_in_no_file_of_the_shop(alone: Tradewind) -> None:
    front, planted, folder = Shop(alone.address), Planted(), alone.data.parent
    kept = await front.buy((await front.a_variant())["id"])
    keys_kept = _keys(alone)
    sold, canceled = await _sold(front, planted), await _canceled(front, planted)
    await front.until_caught_up()
    secrets = _keys(alone) - keys_kept
    assert alone.says("rebuild", "order", "checkout").returncode == 0  # so that there are generations that do not answer
    before = {order_id: await _order(front, order_id) for order_id in (sold, canceled)}
    assert {"data/tradewind.db-wal", "data/redis/appendonly.aof"} <= planted.found(folder).keys()

    for order_id in (sold, canceled):
        erased = await front.data(_ERASE, id=order_id, key=str(uuid.uuid4()))
        assert {"errors": [], "order": {"email": None}} == erased["orderErase"]
    await _followed_up(alone)

    assert {} == planted.found(folder)
    assert (keys_kept, True) == (_keys(alone), bool(secrets))
    assert not any(secret in _bytes(path) for secret in secrets for path in folder.rglob("*.keys*"))
    for order_id, shown in before.items():
        assert _without_a_person(shown) == await _order(front, order_id)
    assert "PLACED" == (await _order(front, kept["orderId"]))["status"]
    assert alone.says("verify").returncode == 0
    await front.http.aclose()


async def _sold(front: Shop, planted: Planted) -> str:
    """An order of a guest who leaves words wherever one may: paid, sent, mended and refunded."""
    order_id = await _ordered(front, planted, "first")
    mended = {"email": planted.email("mended"), "billingAddress": planted.address("mended"), "metadata": [planted.word("free")]}
    await _done(front, _UPDATE, id=order_id, i=mended)
    await _done(front, _NOTE, id=order_id, n=f"Ask for {planted.word('note')} twice")
    refused = await front.data(_UPDATE, id=order_id, i={"email": planted.word("wrong")})
    assert refused["orderUpdate"]["errors"]
    wrong = await front.ask(_UPDATE, id=order_id, i={"billingAddress": {"name": planted.word("wrong")}})
    assert wrong["errors"]
    order = (await front.data(_LINES, id=order_id))["order"]
    (line,) = order["lines"]
    packed = {"orderId": order_id, "warehouseId": line["allocations"][0]["warehouse"]["id"]}
    packed |= {"lines": [{"lineId": line["id"], "quantity": 1}], "idempotencyKey": str(uuid.uuid4())}
    parcel = (await _done(front, _CREATE, i=packed))["fulfillmentCreate"]["fulfillmentId"]
    tracked = {
        "trackingNumber": planted.word("number"),
        "trackingUrl": f"https://t.org/{planted.word('url')}",
        "carrier": "DHL",
    }
    await _done(front, _SHIP, id=parcel, i=tracked | {"idempotencyKey": str(uuid.uuid4())})
    why = {"reason": f"{planted.word('reason')} was unhappy", "idempotencyKey": str(uuid.uuid4())}
    await _done(front, _REFUND, id=order["payments"][0]["id"], i=why)
    return order_id


async def _canceled(front: Shop, planted: Planted) -> str:
    order_id = await _ordered(front, planted, "second")
    why = {"reason": f"{planted.word('called')} called", "idempotencyKey": str(uuid.uuid4())}
    await _done(front, _CANCEL, id=order_id, i=why)
    return order_id


async def _ordered(front: Shop, planted: Planted, which: str) -> str:
    """Two checkouts of one cart, the second of them paid."""
    cart_id = await front.cart((await front.a_variant())["id"])
    for time in ("early", "late"):
        told = {"email": planted.email(time), "metadata": {planted.word("key"): planted.word("value")}}
        told |= {"shippingAddress": planted.address(f"{which}{time}"), "billingAddress": planted.address("billing")}
        begun = (await _done(front, _START, i=told | {"cartId": cart_id, "idempotencyKey": str(uuid.uuid4())}))["checkoutStart"]
    begun = await front.ship(begun)
    paying = {
        "expectedTotal": begun["checkout"]["total"],
        "paymentProvider": "test",
        "paymentToken": "approve",
        "capture": True,
    }
    paying |= {"checkoutId": begun["checkoutId"], "idempotencyKey": str(uuid.uuid4())}
    return str((await _done(front, _COMPLETE, i=paying))["checkoutComplete"]["orderId"])


async def _done(front: Shop, operation: str, **values: Any) -> dict[str, Any]:
    """Send a mutation that must be carried out."""
    data = await front.data(operation, **values)
    assert [] == next(iter(data.values()))["errors"]
    return data


async def _order(front: Shop, order_id: str) -> Any:
    return (await front.data(_SHOWN, id=order_id))["order"]


def _without_a_person(order: Any) -> Any:
    payments = [one | {"ledger": [entry | {"message": None} for entry in one["ledger"]]} for one in order["payments"]]
    sent = [one | {"trackingNumber": None, "trackingUrl": None} for one in order["fulfillments"]]
    nobody = dict.fromkeys(("email", "metadata", "shippingAddress", "billingAddress"))
    return order | nobody | {"payments": payments, "fulfillments": sent}


def _keys(one: Tradewind) -> set[bytes]:
    """The keys that something was sealed with."""
    with closing(sqlite3.connect(one.data / "tradewind.db")) as connection:
        connection.execute("ATTACH DATABASE ? AS keyring", (str(one.data / "tradewind.keys"),))
        used = "SELECT key FROM keyring.subject_keys WHERE key IS NOT NULL AND id IN (SELECT key_id FROM events)"
        return {key for (key,) in connection.execute(used)}


async def _followed_up(one: Tradewind) -> None:
    """Wait until the duty has done its part for every erasure."""
    with closing(sqlite3.connect(one.data / "tradewind.db")) as connection:
        async with asyncio.timeout(_PATIENCE):
            while connection.execute("SELECT count(*) FROM erasures WHERE done_at IS NULL").fetchone() != (0,):
                await asyncio.sleep(0.1)
