"""Staff mend an order and leave a note on it through the public API."""

import asyncio

from tests.journeys.client import Shop

_UPDATE = """mutation ($id: ID!, $i: OrderUpdateInput!) { orderUpdate(id: $id, input: $i) {
  errors { code path } order { version email metadata shippingAddress { line1 } } } }"""
_NOTE = "mutation ($id: ID!, $n: String!) { orderNoteAdd(id: $id, note: $n) { errors { code path } order { version } } }"


async def test_an_order_is_mended_and_noted_on(shop: Shop) -> None:
    order_id = (await shop.buy((await shop.a_variant())["id"]))["orderId"]
    quay = {"name": "Zoë", "line1": "1 Quay", "city": "Hull", "country": "GB"}

    mended = (await shop.data(_UPDATE, id=order_id, i={"email": "zoe@example.org", "shippingAddress": quay}))["orderUpdate"]
    assert ("zoe@example.org", {"line1": "1 Quay"}) == (mended["order"]["email"], mended["order"]["shippingAddress"])

    versions = {"email": None, "expectedVersion": mended["order"]["version"]}
    told = await asyncio.gather(*(shop.data(_UPDATE, id=order_id, i=versions) for _ in range(2)))
    assert ["CONFLICT"] == [error["code"] for one in told for error in one["orderUpdate"]["errors"]]

    noted = (await shop.data(_NOTE, id=order_id, n="Ring twice"))["orderNoteAdd"]
    assert mended["order"]["version"] + 2 == noted["order"]["version"]
    empty = (await shop.data(_NOTE, id=order_id, n=""))["orderNoteAdd"]
    assert [{"code": "INVALID", "path": ["note"]}] == empty["errors"]
