"""All that is in Redis, read once. What of it is right is not known here."""

import itertools
import re
from collections.abc import Iterable, Iterator
from typing import Any, cast

import msgspec
import redis

from shop import views
from shop.views import Document, Keys

_AT_ONCE = 1000
_GONE = b"none"  # the type of a key that was there when the keys were named, and is not any more
_KEY = re.compile(r"\{tw(\d+)\}:(\w+)\.(\d+)([:/])(.+)", re.DOTALL)
_VIEWS = {view.view: view for view in views.ALL}
_OWN = re.compile(
    r"\{tw\d+\}:(serving|goals|previous|checkpoints|writing|folds|leases|parked|wishes|feed_from|feed\.[0-9a-f]{8})"
    f"|{re.escape(views.LAYOUT)}|{re.escape(views.WORKERS)}"
)


class Named(msgspec.Struct, frozen=True):
    """What a key of a generation says: a document and its id, or an index and its name."""

    segment: int
    view: str
    generation: int
    is_index: bool
    name: str


def named(key: str) -> Named | None:
    """Read a key as a document's or an index's; None for a key of the engine itself, and for a stranger's."""
    match = _KEY.fullmatch(key)
    return None if match is None else Named(int(match[1]), match[2], int(match[3]), match[4] == "/", match[5])


class Found(msgspec.Struct):
    """Documents and indexes of the generations that answer, by key; and the keys that belong to no generation at all."""

    serving: dict[tuple[str, int], int] = {}  # view and segment -> generation
    folded: dict[str, int] = {}  # a document's key -> the place in the log that it is folded to
    documents: dict[str, Document] = {}
    indexes: dict[str, dict[str, float]] = {}
    strange: list[str] = []


def everything(client: redis.Redis, keys: Keys) -> Found:
    """Read all keys with their values. Generations that do not answer (yet, or any more) are passed by."""
    found, known = Found(), set[tuple[int, str, int]]()
    for segment in range(keys.segments):
        serving = cast("dict[bytes, bytes]", client.hgetall(keys.serving(segment)))
        found.serving |= {(view.decode(), segment): int(number) for view, number in serving.items()}
        every = [views.generation(name.decode()) for name in cast("list[bytes]", client.hkeys(keys.checkpoints(segment)))]
        known |= {(segment, one.view, one.number) for one in every}
    names = sorted(name for name in client.scan_iter(count=5000) if not _is_elsewhere(name.decode(), found, known))
    for some in _batches(names):
        kinds = _pipelined(client, "type", some)
        texts = [name for name, kind in zip(some, kinds, strict=True) if kind == b"string"]
        sets = [name for name, kind in zip(some, kinds, strict=True) if kind == b"zset"]
        others = [name.decode() for name, kind in zip(some, kinds, strict=True) if kind not in {b"string", b"zset", _GONE}]
        for name, value in zip(texts, _pipelined(client, "get", texts), strict=True):
            if value is not None:
                _read(found, name.decode(), value)
        for name, members in zip(sets, _pipelined(client, "zrange", sets, 0, -1, withscores=True), strict=True):
            found.indexes[name.decode()] = {member.decode(): float(score) for member, score in members}
        found.strange += others
    return found


def _read(found: Found, key: str, value: bytes) -> None:
    """Decode a document by its view's shape; what does not look as that view is written is strange."""
    one = named(key)
    view = _VIEWS.get(one.view) if one and not one.is_index and _answers(one, found) else None
    if view is None:
        found.strange.append(key)
        return
    try:
        found.documents[key] = msgspec.json.decode(value, type=view)
    except msgspec.ValidationError as error:
        found.strange.append(f"{key} ({error})")
        return
    found.folded[key] = found.documents[key].folded_position
    if msgspec.json.encode(found.documents[key]) != value:
        found.strange.append(f"{key} (with more in it than its view has)")


def _is_elsewhere(key: str, found: Found, known: set[tuple[int, str, int]]) -> bool:
    """Whether a key is of the engine itself, or of a generation that is known and does not answer."""
    if _OWN.fullmatch(key) or views.is_beside_the_views(key):
        return True
    one = named(key)
    return one is not None and (one.segment, one.view, one.generation) in known and not _answers(one, found)


def _answers(one: Named, found: Found) -> bool:
    """Whether a document or an index is of a generation that answers."""
    return found.serving.get((one.view, one.segment)) == one.generation


def standing(client: redis.Redis, keys: Keys, segment: int) -> Iterator[tuple[str, views.Checkpoint | None]]:
    """Name the generation of each view that answers in a segment, and how far it has come; None where nothing says."""
    serving = cast("dict[bytes, bytes]", client.hgetall(keys.serving(segment)))
    told = cast("dict[bytes, bytes]", client.hgetall(keys.checkpoints(segment)))
    for view in views.ALL:
        name = f"{view.view}.{serving.get(view.view.encode(), b'none').decode()}"
        at = told.get(name.encode())
        yield name, None if at is None else views.checkpoint(at.decode())


def _pipelined(client: redis.Redis, command: str, names: Iterable[bytes], *args: object, **options: object) -> list[Any]:
    pipeline = client.pipeline(transaction=False)
    for name in names:
        getattr(pipeline, command)(name, *args, **options)
    return pipeline.execute()


def _batches(names: list[bytes]) -> Iterator[list[bytes]]:
    rest = iter(names)
    while some := list(itertools.islice(rest, _AT_ONCE)):
        yield some
