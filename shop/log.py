"""The event log: its tables, appending to it, reading it after a position. The one place both sides meet in SQL.

Positions are dense and rise in commit order: a counter row is advanced last before COMMIT, so a rolled-back
command leaves no hole, and a reader that has seen n has seen all up to n.
"""

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec
import sqlalchemy as sa

from shop import clock, events, ids
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
    sa.UniqueConstraint("stream", "stream_version", name="one_event_a_version"),
    sa.Index("events_by_command", "command_id"),
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

# Every command comes by here. A statement that is made once costs a third of one that is made anew.
_NEW_STREAM = insert(streams)
_ADVANCE_STREAM = _NEW_STREAM.on_conflict_do_update(
    index_elements=[streams.c.id], set_={"version": streams.c.version + _NEW_STREAM.excluded.version}
).returning(streams.c.version)


class Recorded(msgspec.Struct, frozen=True):
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


class Draft(msgspec.Struct, frozen=True):
    """An event with its place in its stream, waiting for its position."""

    event: events.Event
    stream_version: int
    at: str
    actor: str
    command_id: str
    correlation: str | None


class Appended(msgspec.Struct, frozen=True):
    """Where in the log a transaction's events will stand once it commits, and the transaction's own name for itself."""

    epoch: str
    positions: Sequence[int]
    transaction: str | None


def found(connection: sa.Connection) -> str:
    """Begin a log on an empty store and return its epoch; on a store that has one, return that."""
    fresh = insert(log_head).values(only=1, epoch=ids.uuid7()[-8:], position=0).on_conflict_do_nothing()
    connection.execute(fresh)
    return str(connection.scalar(sa.select(log_head.c.epoch)))


def version(connection: sa.Connection, stream: str) -> int:
    """Return how many events the stream has: the version that `expectedVersion` is held against."""
    return connection.scalar(sa.select(streams.c.version).where(streams.c.id == stream)) or 0


def draft(
    connection: sa.Connection,
    happened: Sequence[events.Event],
    *,
    at: dt.datetime,
    actor: str,
    command_id: str,
    correlation: str | None,
) -> list[Draft]:
    """Give events their versions in their streams. Advancing a stream holds its row until the transaction ends."""
    if not happened:
        return []
    counts = Counter(event.stream for event in happened)
    next_version = {}
    for stream in sorted(counts):
        after = connection.execute(_ADVANCE_STREAM, {"id": stream, "version": counts[stream]}).scalar_one()
        next_version[stream] = int(after) - counts[stream]
    drafts, written_at = [], clock.text(at)
    for event in happened:
        next_version[event.stream] += 1
        drafts.append(Draft(event, next_version[event.stream], written_at, actor, command_id, correlation))
    return drafts


def append(connection: sa.Connection, drafts: Sequence[Draft]) -> Appended:
    """Write events at the end of the log. The last thing before COMMIT: from here on all other commands wait."""
    if not drafts:
        return Appended(head(connection)[0], [], None)
    return _APPEND[connection.dialect.name](connection, drafts)


def head(connection: sa.Connection) -> tuple[str, int]:
    """Return the log's epoch and its last position."""
    row = connection.execute(sa.select(log_head.c.epoch, log_head.c.position)).one()
    return str(row.epoch), int(row.position)


def after(connection: sa.Connection, position: int, limit: int) -> list[Recorded]:
    """Return up to `limit` events that follow `position`, in order."""
    columns = stored_events.c
    rows = connection.execute(
        sa.select(
            columns.position, columns.id, columns.stream, columns.stream_version,
            columns.at, columns.actor, columns.command_id, columns.type, columns.data,
        )
        .where(columns.position > position)
        .order_by(columns.position)
        .limit(limit)
    )  # fmt: skip
    return [Recorded(*row[:7], event=events.decode(row.type, row.data)) for row in rows]


def positions_of(connection: sa.Connection, command_ids: Iterable[str]) -> dict[str, int]:
    """Return the last position that each command wrote; a command that wrote nothing is left out."""
    columns = stored_events.c
    rows = connection.execute(
        sa.select(columns.command_id, sa.func.max(columns.position))
        .where(columns.command_id.in_(list(command_ids)))
        .group_by(columns.command_id)
    )
    return {str(command): int(position) for command, position in rows}


def stands(connection: sa.Connection, written: Draft) -> int | None:
    """Tell where a draft stands in the log; None where it was never committed."""
    columns = stored_events.c
    same = (columns.stream == written.event.stream, columns.stream_version == written.stream_version)
    return connection.scalar(sa.select(columns.position).where(*same, columns.command_id == written.command_id))


def _append_in_steps(connection: sa.Connection, drafts: Sequence[Draft]) -> Appended:
    """SQLite: its one writer has nobody to keep waiting."""
    advance = sa.update(log_head).values(position=log_head.c.position + len(drafts))
    epoch, last = connection.execute(advance.returning(log_head.c.epoch, log_head.c.position)).one()
    positions = range(last - len(drafts) + 1, last + 1)
    numbered = list(zip(positions, drafts, strict=True))
    connection.execute(sa.insert(stored_events), [{"position": position, **_row(one)} for position, one in numbered])
    roots = [{"root": root, "position": position} for position, one in numbered for root in one.event.roots()]
    connection.execute(sa.insert(event_roots), roots)
    return Appended(str(epoch), positions, None)


def _append_at_once(connection: sa.Connection, drafts: Sequence[Draft]) -> Appended:
    """PostgreSQL: one statement, so that the counter's row is held for no more than it and the COMMIT."""
    rows = [_row(one) for one in drafts]
    roots = [(root, ordinal) for ordinal, one in enumerate(drafts, 1) for root in one.event.roots()]
    given: dict[str, object] = {name: [row[name] for row in rows] for name in _ROW}
    given |= {"count": len(drafts), "roots": [root for root, _ in roots], "ordinals": [ordinal for _, ordinal in roots]}
    epoch, last, transaction = connection.execute(_AT_ONCE, given).one()
    return Appended(str(epoch), range(last - len(drafts) + 1, last + 1), str(transaction))


_APPEND: Mapping[str, Callable[[sa.Connection, Sequence[Draft]], Appended]] = {
    "sqlite": _append_in_steps,
    "postgresql": _append_at_once,
}

# An event as it is stored, without its position: column by column with its type on PostgreSQL.
_ROW = {
    "id": "text", "type": "text", "schema_version": "int", "stream": "text", "stream_version": "int", "at": "text",
    "actor": "text", "command_id": "text", "correlation": "text", "data": "text",
}  # fmt: skip
_AT_ONCE = sa.text(f"""
    WITH head AS (
        UPDATE log_head SET position = position + CAST(:count AS bigint) RETURNING epoch, position
    ), written AS (
        INSERT INTO events (position, {", ".join(_ROW)})
        SELECT head.position - CAST(:count AS bigint) + new.ordinal, {", ".join(f"new.{name}" for name in _ROW)}
        FROM head, unnest({", ".join(f"CAST(:{name} AS {kind}[])" for name, kind in _ROW.items())})
            WITH ORDINALITY AS new ({", ".join(_ROW)}, ordinal)
    ), rooted AS (
        INSERT INTO event_roots (root, position)
        SELECT new.root, head.position - CAST(:count AS bigint) + new.ordinal
        FROM head, unnest(CAST(:roots AS text[]), CAST(:ordinals AS int[])) AS new (root, ordinal)
    )
    SELECT epoch, position, CAST(pg_current_xact_id() AS text) FROM head
""")  # noqa: S608 - column names of our own


def _row(written: Draft) -> dict[str, object]:
    return {
        "id": ids.new("event"),
        "type": type(written.event).__name__,
        "schema_version": written.event.schema_version,
        "stream": written.event.stream,
        "stream_version": written.stream_version,
        "at": written.at,
        "actor": written.actor,
        "command_id": written.command_id,
        "correlation": written.correlation,
        "data": msgspec.json.encode(written.event).decode(),
    }
