"""A view's generations: how far each is folded, who may write it, and what could not be folded. As Redis has them."""

import msgspec


class Generation(msgspec.Struct, frozen=True, order=True):
    """One making of a view. A rebuild makes the next beside the one that answers."""

    view: str
    number: int

    def __str__(self) -> str:
        return f"{self.view}.{self.number}"


def generation(text: str) -> Generation:
    """Read a generation back from its name."""
    view, _, number = text.rpartition(".")
    return Generation(view, int(number))


class Checkpoint(msgspec.Struct, frozen=True):
    """How far a generation is folded in a segment: the log's epoch, the position, the id of the event there."""

    epoch: str
    position: int
    event: str

    def __str__(self) -> str:
        return f"{self.epoch} {self.position} {self.event}"


BEGINNING = "-"  # stands for the event at position 0, where there is none


def checkpoint(text: str) -> Checkpoint:
    """Read a checkpoint back."""
    epoch, position, event = text.split(" ")
    return Checkpoint(epoch, int(position), event)


class Lease(msgspec.Struct, frozen=True):
    """A worker's right to write a generation of a segment. `number` counts its owners; `until` is Redis' own clock, in ms."""

    number: int
    owner: str
    until: int

    @property
    def fence(self) -> str:
        """What stays the same as long as the owner does: every write is held against it."""
        return f"{self.number} {self.owner} "


def lease(text: str) -> Lease:
    """Read a lease back."""
    number, owner, until = text.split(" ")
    return Lease(int(number), owner, int(until))


class Parked(msgspec.Struct, frozen=True):
    """A document with the event that could not be folded into it.

    `waiting` later events of it stand behind that one, the last of them at position `last`.
    """

    view: str
    generation: int
    document_id: str
    position: int
    event: str
    error: str
    since: str
    waiting: int = 0
    last: int = 0

    @property
    def field(self) -> str:
        return parked_field(Generation(self.view, self.generation), self.document_id)


def parked_field(of: Generation, document_id: str) -> str:
    return f"{of}:{document_id}"


class Wish(msgspec.Struct, frozen=True, omit_defaults=True):
    """What an operator wants of one document: to be folded again from its events.

    `resume` begins at the document as it is stored instead of at its first event. `without` is the position of an event to
    leave out. `entries` are index entries (index, member) that were found wrong and are to be put right. A wish in a segment
    that is not the document's is about entries alone that have no business there.
    """

    view: str
    generation: int
    document_id: str
    resume: bool = False
    without: int = 0
    entries: list[tuple[str, str]] = []
