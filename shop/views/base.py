"""What every document is: a shape in JSON with the place in the log that it was folded to."""

from functools import cache
from typing import ClassVar, TypeVar

import msgspec


class Document(msgspec.Struct, kw_only=True, omit_defaults=True, gc=False):
    """What every document has: its id, and the place in the log that it was folded to (position and ordinal)."""

    view: ClassVar[str]
    fold_version: ClassVar[int] = 1

    id: str
    folded_position: int = 0
    folded_ordinal: int = 0
    version: int = 0
    updated_at: str = ""


D = TypeVar("D", bound=Document)


def read(view: type[D], value: bytes) -> D | Exception:
    """Read a stored document back. One that is spoiled is an error where it is asked for, and nowhere else."""
    try:
        document: D = _decoder(view).decode(value)
    except msgspec.DecodeError as error:  # a ValidationError is one too
        return error
    return document


@cache
def _decoder(view: type[D]) -> "msgspec.json.Decoder[D]":
    return msgspec.json.Decoder(view)
