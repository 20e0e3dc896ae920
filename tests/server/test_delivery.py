"""Webhooks arrive: signed, in order for each subject, at least once, tried again until they are taken, shown where they lag."""

import asyncio
import hashlib
import hmac
import json
import subprocess
import time
from collections import Counter
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from server import delivery, parts
from server.delivery import Deliverer
from server.nudges import Nudges
from server.posting import Poster
from shop import log, views
from shop.beside import beside
from shop.position import Position
from shop.tail import open_tail
from tests.server.receiver import OK, answer, receiving
from writes import deliveries
from writes.bus import Bus
from writes.catalog import CreateCategory, CreateProduct, UpdateProduct
from writes.webhooks import CreateWebhook, RemoveWebhook, ReplayWebhook, RotateWebhookSecret, UpdateWebhook
from writes.work import Limits

TYPES = ["ProductCreated", "ProductDescribed"]


def secret(webhook_id, number):
    return f"whsec_{webhook_id}_{number}"


class Hooked:
    """A shop, and a receiver that is told of its products."""

    def __init__(self, bus, database, client, receiver, port, deliverer):
        self.bus, self.database, self.redis = bus, database, client
        self.receiver, self.url, self.deliverer = receiver, f"http://127.0.0.1:{port}/hook", deliverer

    async def does(self, command):
        done = await self.bus.send(command)
        assert done.refused is None, repr(done.refused)
        return done.ids

    async def hooks(self, **more):
        made = await self.does(CreateWebhook(self.url, TYPES, **more))
        self.id = made["webhook_id"]
        return self.id

    async def products(self, *names):
        return [(await self.does(CreateProduct(name)))["product_id"] for name in names]

    async def rename(self, product_id, *names):
        for name in names:
            await self.does(UpdateProduct(product_id, name=name))

    def stored(self):
        [hook] = self.database.read(deliveries.hooks)
        return hook

    def head(self):
        return self.database.read(log.head)

    async def until(self, holds, seconds=30):
        async with asyncio.timeout(seconds):
            while not holds():
                await asyncio.sleep(0.02)

    async def shown(self):
        told = await self.redis.hget(views.DELIVERIES, self.id)
        return None if told is None else json.loads(told)


@pytest.fixture(params=["sqlite", "postgres"])
def database(request, tmp_path):
    made = request.getfixturevalue(f"{request.param}_databases").new(tmp_path)
    yield made
    made.close()


@pytest.fixture
async def opened(sqlite_databases, tmp_path, async_redis):
    """Open a shop with its duty of delivering at work: `async with opened() as hooked`."""
    made = sqlite_databases.new(tmp_path)

    @asynccontextmanager
    async def open_one(database=made, seconds=5.0, first_pause=0.02):
        async with AsyncExitStack() as stack:
            writer = database.new_writer()
            stack.push_async_callback(writer.close)
            tail = await stack.enter_async_context(open_tail(database.address))
            receiver, port = await stack.enter_async_context(receiving())
            limits = Limits(private_webhooks=True)
            bus = Bus(writer, providers={}, committed=parts.nudge(async_redis), limits=limits)
            poster, nudges = Poster(private=True, seconds=seconds), Nudges(async_redis)
            stack.push_async_callback(poster.close)
            await stack.enter_async_context(beside(nudges.run()))
            deliverer = Deliverer(
                bus, tail, async_redis, nudges, poster, secret, lease_seconds=seconds * 4, first_pause=first_pause
            )
            yield Hooked(bus, database, async_redis, receiver, port, deliverer)

    yield open_one
    made.close()


@pytest.fixture
async def hooked(opened):
    async with opened() as one, beside(one.deliverer.run()):
        yield one


async def test_an_event_arrives_as_the_log_tells_it_on_both_databases(opened, database):
    async with opened(database) as one, beside(one.deliverer.run()):
        await one.hooks()
        [product_id] = await one.products("Cup")
        await one.receiver.until(1)

        [request] = one.receiver.requests
        [told] = [event for event in database.read(lambda c: log.after(c, 0, 99)) if event.type == "ProductCreated"]
        assert {
            "id": told.id,
            "type": "ProductCreated",
            "position": str(Position(one.head()[0], told.position)),
            "at": told.at,
            "subject": product_id,
            "actor": "anonymous",
        } == {name: value for name, value in request.event.items() if name != "data"}
        assert "Cup" == request.name
        assert ("POST", "/hook", "application/json") == (request.method, request.path, request.headers["content-type"])
        await one.until(lambda: one.stored().position == one.head()[1])


async def test_its_signature_is_right_by_an_independent_check(hooked):
    await hooked.hooks()
    await hooked.products("Cup")
    await hooked.receiver.until(1)
    [request] = hooked.receiver.requests

    given = subprocess.run(
        ["openssl", "dgst", "-sha256", "-hmac", secret(hooked.id, 1), "-r"],
        input=(stamp := request.headers["tradewind-signature"].split(",")[0].removeprefix("t=")).encode() + b"." + request.body,
        capture_output=True,
        check=True,
    ).stdout.split()[0]

    assert f"t={stamp},v1={given.decode()}" == request.headers["tradewind-signature"]
    assert abs(time.time() - int(stamp)) < 10
    assert (hooked.id, request.event["id"]) == (
        request.headers["tradewind-webhook-id"],
        request.headers["tradewind-event-id"],
    )


async def test_after_a_rotation_the_new_secret_signs(hooked):
    await hooked.hooks()
    await hooked.does(RotateWebhookSecret(hooked.id))
    await hooked.products("Cup")
    await hooked.receiver.until(1)
    [request] = hooked.receiver.requests

    stamp, _, mac = request.headers["tradewind-signature"].removeprefix("t=").partition(",v1=")

    expected = hmac.new(secret(hooked.id, 2).encode(), f"{stamp}.".encode() + request.body, hashlib.sha256)
    assert expected.hexdigest() == mac


async def test_only_what_was_asked_for_arrives_from_where_it_was_asked_for(hooked):
    await hooked.products("Before")
    await hooked.hooks()
    await hooked.does(CreateCategory("Toys"))
    await hooked.products("Cup")
    await hooked.until(lambda: hooked.receiver.requests)
    await hooked.does(CreateCategory("More toys"))
    _, head = hooked.head()

    async with asyncio.timeout(20):
        while await hooked.shown() != {"turn": 1, "position": head}:
            await asyncio.sleep(0.02)
    assert ["Cup"] == [request.name for request in hooked.receiver.requests]


async def test_each_subject_comes_in_its_order_whatever_fails(hooked):
    """Every third request is answered with an error, at random places of each subject's history."""
    await hooked.hooks()
    hooked.receiver.says = lambda _: answer(500) if len(hooked.receiver.requests) % 3 == 0 else OK
    mugs = await hooked.products("a", "b", "c")
    for number in range(10):
        for mug in mugs:
            await hooked.rename(mug, f"{mug} {number}")

    await hooked.until(lambda: len(hooked.receiver.taken()) >= 33)
    for mug in mugs:
        names = [request.name for request in hooked.receiver.taken() if request.event["subject"] == mug]
        assert [f"{mug} {number}" for number in range(10)] == names[1:]
    await hooked.until(lambda: hooked.stored().position == hooked.head()[1])
    assert hooked.stored().last_error is None


async def test_a_subject_that_fails_holds_back_its_own_events_and_no_others(hooked):
    await hooked.hooks()
    hooked.receiver.says = lambda request: answer(422) if request.name.startswith("bad") else OK
    bad, good = await hooked.products("bad", "good")
    for number in range(150):
        await hooked.rename(good, f"good {number}")
    await hooked.rename(bad, "bad again")

    await hooked.until(lambda: len(hooked.receiver.taken()) == 151)
    assert [f"good {number}" for number in range(150)] == [request.name for request in hooked.receiver.taken()][1:]
    assert {"bad"} == {request.name for request, said in hooked.receiver.said if said != OK}
    assert "answered 422" in hooked.stored().last_error
    hooked.receiver.says = lambda _: OK
    await hooked.until(lambda: hooked.stored().position == hooked.head()[1])
    assert ["bad", "bad again"] == [request.name for request in hooked.receiver.taken()][-2:]
    assert 153 == len(hooked.receiver.taken())


async def test_a_receiver_that_is_down_is_tried_less_and_less_and_shown(opened):
    async with opened(first_pause=0.3) as one, beside(one.deliverer.run()):
        await one.hooks()
        one.receiver.says = lambda _: answer(503)
        await one.products(*map(str, range(30)))
        await asyncio.sleep(2.5)

        assert len(one.receiver.requests) < 60
        told = await one.shown()
        assert "answered 503" in told["error"]
        assert told["position"] < one.head()[1] - 25
        one.receiver.says = lambda _: OK
        await one.until(lambda: len(one.receiver.taken()) == 30)


def test_pauses_grow_to_an_hour_and_differ():
    backoff, pauses = delivery.Backoff(1.0), []
    for _ in range(50):
        backoff.failed()
        pauses.append(backoff._due - time.monotonic())

    assert not backoff.is_over
    assert 0.4 < pauses[0] <= 1
    assert all(1_790 < pause <= 3_600 for pause in pauses[-30:])
    assert len(set(pauses)) > 40


async def test_a_replay_delivers_again_what_came_after_a_position(hooked):
    await hooked.hooks()
    epoch, begun = hooked.head()
    await hooked.products("a", "b", "c")
    await hooked.receiver.until(3)
    first = [request.event for request in hooked.receiver.requests]

    await hooked.does(ReplayWebhook(hooked.id, Position(epoch, begun + 1)))

    await hooked.receiver.until(5)
    again = [request.event for request in hooked.receiver.requests[3:]]
    assert sorted(first[1:], key=str) == sorted(again, key=str)


async def test_a_replay_to_a_later_position_leaves_out_what_cannot_be_taken(hooked):
    await hooked.hooks()
    hooked.receiver.says = lambda request: answer(400) if request.name == "bad" else OK
    [bad] = await hooked.products("bad")
    await hooked.until(lambda: hooked.stored().last_error)
    epoch, head = hooked.head()
    await hooked.rename(bad, "good")

    await hooked.does(ReplayWebhook(hooked.id, Position(epoch, head)))

    await hooked.until(hooked.receiver.taken)
    assert ["good"] == [request.name for request in hooked.receiver.taken()]
    await hooked.until(lambda: hooked.stored().last_error is None)


async def test_one_that_is_switched_off_keeps_its_place(hooked):
    await hooked.hooks(active=False)
    await hooked.products("Cup")
    await asyncio.sleep(0.3)
    assert [] == hooked.receiver.requests

    await hooked.does(UpdateWebhook(hooked.id, active=True))

    await hooked.receiver.until(1)
    assert ["Cup"] == [request.name for request in hooked.receiver.requests]


async def test_one_that_was_removed_is_sent_nothing_more(hooked):
    await hooked.hooks()
    hooked.receiver.says = lambda _: answer(500)
    await hooked.products("Cup")
    await hooked.receiver.until(1)
    await hooked.does(RemoveWebhook(hooked.id))
    async with asyncio.timeout(20):
        while await hooked.redis.exists(views.DELIVERIES):
            await asyncio.sleep(0.02)
    before = len(hooked.receiver.requests)

    await hooked.products("Mug")
    await asyncio.sleep(0.3)

    assert before == len(hooked.receiver.requests)


async def test_a_redis_that_was_emptied_is_shown_again_how_far_it_is(hooked):
    await hooked.hooks()
    await hooked.products("Cup")
    await hooked.receiver.until(1)
    await hooked.redis.flushall()

    async with asyncio.timeout(20):
        while (await hooked.shown() or {}).get("position") != hooked.head()[1]:
            await asyncio.sleep(0.05)


async def test_of_two_processes_one_delivers_and_the_other_takes_over(opened, async_redis):
    async with opened() as one, open_tail(one.database.address) as tail:
        other = Deliverer(one.bus, tail, async_redis, Nudges(async_redis), one.deliverer._poster, secret, lease_seconds=20)
        await one.hooks()
        async with beside(other.run()):
            async with beside(one.deliverer.run()):
                await one.products(*map(str, range(20)))
                await one.receiver.until(20)
                assert 1 == len([each for each in (one.deliverer, other) if each._lines])
            await one.products("after")
            await one.receiver.until(21)

    assert {1} == set(Counter(request.event["id"] for request in one.receiver.requests).values())
