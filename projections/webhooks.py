"""Webhooks: one small document each."""

from collections.abc import Iterable

from projections.projection import Entry, Projection, replace
from shop import events, views
from shop.log import Recorded
from shop.views import Webhook

webhook = Projection(Webhook)


@webhook.starts(events.WebhookDefined, lambda e: [e.webhook_id])
def webhook_defined(event: events.WebhookDefined, _: Recorded) -> Webhook:
    return Webhook(
        id=event.webhook_id,
        url=event.url,
        event_types=event.event_types,
        active=event.active,
        after=event.after,
        turn=event.turn,
    )


@webhook.on(events.WebhookReplayed, lambda e: [e.webhook_id])
def webhook_replayed(view: Webhook, event: events.WebhookReplayed, _: Recorded) -> Webhook:
    return replace(view, after=event.after, turn=event.turn)


@webhook.on(events.WebhookSecretRotated, lambda e: [e.webhook_id])
def webhook_secret_rotated(view: Webhook, _event: events.WebhookSecretRotated, _: Recorded) -> Webhook:
    return view  # which secret it is, no view tells; the webhook is at a new version


@webhook.on(events.WebhookRemoved, lambda e: [e.webhook_id])
def webhook_removed(_view: Webhook, _event: events.WebhookRemoved, _: Recorded) -> None:
    return None


def _every(document: Webhook) -> Iterable[Entry]:
    yield views.EVERY, views.member("", document.id), 0


webhook.entries = _every
