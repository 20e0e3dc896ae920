"""The write side's database, by its address: a path is a SQLite file, a URL is PostgreSQL. Only here are there two."""

from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from writes import migrate, postgres, sqlite
from writes.refusals import BusyError
from writes.writer import Writer

Database = sa.Engine | AsyncEngine  # what `open_database` gives


def open_database(address: Path | str) -> Database:
    """Open a database for writing; a SQLite file's folder is made where there is none."""
    if isinstance(address, str):
        return postgres.open_engine(address)
    address.parent.mkdir(parents=True, exist_ok=True)
    return sqlite.open_engine(address)


def open_writer(database: Database, *, importing: bool = False) -> Writer:
    """Open the writer of this process. An import's takes longer turns on SQLite, and leaves room for buyers between."""
    if isinstance(database, AsyncEngine):
        return postgres.PostgresWriter(database)
    return sqlite.SqliteWriter(database, share=0.08, pause=0.004) if importing else sqlite.SqliteWriter(database)


async def up_to_date(database: Database) -> str:
    """Bring the schema up to date and return the log's epoch."""
    if not isinstance(database, AsyncEngine):
        return migrate.migrate(database)
    try:
        async with database.begin() as connection:
            return await connection.run_sync(migrate.upgrade)
    except OSError as silent:
        raise BusyError(f"PostgreSQL does not answer: {silent}") from silent


async def close(database: Database) -> None:
    """Close what a database has open."""
    if isinstance(database, AsyncEngine):
        await database.dispose()
    else:
        database.dispose()
