"""What a database's writer is asked and answers: one attempt in, what was committed out. Each database has its own file."""

from collections.abc import Callable, Hashable, Sequence
from typing import Any, Protocol

import msgspec
import sqlalchemy as sa

from shop import appending
from shop.keyring import Keyring


class Attempt(msgspec.Struct, frozen=True):
    """What a command's code gives the writer: the events to append last, and a result for who waits."""

    drafts: Sequence[appending.Draft]
    result: Any


class Committed(msgspec.Struct, frozen=True):
    """A command's result after COMMIT, with the position of its last event; None where it wrote none."""

    result: Any
    epoch: str
    position: int | None


class Writer(Protocol):
    """A database's way to run one attempt in one transaction and say at which position it was committed.

    An attempt may be run several times, each time in a transaction of its own; one of them is committed at most.
    """

    @property
    def keyring(self) -> Keyring: ...

    async def run(self, attempt: Callable[[sa.Connection], Attempt], twin: Hashable | None = None) -> Committed: ...

    async def close(self) -> None: ...
