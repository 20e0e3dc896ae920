"""SQLite's one writer: a thread that runs whole commands and commits those that wait together in one transaction."""

import asyncio
import queue
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Hashable, Iterator
from contextlib import suppress
from pathlib import Path

import msgspec
import sqlalchemy as sa

from shop import appending
from shop.keyring import KeyFile
from writes.refusals import BusyError
from writes.writer import Attempt, Committed

_MOST_COMMANDS = 64
_BUSY_SECONDS = 10.0


class BatchLostError(Exception):
    """The shared transaction is gone, for a reason that may be any of its commands'."""


class _Job(msgspec.Struct, frozen=True):
    attempt: Callable[[sa.Connection], Attempt]
    twin: Hashable | None
    future: "asyncio.Future[Committed]"
    loop: asyncio.AbstractEventLoop


def open_engine(path: Path) -> sa.Engine:
    """Open a SQLite file for writing: WAL, every commit on the disk before it is answered, foreign keys held."""
    url = sa.URL.create("sqlite", database=str(path))
    options = {"timeout": 0, "check_same_thread": False}  # the writer is made in one thread and lives in another
    engine = sa.create_engine(url, poolclass=sa.pool.NullPool, connect_args=options, hide_parameters=True)

    @sa.event.listens_for(engine, "connect")
    def _configure(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # BEGIN is ours to say
        for pragma in ("busy_timeout=5000", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
            connection.execute(f"PRAGMA {pragma}")
        connection.execute("PRAGMA busy_timeout=0")  # from here on waiting is the writer's, in short steps

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        _begin_immediate(connection)

    return engine


def _begin_immediate(connection: sa.Connection) -> None:
    """Take the write lock. SQLite's own waiting backs off to 100 ms a step, which starves who waits; this does not."""
    give_up = time.monotonic() + _BUSY_SECONDS
    while True:
        try:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        except sa.exc.OperationalError as error:
            if "locked" not in str(error) and "busy" not in str(error):
                raise
            if time.monotonic() > give_up:
                raise BusyError("the database is held by another process") from error
            time.sleep(0.002)
        else:
            return


class SqliteWriter:
    """Runs commands one after the other in a thread of its own; group commit shares one fsync among those waiting.

    A refusal or an error of one command undoes that command alone (savepoint). When the shared transaction itself is
    lost (a full disk, a COMMIT that fails), every command of the batch is run again alone, once.
    """

    def __init__(self, engine: sa.Engine, *, share: float = 0.03, pause: float = 0.0) -> None:
        """Begin the thread.

        `share`: seconds after which a transaction takes no further command. `pause`: seconds to leave the database to
        others after each commit; an import yields so to buyers.
        """
        self._share = share
        self._connection = engine.connect()  # here, so that a file that cannot be opened is told to who opens it
        self.keyring = KeyFile(Path(str(engine.url.database)))
        self._pause = pause
        self._closed = False
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._held: deque[_Job] = deque()
        self._thread = threading.Thread(target=self._serve, name="sqlite-writer", daemon=True)
        self._thread.start()

    async def run(self, attempt: Callable[[sa.Connection], Attempt], twin: Hashable | None = None) -> Committed:
        """Run `attempt` in a transaction and return its result after COMMIT. Twins never share a transaction."""
        if self._closed:
            raise RuntimeError("the writer is closed")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Committed] = loop.create_future()
        self._jobs.put(_Job(attempt, twin, future, loop))
        return await future

    async def close(self) -> None:
        """Finish what was asked for, then end the thread. What is asked for from now on is an error."""
        self._closed = True
        self._jobs.put(None)
        await asyncio.to_thread(self._thread.join)
        self.keyring.close()

    def _serve(self) -> None:
        with self._connection as connection:
            while batch := self._next_batch():
                for job, outcome in self._commit(connection, batch):
                    _answer(job, outcome)
                if self._pause:
                    time.sleep(self._pause)

    def _next_batch(self) -> list[_Job]:
        """Wait for a command, then take those that wait with it; a command's twin is held for the next batch."""
        first = self._held.popleft() if self._held else self._jobs.get()
        if first is None:
            return []
        batch, twins, later = [first], {first.twin}, deque[_Job]()
        while len(batch) < _MOST_COMMANDS:
            try:
                job = self._held.popleft() if self._held else self._jobs.get_nowait()
            except queue.Empty:
                break
            if job is None:
                self._jobs.put(None)
                break
            if job.twin is not None and job.twin in twins:
                later.append(job)
            else:
                batch.append(job)
                twins.add(job.twin)
        self._held.extendleft(reversed(later))
        return batch

    def _commit(self, connection: sa.Connection, batch: list[_Job]) -> list[tuple[_Job, Committed | Exception]]:
        """Commit a batch in one transaction. What no time is left for is held, before those that came later."""
        deadline = time.monotonic() + self._share
        ran: list[tuple[_Job, Attempt | Exception]] = []
        try:
            with connection.begin():
                for job in batch:
                    if ran and time.monotonic() > deadline:
                        break
                    ran.append((job, _attempt(connection, job)))
                appended = appending.append(connection, [d for _, a in ran if isinstance(a, Attempt) for d in a.drafts])
        except BusyError as busy:  # nobody's fault, and trying each alone would wait as long again for each
            return [(job, busy) for job in batch]
        except Exception as lost:  # noqa: BLE001 - whatever lost the transaction is told to those whose command it was
            connection.connection.rollback()  # a COMMIT that fails leaves the transaction open behind SQLAlchemy's back
            if len(batch) == 1:
                return [(batch[0], _cause(lost))]
            return [outcome for job in batch for outcome in self._commit(connection, [job])]
        self._held.extendleft(reversed(batch[len(ran) :]))
        positions = iter(appended.positions)
        return [(job, _committed(attempt, appended.epoch, positions)) for job, attempt in ran]


def _attempt(connection: sa.Connection, job: _Job) -> Attempt | Exception:
    """Run one command in its own savepoint. Its refusal or bug is its own; a lost transaction is everyone's.

    The savepoint is said to the driver: SQLAlchemy's own costs as much as a statement of the command.
    """
    connection.exec_driver_sql("SAVEPOINT command")
    try:
        attempt = job.attempt(connection)
    except Exception as error:
        driver = connection.connection.dbapi_connection
        if not isinstance(driver, sqlite3.Connection) or not driver.in_transaction:
            raise BatchLostError from error
        connection.exec_driver_sql("ROLLBACK TO command")
        connection.exec_driver_sql("RELEASE command")
        return error
    connection.exec_driver_sql("RELEASE command")
    return attempt


def _cause(lost: Exception) -> Exception:
    """What a command alone in its transaction is told: its own error, not that the transaction went with it."""
    return lost.__cause__ if isinstance(lost, BatchLostError) and isinstance(lost.__cause__, Exception) else lost


def _committed(attempt: Attempt | Exception, epoch: str, positions: Iterator[int]) -> Committed | Exception:
    if isinstance(attempt, Exception):
        return attempt
    position = None
    for _ in attempt.drafts:
        position = next(positions)
    return Committed(attempt.result, epoch, position)


def _answer(job: _Job, outcome: Committed | Exception) -> None:
    def settle() -> None:
        if job.future.done():
            return
        if isinstance(outcome, Exception):
            job.future.set_exception(outcome)
        else:
            job.future.set_result(outcome)

    with suppress(RuntimeError):  # its loop is closed: nobody waits for this answer any more
        job.loop.call_soon_threadsafe(settle)
