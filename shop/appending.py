"""Writing at the end of the log: the last thing a transaction does. How the log is read stands in shop.log.

A counter row is advanced before COMMIT and held until then, so positions are dense and rise in commit order.
"""

import datetime as dt
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import msgspec
import sqlalchemy as sa

from shop import clock, events, ids, log, sealing
from shop.keyring import Keyring
from shop.log import event_roots, log_head, stored_events, streams
from shop.upsert import insert

# Every command comes by here. A statement that is made once costs a third of one that is made anew.
_NEW_STREAM = insert(streams)
_ADVANCE_STREAM = _NEW_STREAM.on_conflict_do_update(
    index_elements=[streams.c.id], set_={"version": streams.c.version + _NEW_STREAM.excluded.version}
).returning(streams.c.version)


class Draft(msgspec.Struct, frozen=True):
    """An event with its place in its stream, waiting for its position. Its personal part is taken out and sealed."""

    event: events.Event
    stream_version: int
    at: str
    actor: str
    command_id: str
    correlation: str | None
    key_id: str | None = None
    sealed: bytes | None = None


class Appended(msgspec.Struct, frozen=True):
    """Where in the log a transaction's events will stand once it commits, and the transaction's own name for itself."""

    epoch: str
    positions: Sequence[int]
    transaction: str | None


def draft(
    connection: sa.Connection,
    happened: Sequence[events.Event],
    *,
    keyring: Keyring,
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
        version = next_version[event.stream]
        sealed = sealing.seal(connection, keyring, event, version)
        drafts.append(Draft(sealed.event, version, written_at, actor, command_id, correlation, sealed.key_id, sealed.part))
    return drafts


def append(connection: sa.Connection, drafts: Sequence[Draft]) -> Appended:
    """Write events at the end of the log. The last thing before COMMIT: from here on all other commands wait."""
    if not drafts:
        return Appended(log.head(connection)[0], [], None)
    return _APPEND[connection.dialect.name](connection, drafts)


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
    "key_id": "text", "sealed": "bytea",
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
        "key_id": written.key_id,
        "sealed": written.sealed,
    }
