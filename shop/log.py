"""The event log: its tables, its epoch, and reading it. The one place both sides meet in SQL; it grows by shop.appending.

Positions are dense and rise in commit order: a rolled-back command leaves no hole, and a reader that has seen n has
seen all up to n.
"""

from collections.abc import Iterable
from typing import Any

import msgspec
import sqlalchemy as sa

from shop import cipher, events, ids
from shop.keyring import subject_keys
from shop.upsert import insert

metadata = sa.MetaData()

log_head = sa.Table(
    "log_head",
    metadata,
    sa.Column("only", sa.Integer, sa.CheckConstraint('"only" = 1'), primary_key=True, autoincrement=False),
    sa.Column("epoch", sa.String(8), nullable=False),
    sa.Column("position", sa.BigInteger, nullable=False),
)
stored_events = sa.Table(
    "events",
    metadata,
    sa.Column("position", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=False),
    sa.Column("id", sa.String(40), nullable=False),
    sa.Column("type", sa.String(60), nullable=False),
    sa.Column("schema_version", sa.Integer, nullable=False),
    sa.Column("stream", sa.String(80), nullable=False),
    sa.Column("stream_version", sa.Integer, nullable=False),
    sa.Column("at", sa.String(24), nullable=False),
    sa.Column("actor", sa.String(80), nullable=False),
    sa.Column("command_id", sa.String(40), nullable=False),
    sa.Column("correlation", sa.String(80)),
    sa.Column("data", sa.Text, nullable=False),
    sa.Column("key_id", sa.String(40)),
    sa.Column("sealed", sa.LargeBinary),  # what `data` lacks: the personal part, encrypted under the key (shop.sealing)
    sa.UniqueConstraint("stream", "stream_version", name="one_event_a_version"),
    sa.Index("events_by_command", "command_id"),
    sa.Index("events_by_kind", "type", "schema_version", "position"),
)
event_roots = sa.Table(
    "event_roots",
    metadata,
    sa.Column("root", sa.String(80), primary_key=True),
    sa.Column("position", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)
streams = sa.Table(
    "streams",
    metadata,
    sa.Column("id", sa.String(80), primary_key=True),
    sa.Column("version", sa.Integer, nullable=False),
    sqlite_with_rowid=False,
)

# Ids by which a person is known (a customer, and the orders and checkouts of one), and the key of what is told of it.
subject_ids = sa.Table(
    "subject_ids",
    metadata,
    sa.Column("id", sa.String(80), primary_key=True),
    sa.Column("key_id", sa.String(40), nullable=False),
    sa.Index("subject_ids_by_key", "key_id"),
    sqlite_with_rowid=False,
)


# What makes a Recorded: an event with the key that opens its sealed part.
_READ = (
    "position", "id", "stream", "stream_version", "at", "actor", "command_id", "type", "schema_version", "data", "key_id",
    "sealed",
)  # fmt: skip
_RECORDED = [*(stored_events.c[name] for name in _READ), subject_keys.c.id.label("known_key"), subject_keys.c.key]
_WITH_KEYS = stored_events.outerjoin(subject_keys, subject_keys.c.id == stored_events.c.key_id)


def _leaps(name: str, beyond: str, way: str) -> str:
    """Recurse over the first event of each kind, or the newest: from one kind's to the next kind's by the index."""
    return f"""
        SELECT (
            SELECT position FROM events WHERE type > '' ORDER BY type {way}, schema_version {way}, position {way} LIMIT 1
        )
        UNION ALL
        SELECT coalesce(
            (SELECT position FROM events WHERE type = here.type AND schema_version {beyond} here.schema_version
             ORDER BY schema_version {way}, position {way} LIMIT 1),
            (SELECT position FROM events WHERE type {beyond} here.type
             ORDER BY type {way}, schema_version {way}, position {way} LIMIT 1)
        )
        FROM {name} JOIN events AS here ON here.position = {name}.position
    """  # noqa: S608 - words of our own


# Takes as long as there are kinds, however long the log is and wherever in it a kind stands.
_SAMPLES = sa.text(f"""
    WITH RECURSIVE firsts (position) AS ({_leaps("firsts", ">", "ASC")}),
    lasts (position) AS ({_leaps("lasts", "<", "DESC")}),
    samples (position) AS (SELECT position FROM firsts UNION SELECT position FROM lasts)
    SELECT events.position, type, schema_version, data FROM samples JOIN events ON events.position = samples.position
    ORDER BY events.position
""")  # noqa: S608 - words of our own


class LogSetBackError(Exception):
    """The log lost events that were read before: its store was restored from a copy, or a standby was promoted."""

    def __init__(self, position: int, expected: str, found: str | None) -> None:
        super().__init__(
            f"the log was set back: at position {position} it had event {expected}, and now has {found or 'nothing'}; "
            "its store was restored from a copy, or a standby was promoted"
        )


class Recorded(msgspec.Struct, frozen=True, gc=False):
    """An event as the log has it. `at` is when it was recorded; when a thing of the past happened is in its data."""

    position: int
    id: str
    stream: str
    stream_version: int
    at: str
    actor: str
    command_id: str
    event: events.Event

    @property
    def type(self) -> str:
        return type(self.event).__name__


def found(connection: sa.Connection) -> str:
    """Begin a log on an empty store and return its epoch; on a store that has one, return that."""
    fresh = insert(log_head).values(only=1, epoch=_fresh_epoch(), position=0).on_conflict_do_nothing()
    connection.execute(fresh)
    return str(connection.scalar(sa.select(log_head.c.epoch)))


def version(connection: sa.Connection, stream: str) -> int:
    """Return how many events the stream has: the version that `expectedVersion` is held against."""
    return connection.scalar(sa.select(streams.c.version).where(streams.c.id == stream)) or 0


def head(connection: sa.Connection) -> tuple[str, int]:
    """Return the log's epoch and its last position."""
    row = connection.execute(sa.select(log_head.c.epoch, log_head.c.position)).one()
    return str(row.epoch), int(row.position)


def new_epoch(connection: sa.Connection, expected: str) -> str:
    """Give the log a new epoch if it still has the `expected` one; return the one it has now. Two at once get the same."""
    fresh = sa.update(log_head).where(log_head.c.epoch == expected).values(epoch=_fresh_epoch())
    connection.execute(fresh)
    return head(connection)[0]


def after(connection: sa.Connection, position: int, limit: int) -> list[Recorded]:
    """Return up to `limit` events that follow `position`, in order."""
    return [_recorded(row) for row in connection.execute(_from(position + 1, limit))]


def matching(
    connection: sa.Connection,
    position: int,
    limit: int,
    types: Iterable[str] | None,
    stream: str | None,
    upto: int | None = None,
) -> list[Recorded]:
    """Return up to `limit` events that follow `position`, in order: of some types, of one stream, up to a position."""
    if types is not None and not (types := set(types)):
        return []
    at = stored_events.c.position
    query = sa.select(*_RECORDED).select_from(_WITH_KEYS).order_by(at).limit(limit).where(at > position)
    if stream is not None:
        query = query.where(stored_events.c.stream == stream)
        query = query if types is None else query.where(stored_events.c.type.in_(types))
    elif types is not None:
        query = query.where(at.in_(_first_of_kinds(position, limit, types)))
    if upto is not None:
        query = query.where(at <= upto)
    return [_recorded(row) for row in connection.execute(query)]


def following(connection: sa.Connection, position: int, event_id: str, limit: int) -> list[Recorded]:
    """Return up to `limit` events that follow `position`, where the event `event_id` must still stand.

    Both are read in one statement, so a log that is set back meanwhile cannot pass. Where another event stands there, or
    none, it is a LogSetBackError. Position 0 has no event, and any log follows it.
    """
    if position == 0:
        return after(connection, 0, limit)
    rows = connection.execute(_from(position, limit + 1)).all()
    found = str(rows[0].id) if rows and rows[0].position == position else None
    if found != event_id:
        raise LogSetBackError(position, event_id, found)
    return [_recorded(row) for row in rows[1:]]


def last_of_root(connection: sa.Connection, root: str) -> int:
    """Return the position of the last event that changed the document `root`; 0 where none did."""
    last = sa.select(sa.func.max(event_roots.c.position)).where(event_roots.c.root == root)
    return connection.scalar(last) or 0


def of_root(connection: sa.Connection, root: str, after: int, upto: int, limit: int) -> list[Recorded]:
    """Return up to `limit` events that changed the document `root`, in order, with after < position <= upto."""
    place = event_roots.c.position
    between = (event_roots.c.root == root, place > after, place <= upto)
    of_it = _WITH_KEYS.join(event_roots, place == stored_events.c.position)
    rows = connection.execute(sa.select(*_RECORDED).select_from(of_it).where(*between).order_by(place).limit(limit))
    return [_recorded(row) for row in rows]


def recorded_at(connection: sa.Connection, position: int) -> str | None:
    """Return when the event at `position` was recorded, as shop.clock writes moments; None where no event stands."""
    return connection.scalar(sa.select(stored_events.c.at).where(stored_events.c.position == position))


def positions_of(connection: sa.Connection, command_ids: Iterable[str]) -> dict[str, int]:
    """Return the last position that each command wrote; a command that wrote nothing is left out."""
    columns = stored_events.c
    rows = connection.execute(
        sa.select(columns.command_id, sa.func.max(columns.position))
        .where(columns.command_id.in_(list(command_ids)))
        .group_by(columns.command_id)
    )
    return {str(command): int(position) for command, position in rows}


def missing_keys(connection: sa.Connection) -> list[str]:
    """Return the keys that events were sealed with and that are neither in the keyring nor destroyed, by their names."""
    sealed_with = sa.select(stored_events.c.key_id).distinct().select_from(_WITH_KEYS)
    missing = sealed_with.where(stored_events.c.key_id.is_not(None), subject_keys.c.id.is_(None))
    return list(connection.scalars(missing.order_by(stored_events.c.key_id)))


def finds_kinds(connection: sa.Connection) -> bool:
    """Tell whether the index that `unreadable` leaps along is there: not before the database is migrated."""
    return sa.inspect(connection).has_index("events", "events_by_kind")


def unreadable(connection: sa.Connection) -> list[str]:
    """Try the first and the newest event of every kind that stands in the log; return a line for each that cannot be read."""
    tried = ((row, _problem(row.type, row.schema_version, row.data)) for row in connection.execute(_SAMPLES))
    return [f"{row.type} of version {row.schema_version} at position {row.position}: {said}" for row, said in tried if said]


def _first_of_kinds(position: int, limit: int, types: set[str]) -> sa.Select[Any]:
    """The positions that follow, so many of each kind: each is a range of `events_by_kind`, however rare the kind is."""
    columns = stored_events.c
    kinds = [(kind.__name__, kind.schema_version) for kind in events.ALL if kind.__name__ in types]
    every = [
        sa.select(columns.position)
        .where(columns.type == name, columns.schema_version == version, columns.position > position)
        .order_by(columns.position)
        .limit(limit)
        .subquery()
        for name, newest in kinds
        for version in range(1, newest + 1)
    ]
    found = sa.union_all(*(sa.select(one.c.position) for one in every)).subquery()
    return sa.select(found.c.position)


def _problem(type_name: str, schema_version: int, data: str) -> str | None:
    try:
        events.decode(type_name, schema_version, data)
    except Exception as problem:  # noqa: BLE001 - an upcaster may stumble over anything
        return f"{type(problem).__name__}: {problem}"
    return None


def _fresh_epoch() -> str:
    return ids.uuid7()[-8:]


def _from(position: int, limit: int) -> sa.Select[Any]:
    at = stored_events.c.position
    return sa.select(*_RECORDED).select_from(_WITH_KEYS).where(at >= position).order_by(at).limit(limit)


def _recorded(row: Any) -> Recorded:
    position, id, stream, stream_version, at, actor, command_id, kind, version, data, key_id, sealed, known, secret = row
    if secret is not None:
        told = cipher.decrypted(sealed, secret, stream, stream_version)
        data = f"{data[:-1]},{told[1:].decode()}"  # two JSON objects become one: upcasters see the event as it was written
    elif key_id is not None and known is None:
        raise cipher.KeyLostError(key_id)
    return Recorded(position, id, stream, stream_version, at, actor, command_id, events.decode(kind, version, data))
