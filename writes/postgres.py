"""PostgreSQL's writer: a pool of connections, each command in a transaction of its own, READ COMMITTED.

What passes by itself (a deadlock, a lock held too long, a server that restarts) is tried again here, with a bound.
"""

import asyncio
import random
import time
from collections.abc import Callable, Hashable

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from shop import appending
from shop.keyring import KeySchema
from writes.refusals import BusyError, Invalid
from writes.writer import Attempt, Committed

_CONNECTIONS = 10
_BUSY_SECONDS = 10.0
_LONGEST_PAUSE = 0.25

# The server itself ends a writer that hangs, by rollback: whoever waits behind it goes on.
_TIMEOUTS = {"lock_timeout": "4s", "idle_in_transaction_session_timeout": "5s", "statement_timeout": "30s"}

# Serialization failure, deadlock, lock or statement timeout, idle in transaction, shutdown and start of the server, too many
# connections. A unique violation is two commands that both looked and found nothing: the second looks again.
_UNIQUE = "23505"
_PASSING = {"40001", "40P01", "55P03", "57014", "25P03", "57P01", "57P02", "57P03", "53300", _UNIQUE}

# A text that is longer than its column or has a NUL, a number out of range: what SQLite would have kept.
_NOT_HELD = {"22000", "22001", "22003", "22021", "22P05"}


class CommitInDoubtError(Exception):
    """The connection broke at COMMIT. Whether it was carried out must be looked up."""

    def __init__(self, attempt: Attempt, appended: appending.Appended) -> None:
        super().__init__("the reply to a COMMIT was lost")
        self.attempt = attempt
        self.appended = appended


class _Backoff(msgspec.Struct):
    """Waits longer each time, at random, so that those who got in each other's way do not again; then gives up."""

    give_up: float
    pause: float = 0.005

    async def wait(self, because: BaseException) -> None:
        if time.monotonic() > self.give_up:
            raise BusyError("the database is busy, or does not answer") from because
        await asyncio.sleep(random.uniform(0, self.pause))  # noqa: S311 - no secret
        self.pause = min(self.pause * 2, _LONGEST_PAUSE)


def open_engine(url: str) -> AsyncEngine:
    """Open a PostgreSQL database for writing. Every connection bears the timeouts that end a writer that hangs."""
    settings = {"application_name": "tradewind", **_TIMEOUTS}
    return create_async_engine(
        sa.make_url(url).set(drivername="postgresql+asyncpg"),
        pool_size=_CONNECTIONS,
        max_overflow=0,
        pool_timeout=_BUSY_SECONDS,
        isolation_level="READ COMMITTED",
        hide_parameters=True,  # an error's text may reach a log
        connect_args={"server_settings": settings, "timeout": _BUSY_SECONDS, "prepared_statement_cache_size": 500},
    )


class PostgresWriter:
    """Runs commands side by side. Rows are what they wait for each other at, the log's counter last of all."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self.keyring = KeySchema()

    async def run(self, attempt: Callable[[sa.Connection], Attempt], twin: Hashable | None = None) -> Committed:  # noqa: ARG002
        """Run `attempt` in a transaction and return its result after COMMIT. A twin waits at the row of its key."""
        backoff = _Backoff(time.monotonic() + _BUSY_SECONDS)
        while True:
            try:
                return await self._once(attempt)
            except CommitInDoubtError as doubt:
                committed = await self._settled(doubt, backoff)
                if committed is not None:
                    return committed
                await backoff.wait(doubt)
            except sa.exc.TimeoutError as full:
                raise BusyError("all connections to the database are in use") from full
            except (sa.exc.DBAPIError, OSError) as error:
                if _state(error) in _NOT_HELD:
                    raise Invalid("A text is too long or has a NUL in it, or a number is too large.") from error
                if not _passes(error):
                    raise
                if _state(error) == _UNIQUE and time.monotonic() > backoff.give_up:
                    raise  # none that passes: a bug
                await backoff.wait(error)

    async def close(self) -> None:
        """Close the pool; who still has a connection finishes first."""
        await self._engine.dispose()

    async def _once(self, attempt: Callable[[sa.Connection], Attempt]) -> Committed:
        async with self._engine.connect() as connection:
            ran, appended = await connection.run_sync(_decided, attempt)
            try:
                await connection.commit()
            except (sa.exc.DBAPIError, OSError) as error:
                if isinstance(error, sa.exc.DBAPIError) and not error.connection_invalidated:
                    raise
                raise CommitInDoubtError(ran, appended) from error
        return _committed(ran, appended)

    async def _settled(self, doubt: CommitInDoubtError, backoff: _Backoff) -> Committed | None:
        """Ask what became of a COMMIT; None says that nothing was written, or that running it again finds its answer."""
        if doubt.appended.transaction is None:
            return None
        while True:
            try:
                async with self._engine.connect() as connection:
                    stands = await _looked_up(connection, doubt)
            except (sa.exc.DBAPIError, OSError) as error:
                await backoff.wait(error)
            else:
                return None if stands is None else Committed(doubt.attempt.result, doubt.appended.epoch, stands)


def _decided(connection: sa.Connection, attempt: Callable[[sa.Connection], Attempt]) -> tuple[Attempt, appending.Appended]:
    ran = attempt(connection)
    return ran, appending.append(connection, ran.drafts)


def _committed(ran: Attempt, appended: appending.Appended) -> Committed:
    return Committed(ran.result, appended.epoch, appended.positions[-1] if appended.positions else None)


async def _looked_up(connection: AsyncConnection, doubt: CommitInDoubtError) -> int | None:
    """Wait until the transaction has ended on the server, which may not have seen the connection break; then look."""
    status = sa.text("SELECT pg_xact_status(CAST(CAST(:name AS text) AS xid8))")
    while await connection.scalar(status, {"name": doubt.appended.transaction}) == "in progress":
        await asyncio.sleep(0.01)
    return await connection.run_sync(appending.stands, doubt.attempt.drafts[-1])


def _state(error: BaseException) -> str | None:
    return getattr(getattr(error, "orig", None), "sqlstate", None)


def _passes(error: BaseException) -> bool:
    """Tell what passes by itself from what is wrong with the command. Without a state there was no server to say one."""
    if isinstance(error, OSError):
        return True
    return _state(error) in _PASSING or (isinstance(error, sa.exc.DBAPIError) and error.connection_invalidated)
