"""A Tradewind whose parts run apart: a Redis server on a port, PostgreSQL, any number of workers, an API; real processes."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import redis

from server import redis_server
from tests.crash.running import HOME, free_port

_PATIENCE = 30.0


class Apart:
    """The parts, and what starts and ends them."""

    def __init__(self, folder: Path, database_url: str) -> None:
        self.folder = folder
        self.redis_port, port = free_port(), free_port()
        self.address = f"http://127.0.0.1:{port}"
        self.environment = os.environ | {
            "DATABASE_URL": database_url,
            "REDIS_URL": f"redis://127.0.0.1:{self.redis_port}/0",
            "TRADEWIND_PORT": str(port),
            "TRADEWIND_DATA": str(folder / "data"),
        }
        self._ended = ExitStack()

    def says(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run `tradewind` with these arguments to its end."""
        whole = [sys.executable, "-m", "server", *arguments]
        return subprocess.run(whole, cwd=HOME, env=self.environment, capture_output=True, text=True, timeout=60, check=False)

    def starts(self, *arguments: str) -> "subprocess.Popen[bytes]":
        """Start `tradewind` with these arguments; it is killed at the end, if it is still there."""
        return self._process([sys.executable, "-m", "server", *arguments])

    def starts_redis(self) -> None:
        options = ["--port", str(self.redis_port), "--bind", "127.0.0.1", "--save", "", "--dir", str(self.folder)]
        self._process([redis_server.bundled(), *options])
        with redis.Redis(port=self.redis_port) as client:
            give_up = time.monotonic() + _PATIENCE
            while True:
                try:
                    client.ping()
                except redis.ConnectionError:
                    assert time.monotonic() < give_up
                    time.sleep(0.02)
                else:
                    return

    def wait_until_healthy(self) -> None:
        """Wait until the API answers, and all that is read is moved on."""
        give_up = time.monotonic() + _PATIENCE
        while not self._is_healthy():
            assert time.monotonic() < give_up, self.log()[-2000:]
            time.sleep(0.05)

    def log(self) -> str:
        return (self.folder / "parts.log").read_text()

    def ends(self) -> None:
        self._ended.close()

    def _is_healthy(self) -> bool:
        try:
            return httpx.get(f"{self.address}/health", timeout=1).status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False

    def _process(self, command: list[str]) -> "subprocess.Popen[bytes]":
        with (self.folder / "parts.log").open("a") as log:
            process = subprocess.Popen(command, cwd=HOME, env=self.environment, stdout=log, stderr=log)
        self._ended.callback(_killed, process)
        return process


def _killed(process: "subprocess.Popen[bytes]") -> None:
    process.send_signal(signal.SIGKILL)
    process.wait()


@contextmanager
def apart(folder: Path, database_url: str) -> Iterator[Apart]:
    """A Redis and an empty database; nothing else runs yet."""
    one = Apart(folder, database_url)
    try:
        one.starts_redis()
        yield one
    finally:
        one.ends()
