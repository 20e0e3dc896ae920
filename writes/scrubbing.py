"""What an erasure leaves to do in the database once it is committed: keys are destroyed, and files let go of what rows held.

All of it may be done again, by several processes at once, and after a power cut at any line.
"""

import asyncio
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from shop import keyring
from writes.database import Database

# Where rows told of somebody, and where events did before anything was sealed.
_TABLES = (
    "customers", "customer_emails", "addresses", "reviews", "checkouts", "orders", "returns", "return_reasons",
    "ledger_entries", "tracking", "subject_ids", "events", "keyring.subject_keys",
)  # fmt: skip


class StillReadError(Exception):
    """Somebody still reads the database as it was before; trying again later helps."""


async def scrub(database: Database, key_ids: Sequence[str], at: str) -> None:
    """Destroy keys, then let no file of a SQLite database, and no row of a PostgreSQL one, hold what was deleted.

    Raises StillReadError where a reader keeps SQLite's write-ahead log from being emptied.
    """
    if isinstance(database, AsyncEngine):
        await _scrub_postgres(database, key_ids, at)
    else:
        await asyncio.to_thread(_scrub_sqlite, Path(str(database.url.database)), key_ids, at)


def _scrub_sqlite(path: Path, key_ids: Sequence[str], at: str) -> None:
    with closing(keyring.KeyFile(path)) as keys:
        keys.destroy(key_ids, at)
    for file in (path, keyring.file(path)):
        with closing(sqlite3.connect(file, timeout=5.0)) as connection:
            busy, *_ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            if busy:
                raise StillReadError(f"{file.name}-wal is in use")


async def _scrub_postgres(database: AsyncEngine, key_ids: Sequence[str], at: str) -> None:
    async with database.begin() as connection:
        await connection.run_sync(keyring.destroy, key_ids, at)
    async with database.connect() as connection:
        alone = await connection.execution_options(isolation_level="AUTOCOMMIT")
        for table in _TABLES:  # planners note values of columns, too; VACUUM runs in no transaction
            await alone.execute(sa.text(f"VACUUM (ANALYZE) {table}"))
