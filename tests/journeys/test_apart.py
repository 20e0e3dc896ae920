"""The parts run apart, on PostgreSQL and a Redis server: two workers share the segments, and either is enough."""

import asyncio
import re
import time
from collections import Counter

import pytest

from projections.worker import LEASE_SECONDS
from tests.journeys.apart import apart
from tests.journeys.client import Shop

_SEGMENTS = 16
_HEAD = "Handle,Title,Type,Published,Option1 Name,Option1 Value,Variant SKU,Variant Inventory Qty,Variant Price"
_ROWS = [f"goods-{n},Goods {n},Things,true,Title,Default Title,G-{n},1000,{n}.50" for n in range(1, 41)]
_VARIANTS = "{ products(first: 100) { nodes { variants { id } } } }"
_ORDER = "query ($id: ID!, $at: LogPosition) @atLeast(position: $at, timeoutMs: 10000) { order(id: $id) { status } }"


@pytest.fixture
def parts(postgres_databases, tmp_path):
    """Redis and an empty database: nothing of Tradewind runs yet."""
    database = postgres_databases.new_empty()
    with apart(tmp_path, database.address) as one:
        yield one
    database.close()


@pytest.fixture
async def shop(parts):
    one = Shop(parts.address)
    yield one
    await one.http.aclose()


async def _owners(shop):
    """How many segments each worker moves, by its process; None counts those that nobody does."""
    views = await shop.views()
    owners = Counter()
    for segment in range(_SEGMENTS):
        [owner] = {view["segments"][segment]["owner"] for view in views}
        owners[None if owner is None else int(re.fullmatch(r".*:(\d+)#.*", owner)[1])] += 1
    return owners


async def _until_owned(shop, expected):
    """How long it takes until the segments are shared so."""
    began = time.monotonic()
    async with asyncio.timeout(30):
        while (owners := await _owners(shop)) != expected:
            await asyncio.sleep(0.02)
    print(f"{time.monotonic() - began:.2f} s until {dict(owners)}")
    return time.monotonic() - began


async def _buys(shop, variants):
    """An order of each, and each is there at its position."""
    for variant_id in variants:
        bought = await shop.buy(variant_id)
        assert [] == bought["errors"]
        assert {"status": "PLACED"} == (await shop.data(_ORDER, id=bought["orderId"], at=bought["position"]))["order"]


async def test_two_workers_share_the_segments_and_either_takes_over_from_the_other(parts, shop, tmp_path):
    (tmp_path / "goods.csv").write_text("\n".join([_HEAD, *_ROWS]))
    migrated, imported = parts.says("migrate"), parts.says("import", "products", str(tmp_path / "goods.csv"))
    assert [0, 0] == [migrated.returncode, imported.returncode], imported.stderr
    first, second, _ = parts.starts("worker"), parts.starts("worker"), parts.starts("api", "--dev")
    parts.wait_until_healthy()
    await _until_owned(shop, {first.pid: 8, second.pid: 8})
    variants = [product["variants"][0]["id"] for product in (await shop.data(_VARIANTS))["products"]["nodes"]]
    assert len(_ROWS) == len(variants)
    await _buys(shop, variants[:20])

    first.terminate()
    handed_over = await _until_owned(shop, {second.pid: _SEGMENTS})
    assert 0 == first.wait(10)
    await _buys(shop, variants[20:30])
    second.kill()
    third = parts.starts("worker")
    taken_over = await _until_owned(shop, {third.pid: _SEGMENTS})
    await _buys(shop, variants[30:])

    assert handed_over < 1
    assert taken_over < LEASE_SECONDS + 2
    verified = parts.says("verify")
    assert (0, True) == (verified.returncode, verified.stdout.endswith(": 0 differences.\n"))
    assert "Traceback" not in parts.log()
