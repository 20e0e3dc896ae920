"""Sealing: what an event tells of a person is taken out of it and encrypted under that person's key, before it is written.

Without the key the event is read with nulls in these places. Which fields they are is declared in shop.events.personal.
"""

from collections.abc import Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from shop import cipher
from shop.events import Event
from shop.events.personal import PERSONAL, subjects
from shop.keyring import Key, Keyring
from shop.log import stored_events, subject_ids
from shop.upsert import insert

_KNOWN = (
    sa.select(subject_ids.c.id, subject_ids.c.key_id)
    .where(subject_ids.c.id.in_(sa.bindparam("named", expanding=True)))
    .with_for_update(read=True)  # an erasure waits until what is being sealed is committed, and finds it
)
_KNOW = insert(subject_ids).on_conflict_do_nothing().returning(subject_ids.c.id)


_AT_ONCE = 1000  # streams named in one statement


class Sealed(msgspec.Struct, frozen=True):
    """An event without its personal part, and that part encrypted; both None where it has none."""

    event: Event
    key_id: str | None = None
    part: bytes | None = None


def seal(connection: sa.Connection, keyring: Keyring, event: Event, stream_version: int) -> Sealed:
    """Take the personal part out of an event that is about to be written, and seal it with its person's key."""
    names = PERSONAL.get(type(event), ())
    told = {name: value for name in names if (value := getattr(event, name)) is not None}
    if not told:
        return Sealed(event)
    key = _key_of(connection, keyring, subjects(event))
    part = cipher.encrypted(msgspec.json.encode(told), key.secret, event.stream, stream_version)
    return Sealed(msgspec.structs.replace(event, **dict.fromkeys(told)), key.id, part)


def strip(connection: sa.Connection, of_streams: Sequence[str]) -> None:
    """Take what events tell of a person out of those that were stored before anything was sealed.

    The one place where stored events are rewritten: there is no key that could be destroyed instead.
    """
    columns = stored_events.c
    names = {kind.__name__: fields for kind, fields in PERSONAL.items()}
    plain = sa.select(columns.position, columns.type, columns.data).where(
        columns.type.in_(names), columns.key_id.is_(None), columns.stream.in_(sa.bindparam("some", expanding=True))
    )
    parts = [of_streams[start : start + _AT_ONCE] for start in range(0, len(of_streams), _AT_ONCE)]
    for row in [row for part in parts for row in connection.execute(plain, {"some": part})]:
        told: dict[str, Any] = msgspec.json.decode(row.data)
        left = {name: value for name, value in told.items() if name not in names[row.type]}
        if left != told:
            written = msgspec.json.encode(left).decode()
            connection.execute(sa.update(stored_events).where(columns.position == row.position).values(data=written))


def _key_of(connection: sa.Connection, keyring: Keyring, named: Sequence[str]) -> Key:
    """Find the key of a person by any of its ids, or make one; all of the ids lead to a key from now on."""
    while True:
        known = {row.id: row.key_id for row in connection.execute(_KNOWN, {"named": named})}
        key_id = next((known[one] for one in named if one in known), None)
        key = keyring.fresh(connection) if key_id is None else _held(connection, keyring, key_id)
        new = [one for one in named if one not in known]
        if all(connection.execute(_KNOW, {"id": one, "key_id": key.id}).first() is not None for one in new):
            return key  # else another transaction told of the same person a moment ago: take its key


def _held(connection: sa.Connection, keyring: Keyring, key_id: str) -> Key:
    secret = keyring.find(connection, key_id)
    if secret is None:
        raise cipher.KeyLostError(key_id)
    return Key(key_id, secret)
