"""All that is in Redis, read once. What of it is right is not known here."""

import itertools
import re
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
import redis

from shop import views
from shop.views import Document

_AT_ONCE = 1000
_DOCUMENT = re.compile(r"\{tw\d+\}:(\w+)\.(\d+):.+", re.DOTALL)
_VIEWS = {(view.view, str(view.fold_version)): view for view in views.ALL}
_OWN = re.compile(r"\{tw\d+\}:(checkpoint|feed)|" + re.escape(views.LAYOUT))


class Found(msgspec.Struct):
    """Documents and indexes by key, and the keys that belong to no view."""

    documents: dict[str, Document] = {}
    indexes: dict[str, dict[str, float]] = {}
    strange: list[str] = []


def everything(client: redis.Redis) -> Found:
    """Read all keys with their values."""
    found = Found()
    names = sorted(client.scan_iter(count=5000))
    for some in _batches(names):
        kinds = _pipelined(client, "type", some)
        texts = [name for name, kind in zip(some, kinds, strict=True) if kind == b"string"]
        sets = [name for name, kind in zip(some, kinds, strict=True) if kind == b"zset"]
        others = [name.decode() for name, kind in zip(some, kinds, strict=True) if kind not in {b"string", b"zset"}]
        for name, value in zip(texts, _pipelined(client, "get", texts), strict=True):
            _read(found, name.decode(), value)
        for name, members in zip(sets, _pipelined(client, "zrange", sets, 0, -1, withscores=True), strict=True):
            found.indexes[name.decode()] = {member.decode(): float(score) for member, score in members}
        found.strange += [name for name in others if not _OWN.fullmatch(name)]
    return found


def _read(found: Found, key: str, value: bytes) -> None:
    """Decode a document by its view's shape; what does not look as that view is written is strange."""
    match = _DOCUMENT.fullmatch(key)
    view = _VIEWS.get((match[1], match[2])) if match else None
    if view is None:
        found.strange.append(key)
        return
    try:
        found.documents[key] = msgspec.json.decode(value, type=view)
    except msgspec.ValidationError as error:
        found.strange.append(f"{key} ({error})")
        return
    if msgspec.json.encode(found.documents[key]) != value:
        found.strange.append(f"{key} (with more in it than its view has)")


def _pipelined(client: redis.Redis, command: str, names: Iterable[bytes], *args: object, **options: object) -> list[Any]:
    pipeline = client.pipeline(transaction=False)
    for name in names:
        getattr(pipeline, command)(name, *args, **options)
    return pipeline.execute()


def _batches(names: list[bytes]) -> Iterator[list[bytes]]:
    rest = iter(names)
    while some := list(itertools.islice(rest, _AT_ONCE)):
        yield some
