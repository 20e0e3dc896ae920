"""Webhooks as staff see them. How far each is, is no view: see `DELIVERIES` in keys."""

import msgspec

from shop.views.base import Document


class Webhook(Document, kw_only=True, omit_defaults=True):
    """Deliveries begin after position `after`; `turn` counts how often they began anew."""

    view = "webhook"

    url: str
    event_types: list[str]
    active: bool = True
    after: int = 0
    turn: int = 0


class Delivered(msgspec.Struct, frozen=True, omit_defaults=True):
    """How far a webhook's deliveries are in a turn, and what went wrong with the last that failed and is tried again."""

    turn: int
    position: int
    error: str | None = None
