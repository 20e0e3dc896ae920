"""The event log: its tables, its epoch, and reading it. The one place both sides meet in SQL; it grows by shop.appending.

Positions are dense and rise in commit order: a rolled-back command leaves no hole, and a reader that has seen n has
seen all up to n.
"""

from collections.abc import Iterable

import msgspec
import sqlalchemy as sa

from shop import events, ids
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


def found(connection: sa.Connection) -> str:
    """Begin a log on an empty store and return its epoch; on a store that has one, return that."""
    fresh = insert(log_head).values(only=1, epoch=ids.uuid7()[-8:], position=0).on_conflict_do_nothing()
    connection.execute(fresh)
    return str(connection.scalar(sa.select(log_head.c.epoch)))


def version(connection: sa.Connection, stream: str) -> int:
    """Return how many events the stream has: the version that `expectedVersion` is held against."""
    return connection.scalar(sa.select(streams.c.version).where(streams.c.id == stream)) or 0


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
