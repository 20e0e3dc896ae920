"""A Redis of a test's own, as `tradewind serve` starts it, with the append-only file that a restart begins from."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis

from server import redis_server
from tests.conftest import _dies_with_pytest, _wait_for


class OwnRedis:
    """The server may be killed, robbed of what it wrote last, and started again."""

    def __init__(self, folder: Path) -> None:
        self.address = redis_server.url(folder)
        self.log = folder / "redis" / "redis.log"
        self._file = folder / "redis" / "appendonly.aof"
        self._command = redis_server.child(folder, redis_server.bundled())._command
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        self._process = subprocess.Popen(self._command, preexec_fn=_dies_with_pytest)  # noqa: PLW1509 - it makes a call, no more
        with redis.Redis.from_url(self.address) as client:
            _wait_for(client)

    def kill(self) -> None:
        """Kill -9."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def written(self) -> int:
        """How long the append-only file is, in bytes."""
        return self._file.stat().st_size

    def loses_what_follows(self, size: int) -> None:
        """Cut the file as a power cut leaves it: anywhere, in the middle of a command too. The server must not run."""
        with self._file.open("r+b") as file:
            file.truncate(size)


@contextmanager
def own_redis(folder: Path) -> Iterator[OwnRedis]:
    one = OwnRedis(folder)
    one.start()
    try:
        yield one
    finally:
        one.kill()
