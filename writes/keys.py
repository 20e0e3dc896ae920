"""Idempotency: one row for each command accepted under a key, written in the command's own transaction."""

import hashlib
from typing import Any

import msgspec
import sqlalchemy as sa

from shop.upsert import insert
from writes import refusals
from writes.tables import idempotency_keys

_REFUSALS = {kind.__name__: kind for kind in (refusals.PaymentRefused,)}

# Every command comes by here. A statement that is made once costs a third of one that is made anew.
_COLUMNS = idempotency_keys.c
_SAME = (_COLUMNS.scope == sa.bindparam("of_scope"), _COLUMNS.key == sa.bindparam("of_key"))
_CLAIM = insert(idempotency_keys).on_conflict_do_nothing().returning(_COLUMNS.key)
_KEEP = sa.update(idempotency_keys).where(*_SAME).values(answer=sa.bindparam("told", type_=_COLUMNS.answer.type))


class Key(msgspec.Struct, frozen=True):
    """Who asked, under which key, and what: the same key with another `request_hash` is refused."""

    scope: str
    key: str
    request_hash: str


class Kept(msgspec.Struct, frozen=True):
    """The answer of an earlier call: the id of its command, the ids it gave, and its refusal if it wrote one."""

    command_id: str
    answer: dict[str, Any]
    refused: refusals.Refused | None


def request_hash(command: msgspec.Struct) -> str:
    """Hash a command's whole input, whatever the order of its keys."""
    written = type(command).__name__.encode() + msgspec.json.encode(command, order="deterministic")
    return hashlib.sha256(written).hexdigest()


def claim(connection: sa.Connection, key: Key, command_id: str, at: str) -> Kept | None:
    """Take the key for this command, or return what was answered under it before.

    Raises KeyReused for another input, StillInProgress while the first call has not finished.
    """
    mine = {"scope": key.scope, "key": key.key, "request_hash": key.request_hash, "command_id": command_id}
    if connection.execute(_CLAIM, {**mine, "created_at": at}).first() is not None:
        return None
    row = connection.execute(sa.select(idempotency_keys).where(*_SAME), _named(key)).one()
    if row.request_hash != key.request_hash:
        raise refusals.KeyReused("This idempotency key was used with another input: make a new key.", ["idempotencyKey"])
    if row.answer is None and row.command_id == command_id:
        return None  # our own: only the reply to that COMMIT was lost
    if row.answer is None:
        raise refusals.StillInProgress("The first call under this key has not finished: try again.", ["idempotencyKey"])
    return Kept(row.command_id, row.answer["ids"], _refusal(row.answer["refused"]))


def keep(connection: sa.Connection, key: Key, ids: dict[str, Any], refused: refusals.Refused | None) -> None:
    """Record the answer, so that the same key gives it again."""
    connection.execute(_KEEP, {**_named(key), "told": _answer(ids, refused)})


def keep_where_open(
    connection: sa.Connection, scope: str, key: str, ids: dict[str, Any], refused: refusals.Refused | None
) -> None:
    """Answer a command whose own process will not, or has done so already."""
    unanswered = _KEEP.where(_COLUMNS.answer.is_(sa.null()))
    connection.execute(unanswered, {"of_scope": scope, "of_key": key, "told": _answer(ids, refused)})


def sweep(connection: sa.Connection, before: str) -> int:
    """Forget the keys made before a moment and return how many."""
    return connection.execute(sa.delete(idempotency_keys).where(idempotency_keys.c.created_at < before)).rowcount


def _answer(ids: dict[str, Any], refused: refusals.Refused | None) -> dict[str, Any]:
    told = None if refused is None else {"kind": type(refused).__name__, "fields": vars(refused)}
    return {"ids": ids, "refused": told}


def _named(key: Key) -> dict[str, str]:
    return {"of_scope": key.scope, "of_key": key.key}


def _refusal(told: dict[str, Any] | None) -> refusals.Refused | None:
    if told is None:
        return None
    kind = _REFUSALS[told["kind"]]
    refused = kind.__new__(kind, told["fields"]["message"])
    vars(refused).update(told["fields"])
    return refused
