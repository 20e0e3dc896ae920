"""The views' side of Redis as the worker writes it: load documents, commit a batch, let a generation answer."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
from redis.asyncio import Redis

from shop import views
from shop.views import Checkpoint, Document, Generation, Keys

_HERE = Path(__file__).parent
_FEED = (_HERE / "feed.lua").read_text()
_FEED_KEEPS = 100_000
_pack = msgspec.msgpack.Encoder().encode


class RefusedError(Exception):
    """Another worker holds what was to be written, or moved it: what is held here is old. Look anew."""


class Unit(msgspec.Struct):
    """A generation of a segment that this worker may write, and how far it is.

    `writing` is how far a script was to write it that broke half-way; 0 where none did.
    """

    generation: Generation
    fence: str
    checkpoint: Checkpoint
    writing: int = 0


class Batch(msgspec.Struct):
    """What one script writes. Values are final: '' deletes; an index entry is there or is not."""

    documents: dict[str, bytes] = msgspec.field(default_factory=dict)
    removed: dict[str, list[str]] = msgspec.field(default_factory=dict)
    added: dict[str, list[int | str]] = msgspec.field(default_factory=dict)  # score and member by turns
    parked: dict[str, bytes] = msgspec.field(default_factory=dict)
    feed: list[tuple[int, int, bytes]] = msgspec.field(default_factory=list)  # position, documents named, content
    wishes: list[str] = msgspec.field(default_factory=list)


class ViewStore:
    """Documents, indexes and feed of all segments."""

    def __init__(self, redis: Redis, keys: Keys) -> None:
        self._redis = redis
        self._keys = keys
        self._commit = redis.register_script(_FEED + (_HERE / "commit.lua").read_text())
        self._switch = redis.register_script(_FEED + (_HERE / "switch.lua").read_text())

    async def documents(self, wanted: Sequence[tuple[type[Document], str, int]]) -> list[Document | Exception | None]:
        """Load documents of one segment (view, id, generation) in one round trip.

        None where there is none; the error itself where what is stored cannot be read.
        """
        if not wanted:
            return []
        values: Any = await self._redis.mget([self._keys.document(*name) for name in wanted])
        return [None if value is None else views.read(view, value) for (view, *_), value in zip(wanted, values, strict=True)]

    async def drop_wish(self, segment: int, wish_id: str) -> None:
        """Forget what nobody can grant any more."""
        await self._redis.hdel(self._keys.wishes(segment), wish_id)

    async def commit(
        self, segment: int, units: Sequence[Unit], reached: Checkpoint, batch: Batch, *, intended: int | None = None
    ) -> None:
        """Write a batch and move the checkpoint of units that stand at one place, all or nothing.

        `intended` is the position that the last of several slices is to reach. Raises RefusedError where a lease is
        another's, or a checkpoint has moved.
        """
        keys, expected = self._keys, units[0].checkpoint
        indexes = sorted(batch.removed.keys() | batch.added.keys())
        names = [keys.checkpoints(segment), keys.leases(segment), keys.parked(segment), keys.wishes(segment)]
        names += [keys.feed(segment, reached.epoch), keys.feed_from(segment), keys.writing(segment), keys.serving(segment)]
        names += [*batch.documents, *indexes]
        args: list[Any] = [reached.epoch, str(expected), str(reached), reached.position if intended is None else intended]
        args += [_FEED_KEEPS, len(units), len(batch.documents)]
        args += [len(batch.parked), len(batch.feed), len(batch.wishes)]
        args += [part for unit in units for part in (str(unit.generation), unit.fence)]
        args += batch.documents.values()
        args.append(_pack([(batch.removed.get(index, ()), batch.added.get(index, ())) for index in indexes]))
        args += [part for parked in batch.parked.items() for part in parked]
        args += [part for entry in batch.feed for part in entry]
        answer = await self._commit(keys=names, args=[*args, *batch.wishes])
        if not answer[0]:
            found = [part.decode() for part in answer[1:]]
            raise RefusedError(f"segment {segment}: {found[0]} is {found[1]!r}, not at {expected}")
        for unit in units:
            unit.checkpoint, unit.writing = reached, 0

    async def switch(self, segment: int, present: Generation | None, coming: Unit, old_epoch: str, at: str) -> bool:
        """Let a generation answer from now on; False where it does not stand where the present one does."""
        keys, view = self._keys, coming.generation.view
        names = [keys.goals(segment), keys.serving(segment), keys.previous(segment), keys.checkpoints(segment)]
        names += [keys.leases(segment), keys.feed(segment, coming.checkpoint.epoch), keys.feed_from(segment)]
        names += [keys.feed(segment, old_epoch)]
        said = {"type": "ViewSwitched", "at": at, "documents": [], "view": view}
        told, told_of_a_gap = msgspec.json.encode(said), msgspec.json.encode({**said, "gap": True})
        args: list[Any] = [view, "" if present is None else present.number, coming.generation.number, coming.fence]
        answer = await self._switch(keys=names, args=[*args, str(coming.checkpoint), told, told_of_a_gap])
        if not answer[0] and answer[1] != b"position":
            raise RefusedError(f"segment {segment}: {coming.generation} cannot answer: its {answer[1].decode()} is another")
        return bool(answer[0])
