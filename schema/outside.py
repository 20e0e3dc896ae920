"""What the API is handed by the server beside the bus and the views: the event log, and what operators ask of the workers."""

from collections.abc import AsyncIterator, Sequence
from typing import Any, Protocol

import msgspec

from shop.position import Position
from shop.views import Parked


class Logged(msgspec.Struct, frozen=True):
    """An event as the log has it. `subject` is its stream: the one thing whose history it belongs to."""

    position: Position
    at: str
    type: str
    id: str
    subject: str
    actor: str
    data: Any


class Wanted(msgspec.Struct, frozen=True):
    """Which events: of some types, of one subject; all where neither is named."""

    types: frozenset[str] | None = None
    subject: str | None = None

    def fits(self, event: Logged) -> bool:
        return (self.types is None or event.type in self.types) and self.subject in {None, event.subject}


class EventLog(Protocol):
    """The log, oldest first. A position that it does not have is a PositionUnknown."""

    async def page(self, wanted: Wanted, after: Position | None, first: int) -> tuple[list[Logged], bool]:
        """Return up to `first` events, and whether there are more."""

    def follow(self, wanted: Wanted, after: Position | None) -> AsyncIterator[Logged]:
        """Give every event, from now on or after a position, none twice; Lagged to a reader that is too slow."""


class Operations(Protocol):
    """What operators ask of the workers. What cannot be asked is a Refused; what was done under a key is not done again.

    Each tells whether the key had been used.
    """

    async def rebuild(self, name: str, document_id: str | None, key: str | None) -> bool: ...

    async def roll_back(self, name: str, key: str | None) -> bool: ...

    async def retry(self, view: str, document_id: str, key: str | None) -> bool: ...

    async def skip(self, view: str, document_id: str, key: str | None) -> bool: ...

    async def parked(self, view: str | None) -> Sequence[tuple[Position, Parked]]:
        """All documents that stand parked, oldest event first, each with the place of its event."""


class Targets(Protocol):
    """Where webhooks may go."""

    async def problem(self, url: str) -> str | None:
        """Say why a webhook cannot go there as things stand: its form, its name or the addresses that leads to."""
