"""Who listens while things break: an ear at the feed, and a subscriber that resumes when it is told to."""

import asyncio
from collections import Counter
from contextlib import aclosing

from projections.all import touched
from reads import live
from reads.errors import ReadError
from shop import log
from shop.position import Position, parse


class Ear:
    """Hears every change that the feed tells."""

    def __init__(self):
        self.heard = Counter()
        self.ended = []

    def put(self, changes):
        self.heard.update((one.position, one.ordinal, one.view, one.document_id) for one in changes)

    def end(self, reason):
        self.ended.append(reason)


def changes_after(views, position):
    """Each change of each event after a position, once: what an ear must have heard."""
    every = views.shop.database.read(lambda connection: log.after(connection, position, 1_000_000))
    return Counter(
        (recorded.position, touch.ordinal, touch.projection.view.view, touch.document_id)
        for recorded in every
        for touch in touched(recorded)
    )


class Subscriber:
    """Holds the newest of each order since the log's beginning; where it is told to, it resumes `after` what it has."""

    def __init__(self, source, epoch):
        self._source = source
        self.after = Position(epoch, 0)
        self.orders = {}
        self.told = []

    async def follow(self):
        """Subscribe, and subscribe again on each VIEW_REBUILDING, until canceled or told anything else."""
        while not self.told or self.told[-1].code == "VIEW_REBUILDING":
            try:
                async with aclosing(live.orders_changed(self._source, None, None, self.after)) as messages:
                    async for message in messages:
                        self.orders[message.id], self.after = message.document, parse(message.position)
            except ReadError as reason:
                self.told.append(reason)
                await asyncio.sleep(0.02)
