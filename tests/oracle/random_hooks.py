"""What staff may do to webhooks, drawn at random."""

from typing import Any

from shop import log
from shop.position import Position
from writes import webhooks

_TYPES = ["OrderPlaced", "StockAdjusted", "ProductCreated", "OrderPlaced", "NoSuchEvent"]
_URLS = ["https://example.org/hook", "https://example.org:8443/a?b=c", "http://example.org/", "https://127.0.0.1/"]


class Hooks:
    """Draws commands for a shop; None where there is nothing to draw from."""

    def __init__(self, shop: Any) -> None:
        self._shop = shop
        self._random = shop.random

    def draws(self) -> list[tuple[Any, int]]:
        """Each way to draw, and how often."""
        return [(self.create, 2), (self.update, 2), (self.replay, 1), (self.rotate, 1), (self.remove, 1)]

    def create(self) -> Any:
        after = self._place() if self._shop.chance(0.3) else None
        return webhooks.CreateWebhook(self._url(), self._types(), active=self._shop.chance(0.8), after=after)

    def update(self) -> Any:
        said = {"url": self._url(), "event_types": self._types(), "active": self._shop.chance(0.5)}
        some = self._random.sample(sorted(said), self._random.randint(0, 2))
        row = self._hook()
        return row and webhooks.UpdateWebhook(row.id, **{name: said[name] for name in some})

    def replay(self) -> Any:
        row = self._hook()
        return row and webhooks.ReplayWebhook(row.id, self._place())

    def rotate(self) -> Any:
        row = self._hook()
        return row and webhooks.RotateWebhookSecret(row.id)

    def remove(self) -> Any:
        row = self._hook() if self._shop.chance(0.4) else None
        return row and webhooks.RemoveWebhook(row.id)

    def _hook(self) -> Any:
        return self._shop.one("SELECT id FROM webhooks ORDER BY id")

    def _place(self) -> Position:
        epoch, head = self._shop.database.read(log.head)
        return Position(epoch, self._random.randint(0, head + 1))

    def _types(self) -> list[str]:
        some = _TYPES[: self._random.choice([4, 4, 5])]
        return [str(one) for one in self._random.choices(some, k=self._random.randint(1, 2))]

    def _url(self) -> str:
        return str(self._random.choice(_URLS[: self._random.choice([2, 2, 4])]))
