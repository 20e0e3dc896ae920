"""The views' side of Redis as the worker writes it: load documents, commit a batch, keep the checkpoint."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
from redis.asyncio import Redis

from shop import views
from shop.views import Document, Keys

_SCRIPT = Path(__file__).with_name("commit.lua").read_text()
_FEED_KEEPS = 100_000
_DECODERS = {view: msgspec.json.Decoder(view) for view in views.ALL}


class Checkpoint(msgspec.Struct, frozen=True):
    """How far a segment is folded: the log's epoch, the position, and the id of the event there ('' at position 0)."""

    epoch: str
    position: int
    event: str


class CheckpointMovedError(Exception):
    """Another worker wrote this segment: what is held here is old. Load the checkpoint and go on from there."""


class Batch(msgspec.Struct):
    """What one script writes. Values are final: '' deletes a document, an index entry is there or is not."""

    documents: dict[str, bytes] = msgspec.field(default_factory=dict)
    removed: dict[str, list[str]] = msgspec.field(default_factory=dict)
    added: dict[str, list[tuple[int, str]]] = msgspec.field(default_factory=dict)
    feed: list[tuple[int, bytes]] = msgspec.field(default_factory=list)


class ViewStore:
    """Documents, indexes, feed and checkpoint of all segments."""

    def __init__(self, redis: Redis, keys: Keys) -> None:
        self._redis = redis
        self._keys = keys
        self._commit = redis.register_script(_SCRIPT)

    async def checkpoint(self, segment: int, epoch: str) -> Checkpoint:
        """Load a segment's checkpoint; an empty segment gets one at position 0, so that readers know it is being filled."""
        key = self._keys.checkpoint(segment)
        fresh: Any = {"epoch": epoch, "position": 0, "event": "", "feed_from": 0}
        if not await self._redis.exists(key):
            await self._redis.hset(key, mapping=fresh)
        found: Any = await self._redis.hmget(key, ["epoch", "position", "event"])
        return Checkpoint(found[0].decode(), int(found[1]), found[2].decode())

    async def documents(self, wanted: Sequence[tuple[type[Document], str]]) -> list[Document | None]:
        """Load documents of one segment in one round trip; None where there is none."""
        if not wanted:
            return []
        values: Any = await self._redis.mget([self._keys.document(view, document_id) for view, document_id in wanted])
        return [
            None if value is None else _DECODERS[view].decode(value) for (view, _), value in zip(wanted, values, strict=True)
        ]

    async def commit(self, segment: int, expected: Checkpoint, reached: Checkpoint, batch: Batch) -> None:
        """Write a batch and move the checkpoint, all or nothing. Raises CheckpointMovedError where another was faster."""
        indexes = sorted(batch.removed.keys() | batch.added.keys())
        keys = [self._keys.checkpoint(segment), self._keys.feed(segment), *batch.documents, *indexes]
        args: list[Any] = [expected.epoch, expected.position, reached.position, reached.event]
        args += [len(batch.documents), len(indexes), len(batch.feed), _FEED_KEEPS, *batch.documents.values()]
        for index in indexes:
            removed, added = batch.removed.get(index, []), batch.added.get(index, [])
            args += [len(removed), len(added), *removed]
            args += [part for entry in added for part in entry]
        args += [part for entry in batch.feed for part in entry]
        answer = await self._commit(keys=keys, args=args)
        if not answer[0]:
            raise CheckpointMovedError(f"segment {segment} is at {answer[2].decode()}, not at {expected.position}")
