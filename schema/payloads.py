"""What every mutation does: make a command of an input, send it, and show in its payload what the write side answered.

The source of a payload is the bus's Answer. Its entity is a query, asked only where the field is selected.
"""

from typing import Any

import msgspec
import strawberry
from strawberry import Parent

from reads.reading import Reading
from schema.context import Info
from schema.errors import UserError, told
from schema.scalars import LogPosition
from writes.bus import Answer
from writes.refusals import Refused

ENTITY_WAIT_MS = 1000


@strawberry.interface(
    description="`position` is null when nothing was written. "
    "`replayed` is true when the idempotency key had been used with the same input."
)
class MutationPayload:
    @strawberry.field
    @staticmethod
    def errors(answer: Parent[Answer]) -> list[UserError]:
        return [] if answer.refused is None else [told(answer.refused)]

    @strawberry.field
    @staticmethod
    def position(answer: Parent[Answer]) -> LogPosition | None:
        return None if answer.position is None else LogPosition(str(answer.position))

    replayed: bool

    @classmethod
    def is_type_of(cls, _source: Any, _info: Any) -> bool:
        return True


async def send(info: Info, what: msgspec.Struct, key: str | None) -> Answer:
    """Send a command in the caller's name, under the key given with it, else under that of the request's header."""
    return await info.context.bus.send(what, key=key or info.context.idempotency_key, actor=info.context.caller.actor)


async def after(info: Info, answer: Answer) -> Reading:
    """Return a reading that has seen what the command committed; ViewBehind if the views take too long."""
    reading = await info.context.opened()
    if answer.position is not None:
        await reading.at_least(answer.position, ENTITY_WAIT_MS)
    return reading


def refused(reason: Refused) -> Answer:
    """Answer as the bus does where the input was refused before there was a command."""
    return Answer({}, None, False, reason)
