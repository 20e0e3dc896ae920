"""Reading the log from outside the write side, asynchronously: what the worker and the duties follow."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from shop import keyring, log
from shop.cipher import KeyLostError

P = ParamSpec("P")
T = TypeVar("T")


# No database, no table yet, no log yet, a connection that broke, a pool of connections that all wait.
_UNAVAILABLE = (sa.exc.DBAPIError, sa.exc.NoResultFound, sa.exc.TimeoutError, OSError)


_BUSY_SECONDS = 10.0


class LogUnavailableError(Exception):
    """The database does not answer, or has no log yet. Waiting may help; nothing was skipped."""


class Tail:
    """The log as its readers see it. Positions are dense, so what was read up to n is all there is up to n."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def head(self) -> tuple[str, int]:
        """Return the log's epoch and its last position."""
        return await self.run(log.head)

    async def after(self, position: int, limit: int) -> list[log.Recorded]:
        """Return up to `limit` events that follow `position`."""
        return await self.run(log.after, position, limit)

    async def following(self, position: int, event_id: str, limit: int) -> list[log.Recorded]:
        """Return up to `limit` events that follow the event `event_id` at `position`; LogSetBackError if it is gone."""
        return await self.run(log.following, position, event_id, limit)

    async def of_root(self, root: str, after: int, upto: int, limit: int) -> list[log.Recorded]:
        """Return up to `limit` events that changed the document `root`, with after < position <= upto."""
        return await self.run(log.of_root, root, after, upto, limit)

    async def recorded_at(self, position: int) -> str | None:
        """Return when the event at `position` was recorded; None where no event stands."""
        return await self.run(log.recorded_at, position)

    async def unreadable(self) -> list[str]:
        """Return a line for each kind of event in the log that this program cannot read: what to check before a start."""
        if not await self.run(log.finds_kinds):
            raise LogUnavailableError("the database is not migrated yet")
        return await self.run(log.unreadable)

    async def new_epoch(self, expected: str) -> str:
        """Give the log a new epoch if it still has the `expected` one; return the one it has after COMMIT."""
        try:
            async with self._engine.connect() as connection:
                await _begin(connection)
                epoch = await connection.run_sync(log.new_epoch, expected)
                await connection.commit()
                return epoch
        except _UNAVAILABLE as error:
            raise LogUnavailableError(str(error)) from error

    async def run(self, read: Callable[Concatenate[sa.Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a function of reads on a connection of its own. Raises LogUnavailableError where the database does not answer."""
        try:
            async with self._engine.connect() as connection:
                return await connection.run_sync(read, *args, **kwargs)
        except (*_UNAVAILABLE, KeyLostError) as error:
            raise LogUnavailableError(str(error)) from error


@asynccontextmanager
async def open_tail(address: Path | str) -> AsyncIterator[Tail]:
    """Open a log for reading: a path is a SQLite file, a URL is PostgreSQL."""
    url = f"sqlite+aiosqlite:///{address}" if isinstance(address, Path) else _asynchronous(address)
    engine = create_async_engine(url, hide_parameters=True)  # an error's text may reach a log
    if isinstance(address, Path):
        keyring.attach(engine.sync_engine, address)
    try:
        yield Tail(engine)
    finally:
        await engine.dispose()


async def _begin(connection: AsyncConnection) -> None:
    """Begin to write. SQLite's own waiting backs off to 100 ms a step, which starves who waits for a busy writer."""
    if connection.dialect.name != "sqlite":
        return
    await connection.exec_driver_sql("PRAGMA busy_timeout=0")
    give_up = time.monotonic() + _BUSY_SECONDS
    try:
        while not await _locked(connection, last=time.monotonic() > give_up):
            await asyncio.sleep(0.002)
    finally:
        await connection.exec_driver_sql("PRAGMA busy_timeout=5000")  # as the driver sets it


async def _locked(connection: AsyncConnection, *, last: bool) -> bool:
    """Try to take SQLite's write lock; `last` makes another's hold of it an error."""
    try:
        await connection.exec_driver_sql("BEGIN IMMEDIATE")
    except sa.exc.OperationalError as error:
        if last or "locked" not in str(error):
            raise
        return False
    return True


def _asynchronous(url: str) -> sa.URL:
    return sa.make_url(url).set(drivername="postgresql+asyncpg")
