"""A receiver asks for webhooks through the API, checks them with the secret that it was shown, and reads on by pages."""

from tests.journeys.client import Shop
from tests.server.receiver import OK, receiving
from writes.signatures import check

_CREATE = """mutation ($url: String!) { webhookCreate(input: {url: $url, eventTypes: ["OrderPlaced"]}) {
  secret webhookId errors { message } webhook { position } } }"""
_HOOKS = "{ webhooks { id position lagEvents lastError } }"


async def test_an_order_reaches_a_receiver_signed_with_the_secret_that_was_shown(shop: Shop) -> None:
    variant = await shop.a_variant()
    async with receiving() as (receiver, port):
        receiver.says = lambda _: OK
        made = (await shop.data(_CREATE, url=f"http://127.0.0.1:{port}/hook"))["webhookCreate"]
        assert [] == made["errors"]

        bought = await shop.buy(variant["id"])
        await receiver.until(1)

    [request] = receiver.requests
    check(
        made["secret"], request.headers["tradewind-signature"], request.body, int(request.headers["tradewind-signature"][2:12])
    )
    assert (bought["orderId"], "OrderPlaced") == (request.event["subject"], request.event["type"])
    again = 'query ($at: LogPosition) { events(after: $at, types: ["OrderPlaced"], first: 1) { nodes { id data } } }'
    [told] = (await shop.data(again, at=made["webhook"]["position"]))["events"]["nodes"]
    assert (request.event["id"], request.event["data"]) == (told["id"], told["data"])
    [hook] = [one for one in (await shop.data(_HOOKS))["webhooks"] if one["id"] == made["webhookId"]]
    assert hook["lastError"] is None
    await shop.data("mutation ($id: ID!) { webhookRemove(id: $id) { errors { message } } }", id=made["webhookId"])
