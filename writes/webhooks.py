"""Webhooks: who is told of which events, and from where on. Sending them is a duty of the server's (see `deliveries`)."""

from typing import Any

import msgspec
import sqlalchemy as sa
from msgspec import UNSET, UnsetType

from shop import events, ids, log
from shop.position import Position
from writes import hook_tables as h
from writes.refusals import Invalid, NotFound
from writes.targets import target
from writes.work import Done, Work

_TYPES = frozenset(kind.__name__ for kind in events.ALL)


class CreateWebhook(msgspec.Struct, frozen=True):
    """Begins at the end of the log, or after a position."""

    url: str
    event_types: list[str]
    active: bool = True
    after: Position | None = None


class UpdateWebhook(msgspec.Struct, frozen=True):
    """An absent field stays as it is. One that is switched off keeps its place, and goes on from there."""

    webhook_id: str
    url: str | UnsetType = UNSET
    event_types: list[str] | UnsetType = UNSET
    active: bool | UnsetType = UNSET


class ReplayWebhook(msgspec.Struct, frozen=True):
    """Deliver again what came after a position; or leave out what lies before it."""

    webhook_id: str
    after: Position


class RotateWebhookSecret(msgspec.Struct, frozen=True):
    webhook_id: str


class RemoveWebhook(msgspec.Struct, frozen=True):
    webhook_id: str


def create_webhook(work: Work, command: CreateWebhook) -> Done:
    webhook_id = ids.new("webhook")
    _check(work, command.url, command.event_types)
    after = _place(work, command.after, ["input", "after"])
    row = {
        "id": webhook_id,
        "url": command.url,
        "event_types": sorted(set(command.event_types)),
        "active": command.active,
        "after_position": after,
        "turn": 1,
    }
    work.add(h.webhooks, {**row, "secret_number": 1})
    work.add(h.webhook_deliveries, {"webhook_id": webhook_id, "position": after, "turn": 1})
    return Done([_defined(row)], {"webhook_id": webhook_id, "secret_number": 1})


def update_webhook(work: Work, command: UpdateWebhook) -> Done:
    row = _found(work, command.webhook_id)
    was = dict(row._mapping)  # noqa: SLF001  its public name
    said = {name: getattr(command, name) for name in ("url", "event_types", "active")}
    after = was | {name: value for name, value in said.items() if value is not UNSET}
    after["event_types"] = sorted(set(after["event_types"]))
    _check(work, after["url"], after["event_types"])
    if after == was:
        return Done((), {"webhook_id": row.id})
    _change(work, row.id, {name: after[name] for name in said})
    return Done([_defined(after)], {"webhook_id": row.id})


def replay_webhook(work: Work, command: ReplayWebhook) -> Done:
    row = _found(work, command.webhook_id)
    after, turn = _place(work, command.after, ["after"]), row.turn + 1
    _change(work, row.id, {"after_position": after, "turn": turn})
    begin = sa.update(h.webhook_deliveries).where(h.webhook_deliveries.c.webhook_id == row.id)
    work.do(begin.values(position=after, turn=turn, last_error=None))
    return Done([events.WebhookReplayed(webhook_id=row.id, after=after, turn=turn)], {"webhook_id": row.id})


def rotate_webhook_secret(work: Work, command: RotateWebhookSecret) -> Done:
    row = _found(work, command.webhook_id)
    number = row.secret_number + 1
    _change(work, row.id, {"secret_number": number})
    rotated = events.WebhookSecretRotated(webhook_id=row.id, number=number)
    return Done([rotated], {"webhook_id": row.id, "secret_number": number})


def remove_webhook(work: Work, command: RemoveWebhook) -> Done:
    row = _found(work, command.webhook_id)
    work.do(sa.delete(h.webhook_deliveries).where(h.webhook_deliveries.c.webhook_id == row.id))
    work.do(sa.delete(h.webhooks).where(h.webhooks.c.id == row.id))
    return Done([events.WebhookRemoved(webhook_id=row.id)], {"webhook_id": row.id})


def _found(work: Work, webhook_id: str) -> Any:
    row = work.one(h.webhooks, webhook_id)
    if row is None:
        raise NotFound(f"There is no webhook {webhook_id}.", ["id"])
    return row


def _check(work: Work, url: str, event_types: list[str]) -> None:
    target(url, private=work.limits.private_webhooks)
    path = ["input", "eventTypes"]
    if not event_types:
        raise Invalid("A webhook is told of one type of event at least.", path)
    for number, name in enumerate(event_types):
        if name not in _TYPES:
            raise Invalid(f"There is no event type {name!r}.", [*path, number])


def _place(work: Work, after: Position | None, path: list[str]) -> int:
    """The position to begin after: the log's end where none is named; one that the log does not have is refused."""
    epoch, head = log.head(work.connection)
    if after is None:
        return head
    if after.epoch != epoch or after.position > head:
        raise Invalid(f"{after} is no position of this log.", path)
    return after.position


def _change(work: Work, webhook_id: str, values: dict[str, Any]) -> None:
    work.do(sa.update(h.webhooks).where(h.webhooks.c.id == webhook_id).values(values))


def _defined(row: dict[str, Any]) -> events.WebhookDefined:
    return events.WebhookDefined(
        webhook_id=row["id"],
        url=row["url"],
        event_types=row["event_types"],
        active=row["active"],
        after=row["after_position"],
        turn=row["turn"],
    )
