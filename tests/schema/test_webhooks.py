"""Webhooks as staff see them: defined, shown with how far they are, the secret once; private places refused."""

from typing import Any

import msgspec
import pytest

from shop import views
from shop.views import Delivered
from tests.schema.front import Front, front
from writes.catalog import CreateCategory

__all__ = ["front"]

_HOOK = "webhookId secret position errors { code path } webhook { id url eventTypes active position lagEvents lastError }"
_CREATE = f"mutation ($input: WebhookInput!) {{ done: webhookCreate(input: $input) {{ {_HOOK} }} }}"
_UPDATE = f"mutation ($id: ID!, $input: WebhookUpdateInput!) {{ done: webhookUpdate(id: $id, input: $input) {{ {_HOOK} }} }}"
_REPLAY = f"mutation ($id: ID!, $after: LogPosition!) {{ done: webhookReplay(id: $id, after: $after) {{ {_HOOK} }} }}"
_ROTATE = f'mutation ($id: ID!) {{ done: webhookSecretRotate(id: $id, idempotencyKey: "once") {{ {_HOOK} }} }}'
_REMOVE = f"mutation ($id: ID!) {{ done: webhookRemove(id: $id) {{ {_HOOK} }} }}"
_EVERY = "{ webhooks { id url eventTypes active position lagEvents lastError } }"

GOOD = {"url": "http://127.0.0.1:9/hook", "eventTypes": ["OrderPlaced"]}


async def done(front: Front, operation: str, **values: Any) -> Any:
    return (await front.asks(operation, **values))["done"]


@pytest.fixture
async def hook(front: Front) -> Any:
    """Given a webhook."""
    return await done(front, _CREATE, input=GOOD)


async def test_a_webhook_is_shown_with_its_secret_once(front: Front, hook: Any) -> None:
    shown = hook["webhook"]

    assert ([], "http://127.0.0.1:9/hook", ["OrderPlaced"], True, None) == (
        hook["errors"],
        *(shown[name] for name in ("url", "eventTypes", "active", "lastError")),
    )
    assert hook["secret"].startswith("whsec_")
    assert len(hook["secret"]) > 40
    changed = await done(front, _UPDATE, id=hook["webhookId"], input={"active": False})
    assert (None, False) == (changed["secret"], changed["webhook"]["active"])
    assert [changed["webhook"]] == (await front.asks(_EVERY))["webhooks"]
    everything = await front.asks("{ events { nodes { data } } }")
    assert hook["secret"] not in str(everything)


async def test_each_webhook_and_each_rotation_has_a_secret_of_its_own(front: Front, hook: Any) -> None:
    other = await done(front, _CREATE, input=GOOD)
    rotated = await done(front, _ROTATE, id=hook["webhookId"])
    again = await done(front, _ROTATE, id=hook["webhookId"])

    assert 3 == len({hook["secret"], other["secret"], rotated["secret"]})
    assert rotated["secret"] == again["secret"]


async def test_it_tells_how_far_it_is_and_what_holds_it_up(front: Front, hook: Any) -> None:
    redis, place = front.context.views.store.redis, int(hook["webhook"]["position"].split(".")[1])
    await front.does(CreateCategory("Toys"))
    assert 2 == (await front.asks(_EVERY))["webhooks"][0]["lagEvents"]

    told = msgspec.json.encode(Delivered(1, place + 1, "answered 500"))
    await redis.hset(views.DELIVERIES, hook["webhookId"], told)

    [shown] = (await front.asks(_EVERY))["webhooks"]
    assert (1, "answered 500") == (shown["lagEvents"], shown["lastError"])
    assert place + 1 == int(shown["position"].split(".")[1])


async def test_a_replay_shows_where_it_begins_anew(front: Front, hook: Any) -> None:
    redis = front.context.views.store.redis
    await redis.hset(views.DELIVERIES, hook["webhookId"], msgspec.json.encode(Delivered(1, 99, "answered 500")))
    beginning = hook["webhook"]["position"].replace(".00000000000001.", ".00000000000000.")

    replayed = await done(front, _REPLAY, id=hook["webhookId"], after=beginning)

    assert (beginning, None) == (replayed["webhook"]["position"], replayed["webhook"]["lastError"])


async def test_it_is_found_by_its_id_until_it_is_removed(front: Front, hook: Any) -> None:
    node = "query ($id: ID!) { node(id: $id) { id ... on Webhook { url } } }"
    assert GOOD["url"] == (await front.asks(node, id=hook["webhookId"]))["node"]["url"]

    removed = await done(front, _REMOVE, id=hook["webhookId"])

    assert ([], None) == (removed["errors"], removed["webhook"])
    assert {"node": None, "webhooks": []} == (await front.asks(node, id=hook["webhookId"]) | await front.asks(_EVERY))


@pytest.mark.parametrize(
    ("operation", "values", "code", "path"),
    [
        (_CREATE, {"input": {**GOOD, "url": "ftp://example.org"}}, "INVALID", ["input", "url"]),
        (_CREATE, {"input": {**GOOD, "url": "https://no-such-name.invalid/"}}, "INVALID", ["input", "url"]),
        (_CREATE, {"input": {**GOOD, "eventTypes": ["OrderUpdated"]}}, "INVALID", ["input", "eventTypes", "0"]),
        (_UPDATE, {"id": "hook_1", "input": {"active": True}}, "NOT_FOUND", ["id"]),
        (_UPDATE, {"id": "hook_1", "input": {"eventTypes": None}}, "INVALID", ["input", "eventTypes"]),
        (_ROTATE, {"id": "hook_1"}, "NOT_FOUND", ["id"]),
        (_REMOVE, {"id": "hook_1"}, "NOT_FOUND", ["id"]),
    ],
)
async def test_what_cannot_be_is_refused(
    front: Front, operation: str, values: dict[str, Any], code: str, path: list[str]
) -> None:
    refused = await done(front, operation, **values)

    assert [{"code": code, "path": path}] == refused["errors"]
    assert (None, None) == (refused["secret"], refused["webhook"])
