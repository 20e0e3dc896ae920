"""Reading the log from outside the write side, asynchronously: what the worker and the duties follow."""

from sqlalchemy.ext.asyncio import AsyncEngine

from shop import log


class Tail:
    """The log as its readers see it. Positions are dense, so what was read up to n is all there is up to n."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def head(self) -> tuple[str, int]:
        """Return the log's epoch and its last position."""
        async with self._engine.connect() as connection:
            return await connection.run_sync(log.head)

    async def after(self, position: int, limit: int) -> list[log.Recorded]:
        """Return up to `limit` events that follow `position`."""
        async with self._engine.connect() as connection:
            return await connection.run_sync(log.after, position, limit)
