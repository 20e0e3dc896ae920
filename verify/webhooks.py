"""Webhooks, as the tables tell them."""

from shop import views
from verify.expected import Expected


def expect_webhooks(expected: Expected) -> None:
    for row in expected.rows("SELECT id, url, event_types, active, after_position, turn FROM webhooks"):
        webhook = views.Webhook(
            id=row.id,
            version=expected.versions[row.id],
            url=row.url,
            event_types=row.event_types,
            active=bool(row.active),
            after=row.after_position,
            turn=row.turn,
        )
        expected.document(webhook)
        expected.sorted_by(webhook, "every", "")
