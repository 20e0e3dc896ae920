"""The oracle is shown to fail: whatever is planted in Redis, it names the key, what should be there and what is."""

import asyncio
import re

import msgspec
import pytest
from redis.asyncio import Redis

from projections.worker import Worker
from shop import views
from shop.tail import open_tail
from shop.views import Keys
from tests.oracle.random_shop import RandomShop
from verify import differences
from verify.compare import NOT_IN_SQL, UNORDERED

_SEED, _KEYS = 3, Keys(2)


@pytest.fixture(scope="module")
def happened(sqlite_databases, tmp_path_factory, redis_address):
    """A shop in which much happened: its tables, and all that its views have in Redis."""
    database = sqlite_databases.new(tmp_path_factory.mktemp("happened"))
    yield database, asyncio.run(_folded(database, redis_address))
    database.close()


async def _folded(database, redis_address):
    async with open_tail(database.address) as tail, Redis.from_url(redis_address, protocol=2) as client:
        await client.flushall()
        shop = RandomShop(database, _SEED)
        await shop.opens()
        worker = Worker(tail, client, _KEYS)
        await shop.does(200)
        await worker.catch_up()
        while missing := await _absent(client):  # some kinds of documents come late
            assert sum(shop.accepted.values()) < 3000, missing
            await shop.does(50)
            await worker.catch_up()
        await shop.writer.close()
        return {key: await client.dump(key) for key in await client.keys()}


async def _absent(client):
    """The views that have no document yet."""
    keys = [key async for key in client.scan_iter(count=5000)]
    there = {found[1].decode() for key in keys if (found := re.match(rb"\{tw\d\}:(\w+)\.\d+:", key))}
    return {view.view for view in views.ALL} - there


class Folded:
    """The views of that shop as they were, for a test to spoil."""

    def __init__(self, database, client):
        self._database = database
        self.redis = client

    def differences(self):
        return self._database.read(lambda connection: differences(connection, self.redis, _KEYS))


@pytest.fixture
def folded(happened, views_redis):
    database, dumped = happened
    for key, value in dumped.items():
        views_redis.restore(key, 0, value)
    return Folded(database, views_redis)


def test_views_that_nobody_spoiled_have_no_difference(folded):
    assert [] == folded.differences()


def _documents(one, view):
    """Key and content of documents of a view; of levels those that hold something: SQL cannot tell a moved zero from none."""
    keys = (key for key in sorted(one.redis.keys()) if re.match(rb"\{tw\d\}:%s\.\d+:" % view.view.encode(), key))
    every = ((key, msgspec.json.decode(one.redis.get(key))) for key in keys)
    return ((key, document) for key, document in every if view is not views.StockLevel or document["on_hand"])


def _document(one, view):
    key, _ = next(_documents(one, view))
    return key


def _indexes(one):
    return [key for key in sorted(one.redis.keys()) if one.redis.type(key) == b"zset" and b"/" in key]


def _index(one, part):
    return next(key for key in _indexes(one) if part in key)


@pytest.mark.parametrize("view", views.ALL, ids=lambda view: view.view)
def test_a_wrong_field_is_found_in_every_view(folded, view):
    texts = (
        (key, document, name)
        for key, document in _documents(folded, view)
        for name, value in document.items()
        if isinstance(value, str) and name not in {"id", "updated_at"}
    )
    key, document, field = next(texts)
    was, document[field] = document[field], "planted"
    folded.redis.set(key, msgspec.json.encode(document))

    assert f"{key.decode()} {field}: expected {was!r}, found 'planted'" in folded.differences()


@pytest.mark.parametrize("view", views.ALL, ids=lambda view: view.view)
def test_a_missing_document_is_found_in_every_view(folded, view):
    key = _document(folded, view)
    folded.redis.delete(key)

    assert f"{key.decode()}: expected a document, found none" in folded.differences()


@pytest.mark.parametrize("view", views.ALL, ids=lambda view: view.view)
def test_a_document_too_many_is_found_in_every_view(folded, view):
    key = _document(folded, view)
    folded.redis.copy(key, key + b"x")

    assert [f"{key.decode()}x: expected no document, found one"] == folded.differences()


def test_a_wrong_amount_deep_in_an_order_is_found(folded):
    key = _document(folded, views.Order)
    document = msgspec.json.decode(folded.redis.get(key), type=views.Order)
    wrong = msgspec.structs.replace(document.lines[0].total, amount="0.07")
    was, document.lines[0].total = document.lines[0].total.amount, wrong
    folded.redis.set(key, msgspec.json.encode(document))

    assert [f"{key.decode()} lines[0].total.amount: expected {was!r}, found '0.07'"] == folded.differences()


def test_a_line_too_many_is_found(folded):
    key = _document(folded, views.Order)
    document = msgspec.json.decode(folded.redis.get(key), type=views.Order)
    document.lines.append(document.lines[0])
    folded.redis.set(key, msgspec.json.encode(document))

    assert any(f"lines[{len(document.lines) - 1}].id" in line for line in folded.differences())


def test_every_missing_index_entry_is_found(folded):
    for key in _indexes(folded):
        member, score = folded.redis.zrange(key, 0, 0, withscores=True)[0]
        folded.redis.zrem(key, member)

        assert [f"{key.decode()} {member.decode()!r}: expected {int(score)}, found no entry"] == [
            re.sub(r"expected (\d+)(\.0)?,", r"expected \1,", line) for line in folded.differences()
        ]
        folded.redis.zadd(key, {member: score})


def test_an_index_entry_too_many_is_found(folded):
    for part in (b"/lookup", b"/every", b"/search", b"/listing:", b"/orders:", b"/warehouse:", b"/top:"):
        key = _index(folded, part)
        folded.redis.zadd(key, {"planted\0x": 0})

        assert [f"{key.decode()} 'planted\\x00x': expected no entry, found 0.0"] == folded.differences()
        folded.redis.zrem(key, "planted\0x")


def test_an_index_too_many_is_found(folded):
    folded.redis.zadd("{tw0}:product.1/listing:uk:nothing:NAME", {"planted": 0})

    assert ["{tw0}:product.1/listing:uk:nothing:NAME 'planted': expected no entry, found 0.0"] == folded.differences()


def test_a_wrong_score_is_found(folded):
    key = _index(folded, b"/top:")
    member, score = folded.redis.zrange(key, 0, 0, withscores=True)[0]
    folded.redis.zadd(key, {member: score + 1})

    assert [f"{key.decode()} {member.decode()!r}: expected {int(score)}, found {score + 1}"] == folded.differences()


def test_an_entry_in_the_wrong_segment_is_found_twice(folded):
    key = _index(folded, b"/lookup")
    other = key.replace(b"{tw0}", b"{tw1}") if key.startswith(b"{tw0}") else key.replace(b"{tw1}", b"{tw0}")
    member = folded.redis.zrange(key, 0, 0)[0]
    folded.redis.zrem(key, member)
    folded.redis.zadd(other, {member: 0})

    assert 2 == len(folded.differences())


def test_an_updated_at_that_listings_do_not_follow_is_found(folded):
    key = _document(folded, views.Order)
    document = msgspec.json.decode(folded.redis.get(key), type=views.Order)
    document.updated_at = "2031-01-01T00:00:00.000Z"
    folded.redis.set(key, msgspec.json.encode(document))

    assert folded.differences()


@pytest.mark.parametrize("key", ["{tw0}:gift_card.1:x", "{tw0}:order.0:ord_1", "left over", "{tw0}:order.1"])
def test_a_key_of_no_view_is_found(folded, key):
    folded.redis.set(key, "{}")

    assert [f"{key}: expected no such key, found it"] == folded.differences()


def test_a_field_that_no_view_has_is_found(folded):
    key = _document(folded, views.Cart)
    folded.redis.set(key, folded.redis.get(key)[:-1] + b',"planted":1}')

    assert [f"{key.decode()} (with more in it than its view has): expected no such key, found it"] == folded.differences()


def test_views_that_are_behind_are_found(folded):
    epoch = folded.redis.hget("{tw1}:checkpoints", "order.1").decode().partition(" ")[0]
    folded.redis.hset("{tw1}:checkpoints", "order.1", f"{epoch} 3 evt_3")

    (only,) = folded.differences()
    assert only.startswith("{tw1}:checkpoints order.1: expected")
    assert only.endswith(f"found {epoch} 3 evt_3")


def test_a_document_that_stands_parked_is_found(folded):
    folded.redis.hset("{tw1}:parked", "order.1:ord_1", "{}")

    assert ["{tw1}:parked: order.1:ord_1 stands parked"] == folded.differences()


def test_what_is_left_out_of_the_comparison_are_fields_that_views_have():
    for kind, name in [*NOT_IN_SQL, *UNORDERED]:
        assert name in kind.__struct_fields__
