"""The log through the API: by pages, oldest first, and pushed on from any cursor, without a gap and none twice."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from itertools import pairwise
from typing import Any

import pytest

from server import event_log
from shop import clock
from shop.beside import beside
from tests.schema.front import Front, front
from writes.catalog import CreateCategory, UpdateProduct
from writes.stock import CreateWarehouse

__all__ = ["front"]

_PAGE = """query ($after: LogPosition, $types: [String!], $subject: ID, $first: Int! = 100) {
  events(after: $after, types: $types, subject: $subject, first: $first) {
    edges { cursor } nodes { position at type id subject actor data }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"""
_LIVE = """subscription ($after: LogPosition, $types: [String!], $subject: ID) {
  eventAppended(after: $after, types: $types, subject: $subject) { position type id subject data } }"""
_ELSEWHERE = "00000000.00000000000001.00000"


async def page(front: Front, **wanted: Any) -> Any:
    return (await front.asks(_PAGE, **wanted))["events"]


async def pulled(front: Front, cursor: str | None = None, **wanted: Any) -> list[Any]:
    """All events after a cursor, a page after the other."""
    found, more = list[Any](), True
    while more:
        part = await page(front, after=cursor, **wanted)
        found += part["nodes"]
        cursor, more = part["pageInfo"]["endCursor"], part["pageInfo"]["hasNextPage"]
    return found


@asynccontextmanager
async def listening(front: Front, **wanted: Any) -> AsyncIterator[AsyncIterator[Any]]:
    """Subscribe, with the reader of the log at work."""
    async with beside(front.context.events.run()), asyncio.timeout(20):  # type: ignore[attr-defined]
        stream: Any = await front._schema.subscribe(_LIVE, variable_values=wanted, context_value=front.context)
        async with aclosing(stream):
            yield stream


async def told(stream: AsyncIterator[Any]) -> Any:
    result = await anext(stream)
    assert result.errors is None, result.errors
    return result.data["eventAppended"]


@pytest.fixture
async def product(front: Front) -> str:
    """Given a product, then a warehouse."""
    product_id = await front.sells("Cup")
    await front.does(CreateWarehouse("main", "Main"))
    return product_id


async def test_an_event_tells_what_happened_to_what_when_and_by_whom(front: Front, product: str) -> None:
    first, *_, last = await pulled(front)

    assert ("ChannelCreated", "chan_default", "anonymous") == (first["type"], first["subject"], first["actor"])
    assert {"code": "default", "name": "Shop", "currency": "GBP"} == first["data"]
    assert ("WarehouseCreated", "main") == (last["type"], last["data"]["code"])
    assert last["id"].startswith("evt_")
    assert clock.moment(first["at"]) <= clock.moment(last["at"])


@pytest.mark.parametrize("first", [1, 2, 3, 100])
async def test_pages_of_any_size_have_every_event_once_in_order(front: Front, product: str, first: int) -> None:
    every = await pulled(front, first=first)

    places = [int(one["position"].split(".")[1]) for one in every]
    assert list(range(1, len(places) + 1)) == places
    assert len(places) > 4


async def test_a_page_says_where_it_begins_and_ends_and_whether_there_is_more(front: Front, product: str) -> None:
    every = [one["position"] for one in await pulled(front)]

    middle = await page(front, after=every[0], first=2)

    assert every[1:3] == [edge["cursor"] for edge in middle["edges"]] == [node["position"] for node in middle["nodes"]]
    assert (True, True, every[1], every[2]) == tuple(
        middle["pageInfo"][name] for name in ("hasNextPage", "hasPreviousPage", "startCursor", "endCursor")
    )
    whole = (await page(front))["pageInfo"]
    assert (False, False) == (whole["hasNextPage"], whole["hasPreviousPage"])


async def test_events_are_found_by_type_and_by_subject(front: Front, product: str) -> None:
    await front.does(UpdateProduct(product, name="Mug"))
    every = await pulled(front)

    some = await pulled(front, types=["WarehouseCreated", "ProductDescribed", "ChannelCreated"], first=1)
    its_own = await pulled(front, subject=product, first=1)
    both = await pulled(front, subject=product, types=["ProductDescribed", "WarehouseCreated"])

    assert ["ChannelCreated", "WarehouseCreated", "ProductDescribed"] == [one["type"] for one in some]
    assert [one for one in every if one["subject"] == product] == its_own
    assert ["ProductDescribed"] == [one["type"] for one in both]
    assert [] == await pulled(front, types=[])


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        ({"after": _ELSEWHERE}, "POSITION_UNKNOWN"),
        ({"after": "yesterday"}, "POSITION_UNKNOWN"),
        ({"types": ["ProductUpdated"]}, "BAD_USER_INPUT"),
        ({"first": 0}, "BAD_USER_INPUT"),
        ({"first": 1001}, "BAD_USER_INPUT"),
    ],
)
async def test_what_cannot_be_read_is_told_by_its_code(front: Front, wanted: dict[str, Any], code: str) -> None:
    answer = await front.asked(_PAGE, **wanted)

    assert [code] == [error.extensions["code"] for error in answer.errors]


async def test_a_position_beyond_the_end_is_unknown(front: Front) -> None:
    (last,) = await pulled(front)

    answer = await front.asked(_PAGE, after=last["position"].replace("00000000000001", "00000000000002"))

    assert ["POSITION_UNKNOWN"] == [error.extensions["code"] for error in answer.errors]


async def test_a_subscription_goes_on_from_any_page_without_a_gap_and_none_twice(front: Front) -> None:
    async def writes() -> None:
        for number in range(40):
            await front.context.bus.send(CreateCategory(f"Category {number}"))

    writing = asyncio.create_task(writes())
    seen = (await page(front, first=1))["nodes"]
    for _ in range(6):
        await asyncio.sleep(0.01)
        seen += (await page(front, after=seen[-1]["position"], first=2))["nodes"]
    for stop in (15, 41):  # a first connection, and one that resumes
        async with listening(front, after=seen[-1]["position"]) as stream:
            while len(seen) < stop:
                seen.append(await told(stream))
    await writing

    assert [one["id"] for one in await pulled(front)] == [one["id"] for one in seen]
    assert all(one["position"] < other["position"] for one, other in pairwise(seen))


async def test_without_after_it_begins_now(front: Front, product: str) -> None:
    async with listening(front, types=["CategoryCreated"]) as stream:
        waiting = asyncio.create_task(told(stream))
        await asyncio.sleep(0.1)
        await front.does(CreateWarehouse("away", "Away"))
        made = await front.does(CreateCategory("Toys"))

        event = await waiting

    assert (made["category_id"], "Toys") == (event["subject"], event["data"]["name"])


async def test_a_subscription_after_a_position_of_another_log_is_told_so(front: Front) -> None:
    async with listening(front, after=_ELSEWHERE) as stream:
        result = await anext(stream)

    assert ["POSITION_UNKNOWN"] == [error.extensions["code"] for error in result.errors]


async def test_who_falls_behind_is_ended_and_goes_on_where_it_stopped(front: Front, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_log, "_MAILBOX", 5)
    seen = list[Any]()
    async with listening(front) as stream:
        waiting = asyncio.create_task(told(stream))
        await asyncio.sleep(0.1)
        for number in range(3):
            await front.does(CreateCategory(f"A {number}"))
        seen.append(await waiting)
        for number in range(10):  # nobody reads meanwhile
            await front.does(CreateCategory(f"B {number}"))
        await asyncio.sleep(0.7)
        lagged = await anext(stream)
        while lagged.errors is None:
            seen.append(lagged.data["eventAppended"])
            lagged = await anext(stream)
    (error,) = lagged.errors

    rest = await pulled(front, error.extensions["position"])

    assert "LAGGED" == error.extensions["code"]
    assert seen[-1]["position"] == error.extensions["position"]
    categories = await pulled(front, types=["CategoryCreated"])
    assert [one["id"] for one in categories] == [one["id"] for one in (*seen, *rest)]
