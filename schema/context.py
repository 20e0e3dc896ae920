"""What resolvers are given: the way to write, the way to read, and what the request said beside its operation."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import strawberry

from reads.reading import Reading, Views
from reads.status import Status
from schema.outside import EventLog, Operations, Targets
from writes.bus import Bus
from writes.work import Limits


@dataclass(kw_only=True)
class Context:
    """What one operation has. A transport may make one for a connection: each operation begins with its own copy.

    `idempotency_key` and `at_least_header` are what the headers Idempotency-Key and Tradewind-At-Least say.
    """

    bus: Bus
    views: Views
    status: Status
    events: EventLog
    operations: Operations
    targets: Targets
    limits: Limits = field(default_factory=Limits)
    idempotency_key: str | None = None
    at_least_header: Sequence[str] = ()
    _opening: asyncio.Future[Reading] | None = field(default=None, init=False)

    def of_new_operation(self) -> "Context":
        """The same, with nothing read yet."""
        return replace(self)

    async def opened(self) -> Reading:
        """Return the operation's reading; the first to ask opens it, all others get the same."""
        if self._opening is None:
            self._opening = asyncio.ensure_future(self.views.reading())
        return await self._opening

    async def reopened(self) -> Reading:
        """Begin a new reading: what a subscription does for each message."""
        self._opening = None
        return await self.opened()

    @property
    def is_open(self) -> bool:
        return self._opening is not None and self._opening.done() and self._opening.exception() is None

    @property
    def reading(self) -> Reading:
        """The reading that was opened before the fields were resolved."""
        if self._opening is None:
            raise RuntimeError("A field was read before its operation's reading was opened.")
        return self._opening.result()


Info = strawberry.Info[Context, None]
