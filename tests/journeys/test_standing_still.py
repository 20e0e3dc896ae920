"""A worker that hangs, a log that is another, a Redis that comes back empty: what is told meanwhile, and how it ends."""

import asyncio
import time

import httpx

from tests.journeys.test_operating import a_new_name

_PRODUCTS = "{ products(first: 5) { totalCount nodes { id name } } }"


async def _health_is(front, code, seconds):
    async with asyncio.timeout(seconds):
        while (answer := await front.http.get("/health")).status_code != code:
            await asyncio.sleep(0.1)
    return answer.json()


async def test_health_fails_and_names_the_segment_while_the_worker_hangs(operated, front):
    with operated.stopped("worker"):
        await a_new_name(front)
        assert httpx.codes.OK == (await front.http.get("/health")).status_code
        began = time.monotonic()
        failing = await _health_is(front, httpx.codes.SERVICE_UNAVAILABLE, 20)
        took = time.monotonic() - began
        behind = operated.says("status").stdout

    assert 9 < took < 13
    assert "failing" == failing["status"]
    assert "product in segment 0" in failing["reason"]
    assert "moved by nobody" in behind
    assert "ok" == (await _health_is(front, httpx.codes.OK, 10))["status"]
    assert "nobody" not in operated.says("status").stdout


async def test_after_a_new_epoch_reads_go_on_and_positions_of_before_are_unknown(operated, front):
    _, position = await a_new_name(front)
    before = await front.until_caught_up()

    told = operated.says("log", "new-epoch")
    told_of = [await front.ask(_PRODUCTS) for _ in range(20)]

    assert 0 == told.returncode
    assert [] == [answer["errors"] for answer in told_of if "errors" in answer]
    after = await front.until_caught_up()
    unknown = await front.ask(
        "query ($at: LogPosition) @atLeast(position: $at) { products(first: 1) { totalCount } }", at=position
    )
    assert ["POSITION_UNKNOWN"] == [error["extensions"]["code"] for error in unknown["errors"]]
    assert [view["generation"] + 1 for view in before] == [view["generation"] for view in after]
    assert {position[:8]}.isdisjoint(view["position"][:8] for view in after)
    assert [] == operated.differences()


async def test_a_redis_that_is_emptied_is_filled_again_and_nobody_sees_an_error_of_ours(operated, front):
    right = (await front.data(_PRODUCTS))["products"]
    with operated.stopped("worker"):
        operated.redis.flushall()
        gone, standing = await front.ask(_PRODUCTS), await front.views()

    assert ["VIEW_REBUILDING"] == [error["extensions"]["code"] for error in gone["errors"]]
    assert {0} == {view["generation"] for view in standing}
    codes, answers = await _until_answered(front)
    assert codes <= {"VIEW_REBUILDING"}
    assert right == answers
    await front.until_caught_up()
    assert [] == operated.differences()
    assert "Traceback" not in operated.log()


async def _until_answered(front):
    """Ask until there is an answer, as a front end does; the codes of the errors before it, and the answer."""
    codes = set()
    async with asyncio.timeout(30):
        while "errors" in (answer := await front.ask(_PRODUCTS)):
            codes |= {error["extensions"]["code"] for error in answer["errors"]}
            await front.views()
            await asyncio.sleep(0.01)
    return codes, answer["data"]["products"]
