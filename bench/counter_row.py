"""What the log's counter row costs commands on PostgreSQL: `python -m bench.counter_row`, a minute and a half.

Dense positions in commit order are bought with one row that every command advances last before COMMIT, and holds until its
COMMIT is on the disk: PostgreSQL then cannot flush several commands at once. The peer is the same write side, the same
commands and the same rows, with positions from a sequence: no row in common, but also holes, and positions that show up in
another order than they rise. Both run in one process on one server, in alternating rounds; only the ratio means anything.
Where Python keeps the rates down, or the disk is quick, the row costs less than it would elsewhere: both are told.
"""

import asyncio
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import msgspec
import sqlalchemy as sa

from shop import appending
from tests.databases import PostgresDatabase, PostgresServer
from writes.bus import Bus
from writes.carts import CreateCart
from writes.channels import CreateChannel
from writes.writer import Writer

LIMIT = 0.58  # of the rate without the counter row: what was measured before the log was designed, with nothing around it
SEQUENCER = 0.73  # measured with it: positions stamped after the commit, so that no answer knows its own

CONNECTIONS = 10  # as many as the writer's pool has
ROUNDS = 20
SECONDS = 2.0  # of each side in each round

_COLUMNS = ", ".join(appending._ROW)
_GIVEN = ", ".join(f"CAST(:{name} AS {kind}[])" for name, kind in appending._ROW.items())
_WITHOUT_COUNTER = sa.text(f"""
    WITH numbered AS MATERIALIZED (
        SELECT nextval('positions') AS position, new.*
        FROM unnest({_GIVEN}) WITH ORDINALITY AS new ({_COLUMNS}, ordinal)
    ), written AS (
        INSERT INTO events (position, {_COLUMNS}) SELECT position, {_COLUMNS} FROM numbered
    ), rooted AS (
        INSERT INTO event_roots (root, position)
        SELECT new.root, numbered.position
        FROM unnest(CAST(:roots AS text[]), CAST(:ordinals AS int[])) AS new (root, ordinal) JOIN numbered USING (ordinal)
    )
    SELECT 'none', max(position), CAST(pg_current_xact_id() AS text) FROM numbered HAVING count(*) = CAST(:count AS bigint)
""")


class Side(msgspec.Struct):
    """A shop on a database of its own, and the statement that appends to its log."""

    name: str
    append: sa.TextClause
    database: PostgresDatabase
    writer: Writer
    bus: Bus
    carts: int = 0

    async def round(self, seconds: float) -> float:
        """Create carts on all connections for so long; return carts a second."""
        with _appending_by(self.append):
            before, began = self.carts, time.monotonic()
            await asyncio.gather(*(self._creates_carts(began + seconds) for _ in range(CONNECTIONS)))
            return (self.carts - before) / (time.monotonic() - began)

    async def _creates_carts(self, until: float) -> None:
        """A cart's rows are new ones: two of these commands have nothing to wait for but the log."""
        while time.monotonic() < until:
            answer = await self.bus.send(CreateCart("uk", []))
            assert answer.refused is None
            self.carts += 1

    async def close(self) -> None:
        await self.writer.close()
        self.database.close()

    def written(self) -> tuple[int, int, int]:
        """How many events, roots of events, and positions that were given to no event."""
        return self.database.read(_written)


@contextmanager
def _appending_by(statement: sa.TextClause) -> Iterator[None]:
    ours, appending._AT_ONCE = appending._AT_ONCE, statement
    try:
        yield
    finally:
        appending._AT_ONCE = ours


def _written(connection: sa.Connection) -> tuple[int, int, int]:
    ask = "SELECT (SELECT count(*) FROM events), (SELECT count(*) FROM event_roots), (SELECT max(position) FROM events)"
    events, roots, last = connection.execute(sa.text(ask)).one()
    return events, roots, last - events


async def _opened(server: PostgresServer, name: str, append: sa.TextClause) -> Side:
    database = server.new()
    database.change(lambda connection: connection.execute(sa.text("CREATE SEQUENCE positions")))
    writer = database.new_writer()
    side = Side(name, append, database, writer, Bus(writer, providers={}, committed=_nobody_listens))
    with _appending_by(append):
        await side.bus.send(CreateChannel("uk", "Britain", "GBP"))
    return side


async def _nobody_listens(position: int) -> None:
    """No worker runs here."""


async def _measured(server: PostgresServer) -> list[tuple[float, float]]:
    """The rates of each round, with the counter row and without."""
    with_counter = await _opened(server, "with counter", appending._AT_ONCE)
    without = await _opened(server, "without", _WITHOUT_COUNTER)
    sides = [with_counter, without]
    fsync = without.database.read(lambda connection: connection.scalar(sa.text("SHOW fsync")))
    assert fsync == "on", "without the disk there is little to wait for"
    print(f"{CONNECTIONS} connections, fsync {fsync}, a flush of this disk takes {_flush_milliseconds():.2f} ms")
    for side in sides:
        await side.round(1.0)  # connections are opened, statements prepared
    rates, began, worked = [], time.monotonic(), time.process_time()
    print(f"{'round':>5} {'with counter':>14} {'without':>14} {'ratio':>8}   commands a second")
    for number in range(1, ROUNDS + 1):
        in_turn = sides if number % 2 else sides[::-1]
        rate = {side.name: await side.round(SECONDS) for side in in_turn}
        rates.append((rate["with counter"], rate["without"]))
        print(f"{number:5d} {rates[-1][0]:14,.0f} {rates[-1][1]:14,.0f} {rates[-1][0] / rates[-1][1]:8.2f}", flush=True)
    busy = (time.process_time() - worked) / (time.monotonic() - began)
    print(f"this process was busy {busy:.0%} of the time, the rest it waited for PostgreSQL")
    for side in sides:
        events, roots, holes = side.written()
        assert side.carts + 1 == events == roots, "both sides write the same rows: an event and a root a command"
        print(f"{side.name}: {events:,} events, {roots:,} roots, {holes:,} holes")
        await side.close()
    return rates


def _flush_milliseconds() -> float:
    """The median time of a small write that must reach the disk: what commands that flush together share."""
    times = []
    with tempfile.TemporaryFile() as file:
        for _ in range(200):
            began = time.perf_counter()
            os.write(file.fileno(), b"x" * 8192)
            os.fdatasync(file.fileno())
            times.append(time.perf_counter() - began)
    return statistics.median(times) * 1000


def _told(rates: Sequence[tuple[float, float]]) -> float:
    """Print the medians; return that of the ratios."""
    ours, peer = (statistics.median(column) for column in zip(*rates, strict=True))
    ratios = [with_counter / without for with_counter, without in rates]
    ratio = statistics.median(ratios)
    print(f"median: {ours:,.0f} with the counter row, {peer:,.0f} without")
    print(f"ratio: {ratio:.2f}, from {min(ratios):.2f} to {max(ratios):.2f} (at least {LIMIT}; a sequencer had {SEQUENCER})")
    return ratio


def main() -> int:
    """Return 1 if the counter row leaves less than it must."""
    server = PostgresServer(fsync=True)
    try:
        return 0 if _told(asyncio.run(_measured(server))) >= LIMIT else 1
    finally:
        server.close()


if __name__ == "__main__":
    sys.exit(main())
