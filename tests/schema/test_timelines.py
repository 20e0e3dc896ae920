"""The history of an order: every event of its stream once and in order, paged; a buyer's part of it for a buyer."""

from typing import Any

import pytest

from schema.proofs import Caller
from tests.schema.front import Front, front
from tests.schema.test_listing_filters import rounds
from tests.schema.test_order_lists import Shop
from writes.orders import AddOrderNote

__all__ = ["front"]

_PAGE = """query ($id: ID!, $first: Int! = 50, $after: String, $token: String) { order(id: $id, token: $token) {
  timeline(first: $first, after: $after) { totalCount nodes { position at actor type data }
  pageInfo { endCursor hasNextPage hasPreviousPage } } } }"""


@pytest.fixture
async def shop(front: Front) -> Shop:
    one = Shop(front)
    await one.opens()
    await one.moves(one.of_cup, "PICKING", "SHIPPED")
    await front.does(AddOrderNote(one.of_cup, "Fragile"))
    await front.does(AddOrderNote(one.of_cup, "Thank you", visible_to_customer=True))
    return one


async def page(front: Front, order_id: str, **asked: Any) -> Any:
    return (await front.asks(_PAGE, id=order_id, **asked))["order"]["timeline"]


async def test_staff_read_every_event_of_an_order_in_order(front: Front, shop: Shop) -> None:
    told = await page(front, shop.of_cup)

    types = ["OrderCreated", "StockAllocated", "OrderPlaced", "OrderLineMoved", "OrderLineMoved", "StockShipped"]
    types += ["FulfillmentCreated", "FulfillmentShipped", "OrderNoted", "OrderNoted"]
    assert (types, len(types)) == ([one["type"] for one in told["nodes"]], told["totalCount"])
    assert {"note": "Fragile"} == told["nodes"][-2]["data"]
    positions = [one["position"] for one in told["nodes"]]
    assert sorted(set(positions)) == positions
    assert {"number", "total"} <= told["nodes"][0]["data"].keys()
    assert not {"lines", "email", "shipping_address"} & told["nodes"][0]["data"].keys()


async def test_pages_join_without_a_gap_while_it_grows_and_cost_the_same(front: Front, shop: Shop) -> None:
    first = await page(front, shop.of_cup, first=9)
    await front.does(AddOrderNote(shop.of_cup, "One more"))
    rest = await page(front, shop.of_cup, after=first["pageInfo"]["endCursor"])

    assert ["Thank you", "One more"] == [one["data"]["note"] for one in rest["nodes"]]
    assert [True, False] == [one["pageInfo"]["hasNextPage"] for one in (first, rest)]
    costs = []
    for size in (1, 50):
        with rounds(front) as counted:
            await page(front, shop.of_cup, first=size)
        costs.append(counted[0])
    assert costs[0] == costs[1] <= 3


async def test_a_buyer_who_proved_the_order_reads_their_part_of_it(front: Front, shop: Shop) -> None:
    token = front.context.proofs.token(shop.of_cup)
    told = await page(front, shop.of_cup, token=token)

    assert ["Thank you"] == [one["data"]["note"] for one in told["nodes"] if one["type"] == "OrderNoted"]
    assert "StockShipped" not in {one["type"] for one in told["nodes"]}
    assert {"you"} == {one["actor"] for one in told["nodes"]}
    front.context.proven.clear()
    front.context.caller = Caller(staff=True)
    assert 10 == (await page(front, shop.of_cup, token=token))["totalCount"]
