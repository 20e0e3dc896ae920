"""A guest finds the cart again by its secret, over HTTP and over a socket, and nobody else does."""

from tests.journeys.client import Shop

_MAKE = "mutation { cartCreate { cartId cartToken } }"
_WATCH = "subscription ($id: ID!) { cartChanged(id: $id) { type cart { id } } }"


async def test_a_guests_cart_is_found_by_its_secret_and_by_no_other(shop: Shop) -> None:
    mine, other = [(await shop.data(_MAKE))["cartCreate"] for _ in range(2)]

    async def finds(cart: str, token: str) -> object:
        told = await shop.ask("query ($id: ID) { cart(id: $id) { id } }", {"Tradewind-Cart-Token": token}, id=cart)
        return told["data"]["cart"]

    await shop.until_caught_up()
    assert {"id": mine["cartId"]} == await finds(mine["cartId"], mine["cartToken"])
    assert await finds(mine["cartId"], other["cartToken"]) is None
    assert await finds(mine["cartId"], mine["cartToken"][:-1] + "-") is None

    for token, told in ((mine["cartToken"], "Snapshot"), (other["cartToken"], "Removed")):
        async with shop.socket(cart_token=token) as socket:
            await socket.subscribe(_WATCH, id=mine["cartId"])
            assert told == (await socket.next())["type"]


async def test_a_dev_server_believes_who_says_to_be_staff(shop: Shop) -> None:
    placed = await shop.buy((await shop.a_variant())["id"])
    query = "query ($id: ID!) { order(id: $id) { guestToken } }"
    at = {"Tradewind-At-Least": placed["position"]}

    guest, staff = [await shop.ask(query, at | more, id=placed["orderId"]) for more in ({}, {"Tradewind-Dev-Staff": "yes"})]

    assert guest["data"]["order"]["guestToken"] is None
    assert staff["data"]["order"]["guestToken"].startswith(placed["orderId"])
