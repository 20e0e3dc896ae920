"""What every document is: a shape in JSON with the place in the log that it was folded to."""

from typing import ClassVar

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
