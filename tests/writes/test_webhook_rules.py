"""Webhooks are defined by staff: where to, of what, from where on. The secret is nowhere, only which one it is."""

import pytest

from shop import events, log
from shop.position import Position
from writes import deliveries
from writes import hook_tables as h
from writes import tables as t
from writes.bus import Bus
from writes.refusals import Invalid, NotFound
from writes.webhooks import CreateWebhook, RemoveWebhook, ReplayWebhook, RotateWebhookSecret, UpdateWebhook
from writes.work import Limits

URL = "https://example.org/hook"


async def made(shop, **more):
    return (await shop.given(CreateWebhook(URL, ["OrderPlaced"], **more)))["webhook_id"]


def place(shop, webhook_id):
    row = shop.row(h.webhook_deliveries, webhook_id)
    return row.position, row.turn, row.last_error


async def test_a_webhook_begins_at_the_end_of_the_log(shop):
    _, head = shop.read(log.head)

    await shop.when(CreateWebhook(URL, ["StockAdjusted", "OrderPlaced", "OrderPlaced"]))

    webhook_id = shop.answer.ids["webhook_id"]
    told = events.WebhookDefined(
        webhook_id=webhook_id, url=URL, event_types=["OrderPlaced", "StockAdjusted"], after=head, turn=1
    )
    assert [told] == shop.happened
    assert (head, 1, None) == place(shop, webhook_id)
    assert 1 == shop.answer.ids["secret_number"]


async def test_or_after_the_position_given(shop):
    epoch, head = shop.read(log.head)

    webhook_id = await made(shop, after=Position(epoch, 1))

    assert 1 == place(shop, webhook_id)[0]
    for unknown in (Position(epoch, head + 2), Position("00000000", 1)):
        await shop.when(CreateWebhook(URL, ["OrderPlaced"], after=unknown))
        assert (Invalid, ["input", "after"]) == (type(shop.refused), shop.refused.path)


async def test_the_same_key_makes_one_webhook_and_gives_its_ids_again(shop):
    first = await shop.when(CreateWebhook(URL, ["OrderPlaced"]), key="k")
    again = await shop.when(CreateWebhook(URL, ["OrderPlaced"]), key="k")

    assert (first.ids, True, []) == (again.ids, again.replayed, shop.happened)
    (kept,) = (row.answer for row in shop.rows(t.idempotency_keys.select()) if row.key == "k")
    assert {"webhook_id", "secret_number"} == set(kept["ids"])


@pytest.mark.parametrize(
    ("command", "path"),
    [
        (CreateWebhook("http://example.org/hook", ["OrderPlaced"]), ["input", "url"]),
        (CreateWebhook("https://10.0.0.1/", ["OrderPlaced"]), ["input", "url"]),
        (CreateWebhook(URL, []), ["input", "eventTypes"]),
        (CreateWebhook(URL, ["OrderPlaced", "OrderUpdated"]), ["input", "eventTypes", "1"]),
    ],
)
async def test_what_cannot_be_sent_is_refused(shop, command, path):
    await shop.when(command)

    assert (Invalid, path) == (type(shop.refused), shop.refused.path)


async def test_a_setting_allows_the_own_network(shop):
    bus = Bus(shop.writer, providers={}, committed=shop._nudged, limits=Limits(private_webhooks=True))

    answer = await bus.send(CreateWebhook("http://localhost:8080/", ["OrderPlaced"]))

    assert answer.refused is None


async def test_an_update_changes_what_is_named_and_tells_all_of_it(shop):
    webhook_id = await made(shop)
    after = place(shop, webhook_id)[0]

    await shop.when(UpdateWebhook(webhook_id, active=False))

    told = events.WebhookDefined(webhook_id=webhook_id, url=URL, event_types=["OrderPlaced"], active=False, after=after, turn=1)
    assert [told] == shop.happened
    await shop.when(UpdateWebhook(webhook_id, active=False))
    assert (None, []) == (shop.answer.position, shop.happened)
    await shop.when(UpdateWebhook(webhook_id, url="ftp://example.org"))
    assert ["input", "url"] == shop.refused.path


async def test_a_replay_begins_anew_after_a_position(shop):
    webhook_id = await made(shop)
    epoch, head = shop.read(log.head)

    await shop.when(ReplayWebhook(webhook_id, Position(epoch, 1)))

    assert [events.WebhookReplayed(webhook_id=webhook_id, after=1, turn=2)] == shop.happened
    assert (1, 2, None) == place(shop, webhook_id)
    await shop.when(ReplayWebhook(webhook_id, Position(epoch, head + 9)))
    assert (Invalid, ["after"]) == (type(shop.refused), shop.refused.path)


async def test_a_new_secret_is_known_by_its_number_alone(shop):
    webhook_id = await made(shop)

    await shop.when(RotateWebhookSecret(webhook_id))

    assert [events.WebhookSecretRotated(webhook_id=webhook_id, number=2)] == shop.happened
    assert {"webhook_id": webhook_id, "secret_number": 2} == shop.answer.ids


async def test_a_webhook_that_was_removed_is_gone(shop):
    webhook_id = await made(shop)

    await shop.when(RemoveWebhook(webhook_id))

    assert [events.WebhookRemoved(webhook_id=webhook_id)] == shop.happened
    assert ([], []) == (shop.rows(h.webhooks.select()), shop.rows(h.webhook_deliveries.select()))
    epoch, _ = shop.read(log.head)
    for command in (
        RemoveWebhook(webhook_id),
        RotateWebhookSecret(webhook_id),
        UpdateWebhook(webhook_id, active=True),
        ReplayWebhook(webhook_id, Position(epoch, 1)),
    ):
        await shop.when(command)
        assert (NotFound, ["id"]) == (type(shop.refused), shop.refused.path), command


async def test_one_process_at_a_time_has_a_duty(shop):
    """By the database's clock: it is given back, or its time goes by."""
    from_now = {"duty": "webhooks", "lasts_ms": 60_000}

    def takes(owner, **more):
        return shop.database.change(lambda connection: deliveries.take_lease(connection, owner=owner, **{**from_now, **more}))

    assert takes("one")
    assert takes("one")
    assert not takes("other")
    shop.database.change(lambda connection: deliveries.give_lease(connection, "webhooks", "other"))
    assert not takes("other")
    assert takes("one", lasts_ms=-1)
    assert takes("other")
    shop.database.change(lambda connection: deliveries.give_lease(connection, "webhooks", "other"))
    assert takes("one")


async def test_how_far_a_webhook_is_never_goes_back_and_is_of_its_turn(shop):
    webhook_id = await made(shop)
    at = place(shop, webhook_id)[0]

    def delivered(turn, position, error=None):
        return shop.database.change(lambda connection: deliveries.delivered(connection, webhook_id, turn, position, error))

    assert delivered(1, at + 1, "answered 500")
    assert (at + 1, 1, "answered 500") == place(shop, webhook_id)
    assert not delivered(1, at)
    assert not delivered(2, at + 2)
    assert delivered(1, at + 1)
    assert (at + 1, 1, None) == place(shop, webhook_id)
