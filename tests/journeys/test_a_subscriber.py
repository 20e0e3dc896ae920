"""A subscriber sees an order appear and the stock fall, each message at its position, across a lost connection."""

from typing import Any

from tests.journeys.client import Shop, Socket

_ORDERS = """subscription ($after: LogPosition) { orderChanged(after: $after) {
  position type id order { status total { amount } } } }"""
_STOCK = """subscription ($v: [ID!], $after: LogPosition) { stockChanged(variantIds: $v, after: $after) {
  position type id level { onHand allocated reserved available } } }"""


async def _collect(socket: Socket, order_id: str) -> list[dict[str, Any]]:
    """Read messages until one shows that order placed."""
    got: list[dict[str, Any]] = []
    while not got or got[-1]["id"] != order_id or got[-1]["order"]["status"] != "PLACED":
        got.append(await socket.next())
    return got


async def test_orders_appear_in_rising_order_once_each_across_a_reconnect(shop: Shop) -> None:
    variant = await shop.a_variant()
    before = (await shop.data("{ position }"))["position"]

    async with shop.socket() as socket:
        await socket.subscribe(_ORDERS, after=before)
        first = await shop.buy(variant["id"])
        seen = await _collect(socket, first["orderId"])
    missed = [await shop.buy(variant["id"]) for _ in range(3)]
    async with shop.socket() as socket:
        await socket.subscribe(_ORDERS, after=seen[-1]["position"])
        last = await shop.buy(variant["id"])
        seen += await _collect(socket, last["orderId"])

    positions = [message["position"] for message in seen]
    assert sorted(set(positions)) == positions
    placed = {message["id"] for message in seen if message["order"]["status"] == "PLACED"}
    assert {bought["orderId"] for bought in (first, *missed, last)} <= placed


async def test_stock_falls_at_the_position_of_the_order(shop: Shop) -> None:
    variant = await shop.a_variant()

    async with shop.socket() as socket:
        await socket.subscribe(_STOCK, v=[variant["id"]])
        snapshot = await socket.next()
        bought = await shop.buy(variant["id"], 2)
        seen = await _collect_until(socket, snapshot["level"]["allocated"] + 2)

    assert "Snapshot" == snapshot["type"]
    assert snapshot["level"]["available"] - 2 == seen[-1]["level"]["available"]
    assert seen[-1]["position"] <= bought["position"][:24] + "99999"


async def _collect_until(socket: Socket, allocated: int) -> list[dict[str, Any]]:
    got = []
    while not got or got[-1]["level"]["allocated"] < allocated:
        got.append(await socket.next())
    return got


async def test_resuming_brings_what_changed_meanwhile_once_as_it_is_now(shop: Shop) -> None:
    variant = await shop.a_variant()
    async with shop.socket() as socket:
        await socket.subscribe(_STOCK, v=[variant["id"]])
        snapshot = await socket.next()
    for _ in range(3):
        await shop.buy(variant["id"])
    bought = await shop.buy(variant["id"])
    await shop.data("query ($at: LogPosition) @atLeast(position: $at) { position }", at=bought["position"])

    async with shop.socket() as socket:
        await socket.subscribe(_STOCK, v=[variant["id"]], after=snapshot["position"])
        resumed = await socket.next()
        quiet = await _nothing_more(socket)

    assert snapshot["level"]["allocated"] + 4 == resumed["level"]["allocated"]
    assert quiet


async def _nothing_more(socket: Socket) -> bool:
    try:
        await socket.next(0.5)
    except TimeoutError:
        return True
    return False


async def test_a_position_of_another_log_is_told_to_be_unknown(shop: Shop) -> None:
    answer = await shop.ask('query @atLeast(position: "00000000.00000000000001.00000") { position }')

    assert ["POSITION_UNKNOWN"] == [error["extensions"]["code"] for error in answer["errors"]]
