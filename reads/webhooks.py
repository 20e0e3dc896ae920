"""Webhooks with how far each is: the views tell what staff set up, a key beside them what the duty that sends did."""

import msgspec

from reads.reading import Reading
from reads.store import Range
from shop import views
from shop.position import Position
from shop.views import Delivered, Webhook

_MOST = 10_000


class Placed(msgspec.Struct, frozen=True):
    """A webhook, how far it was delivered, how many events the log has beyond that, and what holds it up."""

    webhook: Webhook
    position: Position
    lag_events: int
    last_error: str | None

    @property
    def id(self) -> str:
        return self.webhook.id


async def webhooks(reading: Reading) -> list[Placed]:
    """All webhooks, in the order they were made in."""
    [members] = await reading.ranges(Webhook, [Range(views.EVERY, _MOST)])
    return await _placed(reading, [views.member_id(entry) for entry in members])


async def webhook(reading: Reading, webhook_id: str) -> Placed | None:
    found = await _placed(reading, [webhook_id])
    return found[0] if found else None


async def _placed(reading: Reading, webhook_ids: list[str]) -> list[Placed]:
    found = await reading.many(Webhook, webhook_ids)
    told, (epoch, head) = await reading.delivered(), await reading.head()
    return [_place(one, told.get(one.id), epoch, head) for one in found if one is not None]


def _place(one: Webhook, told: Delivered | None, epoch: str, head: int) -> Placed:
    """What is told of an earlier turn, or not at all, is not how far it is: it stands where it began."""
    if told is None or told.turn != one.turn:
        told = Delivered(one.turn, one.after)
    return Placed(one, Position(epoch, told.position), max(0, head - told.position), told.error)
