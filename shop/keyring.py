"""The keys of personal data: a store of its own beside the database, so that it can be backed up apart.

On SQLite it is the file `<database>.keys`, on PostgreSQL the schema `keyring`; to SQL it is `keyring.subject_keys` on both.
A destroyed key leaves its row, without the key: so a key that was destroyed is told from one that was lost.
"""

import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Protocol

import msgspec
import sqlalchemy as sa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shop import ids

metadata = sa.MetaData(schema="keyring")

subject_keys = sa.Table(
    "subject_keys",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("key", sa.LargeBinary),  # 256 bits; null once it is destroyed
    sa.Column("destroyed_at", sa.String(24)),
)

_AHEAD = 32  # keys that are made at once where making one costs an fsync
_CREATE = "CREATE TABLE IF NOT EXISTS subject_keys (id TEXT PRIMARY KEY, key BLOB, destroyed_at TEXT)"
_BURY = """
    INSERT INTO {table} AS known (id, key, destroyed_at) VALUES (:id, NULL, :at)
    ON CONFLICT (id) DO UPDATE SET key = NULL, destroyed_at = excluded.destroyed_at WHERE known.destroyed_at IS NULL
"""


class Key(msgspec.Struct, frozen=True):
    """A key and its name. The name stands with what it sealed; the key stands in the keyring alone."""

    id: str
    secret: bytes


class Keyring(Protocol):
    """A database's keys, as its writer uses them: within the transaction open on `connection`."""

    def fresh(self, connection: sa.Connection) -> Key:
        """Make a key. It is on the disk at the latest when the transaction is."""
        ...

    def find(self, connection: sa.Connection, key_id: str) -> bytes | None:
        """Return a key; None where it was destroyed, or is not there."""
        ...

    def close(self) -> None: ...


class KeyFile:
    """SQLite: a file of its own, on a connection of its own. Keys are on the disk before any transaction uses them.

    Were the file part of the writer's transaction, a power cut amid COMMIT might keep an event and lose its key.
    """

    def __init__(self, database: Path) -> None:
        """Open the keyring of a database file; it is made where there is none."""
        self._connection = sqlite3.connect(file(database), isolation_level=None, check_same_thread=False)
        for said in ("busy_timeout=10000", "journal_mode=WAL", "synchronous=FULL", "secure_delete=ON"):
            self._connection.execute(f"PRAGMA {said}")
        self._connection.execute(_CREATE)
        self._ahead: list[Key] = []

    def fresh(self, _connection: sa.Connection) -> Key:
        if not self._ahead:
            made = [_made() for _ in range(_AHEAD)]
            rows = ", ".join(["(?, ?)"] * _AHEAD)  # one statement is one transaction
            values = [value for key in made for value in (key.id, key.secret)]
            self._connection.execute(f"INSERT INTO subject_keys (id, key) VALUES {rows}", values)  # noqa: S608 - question marks
            self._ahead = made
        return self._ahead.pop()

    def find(self, _connection: sa.Connection, key_id: str) -> bytes | None:
        found = self._connection.execute("SELECT key FROM subject_keys WHERE id = ?", (key_id,)).fetchone()
        return None if found is None else found[0]

    def destroy(self, key_ids: Iterable[str], at: str) -> None:
        """Destroy keys; those that are not there are noted as destroyed, so that they cannot come back unnoticed."""
        self._connection.executemany(_BURY.format(table="subject_keys"), [{"id": one, "at": at} for one in key_ids])

    def close(self) -> None:
        self._connection.close()


class KeySchema:
    """PostgreSQL: a schema of the same database. Key and event are committed together."""

    def fresh(self, connection: sa.Connection) -> Key:
        key = _made()
        connection.execute(_INSERT, {"id": key.id, "key": key.secret})
        return key

    def find(self, connection: sa.Connection, key_id: str) -> bytes | None:
        return connection.scalar(_FIND, {"id": key_id})

    def close(self) -> None:
        """Nothing is open but the writer's own connection."""


def file(database: Path) -> Path:
    """Where the keyring of a SQLite database stands."""
    return database.with_suffix(".keys")


def attach(engine: sa.Engine, database: Path) -> None:
    """Let every connection of a SQLite engine that reads the log see the keyring."""

    @sa.event.listens_for(engine, "connect")
    def _attach(connection: Any, _record: object) -> None:
        cursor = connection.cursor()
        cursor.execute("ATTACH DATABASE ? AS keyring", (str(file(database)),))
        cursor.close()


def found(connection: sa.Connection) -> None:
    """Make the keyring of a database where it has none."""
    if connection.dialect.name == "sqlite":
        KeyFile(Path(str(connection.engine.url.database))).close()
        return
    connection.execute(sa.schema.CreateSchema("keyring", if_not_exists=True))
    metadata.create_all(connection)


def destroy(connection: sa.Connection, key_ids: Iterable[str], at: str) -> None:
    """What KeyFile.destroy does, in the transaction that is open on a connection of PostgreSQL."""
    bury = sa.text(_BURY.format(table="keyring.subject_keys"))
    for one in key_ids:
        connection.execute(bury, {"id": one, "at": at})


def _made() -> Key:
    return Key(ids.new("key"), AESGCM.generate_key(256))


_INSERT = sa.insert(subject_keys)
_FIND = sa.select(subject_keys.c.key).where(subject_keys.c.id == sa.bindparam("id"))
