"""What staff set up for receivers of webhooks. Secrets are in no event; how far deliveries are is none."""

from shop.events.base import Event


class WebhookDefined(Event, frozen=True, kw_only=True, omit_defaults=True):
    """The webhook as it is after it was made or changed. It began after position `after`, for the `turn`-th time."""

    webhook_id: str
    url: str
    event_types: list[str]
    active: bool = True
    after: int = 0
    turn: int = 0

    @property
    def stream(self) -> str:
        return self.webhook_id


class WebhookReplayed(Event, frozen=True, kw_only=True, omit_defaults=True):
    """Deliveries begin again after position `after`; `turn` counts how often they did."""

    webhook_id: str
    after: int
    turn: int

    @property
    def stream(self) -> str:
        return self.webhook_id


class WebhookSecretRotated(Event, frozen=True, kw_only=True, omit_defaults=True):
    """From here on deliveries are signed with another secret, the `number`-th."""

    webhook_id: str
    number: int

    @property
    def stream(self) -> str:
        return self.webhook_id


class WebhookRemoved(Event, frozen=True, kw_only=True, omit_defaults=True):
    webhook_id: str

    @property
    def stream(self) -> str:
        return self.webhook_id
