"""A place in the log as clients hold it: `epoch.position.ordinal`, fixed width, so that texts compare as places do."""

import re

import msgspec

_FORM = re.compile(r"([0-9a-f]{8})\.(\d{14})\.(\d{5})")


class Position(msgspec.Struct, frozen=True, order=True):
    """`ordinal` numbers the documents that the event at `position` changed; 0 stands for the event itself."""

    epoch: str
    position: int
    ordinal: int = 0

    def __str__(self) -> str:
        return f"{self.epoch}.{self.position:014d}.{self.ordinal:05d}"


def parse(text: str) -> Position:
    """Read a position back. Any other text is a ValueError."""
    match = _FORM.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not a log position such as 0a1b2c3d.00000000000042.00000")
    return Position(match[1], int(match[2]), int(match[3]))
