"""A duty that one process does at a time, by a lease in SQL. Who cannot renew it stops before it is over."""

import asyncio
import os
from functools import partial

from shop import ids
from writes import deliveries
from writes.bus import Bus


class Lease:
    """This process's right to do a duty, if it has it."""

    def __init__(self, bus: Bus, duty: str, *, seconds: float) -> None:
        self._bus = bus
        self._duty = duty
        self._seconds = seconds
        self._owner = f"{os.getpid()}-{ids.uuid7()}"
        self._taken = float("-inf")

    async def holds(self) -> bool:
        """Whether this process has the duty; it is taken, and renewed after a third of its time."""
        asked = asyncio.get_running_loop().time()
        if self.lasts(self._seconds * 2 / 3):
            return True
        took = await self._bus.keep(
            partial(deliveries.take_lease, duty=self._duty, owner=self._owner, lasts_ms=int(self._seconds * 1000))
        )
        self._taken = asked if took else float("-inf")
        return bool(took)

    def lasts(self, seconds: float) -> bool:
        """Whether nobody else can have the duty before so many seconds have gone by."""
        return self._taken + self._seconds > asyncio.get_running_loop().time() + seconds

    async def release(self) -> None:
        """Let another have it at once."""
        if self.lasts(0):
            self._taken = float("-inf")
            await self._bus.keep(partial(deliveries.give_lease, duty=self._duty, owner=self._owner))
