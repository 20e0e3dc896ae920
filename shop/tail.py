"""Reading the log from outside the write side, asynchronously: what the worker and the duties follow."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from shop import log

P = ParamSpec("P")
T = TypeVar("T")


# No database, no table yet, no log yet, a connection that broke, a pool of connections that all wait.
_UNAVAILABLE = (sa.exc.DBAPIError, sa.exc.NoResultFound, sa.exc.TimeoutError, OSError)


class LogUnavailableError(Exception):
    """The database does not answer, or has no log yet. Waiting may help; nothing was skipped."""


class Tail:
    """The log as its readers see it. Positions are dense, so what was read up to n is all there is up to n."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def head(self) -> tuple[str, int]:
        """Return the log's epoch and its last position."""
        return await self._run(log.head)

    async def after(self, position: int, limit: int) -> list[log.Recorded]:
        """Return up to `limit` events that follow `position`."""
        return await self._run(log.after, position, limit)

    async def _run(self, read: Callable[Concatenate[sa.Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        try:
            async with self._engine.connect() as connection:
                return await connection.run_sync(read, *args, **kwargs)
        except _UNAVAILABLE as error:
            raise LogUnavailableError(str(error)) from error


@asynccontextmanager
async def open_tail(address: Path | str) -> AsyncIterator[Tail]:
    """Open a log for reading: a path is a SQLite file, a URL is PostgreSQL."""
    url = f"sqlite+aiosqlite:///{address}" if isinstance(address, Path) else _asynchronous(address)
    engine = create_async_engine(url)
    try:
        yield Tail(engine)
    finally:
        await engine.dispose()


def _asynchronous(url: str) -> sa.URL:
    return sa.make_url(url).set(drivername="postgresql+asyncpg")
