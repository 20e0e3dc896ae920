"""A shop's database as it was before: what a restore from a copy leaves, or the promotion of a standby that lagged."""

import shutil
import sqlite3
from pathlib import Path

import sqlalchemy as sa

_HERE = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"


class InPlace:
    """SQLite's own way to restore: into the file that others have open."""

    def __init__(self, shop, folder: Path) -> None:
        self._live, self._kept = shop.database.address, folder / "kept.db"
        _copied(self._live, self._kept)

    async def put_back(self) -> None:
        _copied(self._kept, self._live)


def _copied(source: Path, target: Path) -> None:
    one, other = sqlite3.connect(source), sqlite3.connect(target)
    one.backup(other)
    one.close()
    other.close()


class File:
    """The file itself, put in the other's place while nothing runs: with its write-ahead log, or with that written in."""

    def __init__(self, views, folder: Path, *, checkpointed: bool) -> None:
        self._views, self._live, self._kept = views, views.shop.database.address, folder / "kept.db"
        if checkpointed:
            with sqlite3.connect(self._live) as connection:
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.close()
        for suffix in ("", "-wal"):
            shutil.copy(f"{self._live}{suffix}", f"{self._kept}{suffix}")

    async def put_back(self) -> None:
        shop, database = self._views.shop, self._views.shop.database
        await shop.writer.close()
        await self._views.tail._engine.dispose()
        database.close()
        Path(f"{self._live}-shm").unlink(missing_ok=True)
        for suffix in ("", "-wal"):
            shutil.copy(f"{self._kept}{suffix}", f"{self._live}{suffix}")
        database.__init__(self._live)
        shop.writer = shop.bus._writer = database.new_writer()


class Rows:
    """PostgreSQL: every table's rows as they were, in one transaction, under whoever is connected."""

    def __init__(self, shop) -> None:
        self._database = shop.database
        self._tables = self._database.read(lambda connection: connection.scalars(sa.text(_HERE)).all())
        self._database.change(self._keep)

    async def put_back(self) -> None:
        self._database.change(self._restore)

    def _keep(self, connection: sa.Connection) -> None:
        connection.execute(sa.text("CREATE SCHEMA kept"))
        for table in self._tables:
            connection.execute(sa.text(f"CREATE TABLE kept.{table} AS TABLE public.{table}"))

    def _restore(self, connection: sa.Connection) -> None:
        connection.execute(sa.text("SET LOCAL session_replication_role = replica"))  # no foreign key is looked at meanwhile
        connection.execute(sa.text(f"TRUNCATE {', '.join(self._tables)}"))
        for table in self._tables:
            connection.execute(sa.text(f"INSERT INTO public.{table} SELECT * FROM kept.{table}"))
