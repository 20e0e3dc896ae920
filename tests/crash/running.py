"""A whole Tradewind as real processes on a folder of its own, for tests to kill: started as a newcomer starts it."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import msgspec
import redis
import sqlalchemy as sa

from server import redis_server
from shop import views
from shop.money import units
from shop.views import Keys
from tests.crash.order_book import Figures
from tests.crash.processes import Process, children, still_alive
from verify import differences

HOME = Path(__file__).parents[2]
_PATIENCE = 60.0


class Tradewind:
    """One data folder, and the processes that work on it."""

    def __init__(self, folder: Path) -> None:
        self.data = folder / "data"
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.environment = os.environ | {
            "TRADEWIND_DATA": str(self.data),
            "TRADEWIND_PORT": str(self.port),
            "PATH": _bundled_redis_first(folder / "bin"),
        }
        self.redis = redis.Redis.from_url(redis_server.url(self.data))
        self.engine = sa.create_engine(f"sqlite:///{self.data}/tradewind.db", poolclass=sa.NullPool)
        self.server: subprocess.Popen[str] | None = None

    def command(self, *arguments: str) -> subprocess.Popen[str]:
        """Start `tradewind` with these arguments."""
        whole = [sys.executable, "-m", "server", *arguments]
        pipe = subprocess.PIPE
        return subprocess.Popen(whole, cwd=HOME, env=self.environment, stdout=subprocess.DEVNULL, stderr=pipe, text=True)

    def says(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run `tradewind` with these arguments to its end."""
        whole = [sys.executable, "-m", "server", *arguments]
        return subprocess.run(whole, cwd=HOME, env=self.environment, capture_output=True, text=True, timeout=60, check=False)

    @contextmanager
    def stopped(self, name: str) -> Iterator[None]:
        """Hold one of `redis`, `worker`, `api` still for as long as the block runs, as a machine in trouble does."""
        pid = self.child(name).pid
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)

    def start(self) -> None:
        """Start the server and wait until it answers."""
        self.server = self._serve()
        self.wait_until_ready()

    def _serve(self) -> "subprocess.Popen[str]":
        whole = [sys.executable, "-m", "server", "serve", "--dev"]
        with (self.data.parent / "server.log").open("a") as log:
            return subprocess.Popen(whole, cwd=HOME, env=self.environment, stdout=log, stderr=log, text=True)

    def wait_until_ready(self) -> None:
        give_up = time.monotonic() + _PATIENCE
        while not self._answers():
            assert time.monotonic() < give_up, f"no answer: {self.log()[-2000:]}"
            assert self.server is None or self.server.poll() is None, f"the server ended: {self.log()[-2000:]}"
            time.sleep(0.05)

    def wait_until_caught_up(self) -> None:
        """Wait until every view that answers is at the log's head."""
        give_up = time.monotonic() + _PATIENCE
        while (reached := self._position()) != self._head():
            assert time.monotonic() < give_up, f"the views stay at {reached} of {self._head()}: {self.log()[-2000:]}"
            time.sleep(0.05)

    def wait_for_events(self, count: int, writer: "subprocess.Popen[str]") -> None:
        """Wait until the log has grown by so many events, or its writer has ended."""
        before = self._head()
        while self._head() < before + count and writer.poll() is None:
            time.sleep(0.002)

    def processes(self) -> list[Process]:
        """Redis, worker and API."""
        return children(self.server.pid) if self.server else []

    def child(self, name: str) -> Process:
        """One of `redis`, `worker`, `api`; it may be just about to be started."""
        part = {"redis": "redis-server", "worker": "server worker", "api": "server api"}[name]
        give_up = time.monotonic() + _PATIENCE
        while True:
            for one in self.processes():
                if part in one.command:
                    return one
            assert time.monotonic() < give_up, f"no {name} was started"
            time.sleep(0.02)

    def ends(self, number: int = signal.SIGINT) -> int:
        """Ask the server to end as Ctrl-C does; return its exit code."""
        assert self.server is not None
        self.server.send_signal(number)
        return self.server.wait(30)

    def kill(self) -> None:
        """Kill -9 of the server alone; what it started is to end by itself."""
        if self.server is not None:
            family = self.processes()
            self.server.kill()
            self.server.wait()
            self.server = None
            assert [] == still_alive(family, after=_PATIENCE)

    def differences(self) -> list[str]:
        with self.engine.connect() as connection:
            return differences(connection, self.redis, self._keys())

    def figures(self, channel: str) -> Figures:
        """All that a channel sold, added up from its days' views, of the generation that answers."""
        told = [msgspec.json.decode(self.redis.get(key), type=views.SalesDay) for key in self._days()]
        days = [day for day in told if day.channel == channel]
        return Figures(
            sum(day.orders for day in days),
            sum(day.units for day in days),
            sum(units(day.revenue) for day in days),
            sum(units(day.refunded) for day in days),
        )

    def log(self) -> str:
        return (self.data.parent / "server.log").read_text()

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.address}/health", timeout=1).status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False

    def _days(self) -> list[bytes]:
        found = []
        for segment in range(self._keys().segments):
            number = self.redis.hget(self._keys().serving(segment), views.SalesDay.view)
            found += self.redis.keys(f"{{tw{segment}}}:{views.SalesDay.view}.{int(number or 0)}:day_*")
        return found

    def _keys(self) -> Keys:
        return Keys(int(self.redis.hget(views.LAYOUT, "segments") or 1))

    def _position(self) -> int:
        """Where the hindmost of all that answers is; -1 where nothing does."""
        try:
            places = [place for segment in range(self._keys().segments) for place in self._places(segment)]
        except redis.RedisError:  # it is away, or reads its append-only file
            return -1
        return min(places, default=-1)

    def _places(self, segment: int) -> list[int]:
        keys = self._keys()
        serving, checkpoints = self.redis.hgetall(keys.serving(segment)), self.redis.hgetall(keys.checkpoints(segment))
        numbers = [serving.get(view.view.encode()) for view in views.ALL]
        names = [b"%b.%b" % (view.view.encode(), number or b"") for view, number in zip(views.ALL, numbers, strict=True)]
        return [views.checkpoint(checkpoints[name].decode()).position if name in checkpoints else -1 for name in names]

    def _head(self) -> int:
        with self.engine.connect() as connection:
            return int(connection.scalar(sa.text("SELECT position FROM log_head")))


@contextmanager
def running(folder: Path) -> Iterator[Tradewind]:
    """A Tradewind that answers; whatever the test left of it is killed at the end."""
    one = Tradewind(folder)
    try:
        one.start()
        yield one
    finally:
        one.kill()
        one.redis.close()


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _bundled_redis_first(folder: Path) -> str:
    """A PATH on which `redis-server` is the one that a newcomer gets, whatever this machine has."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "redis-server").symlink_to(redis_server.bundled())
    return f"{folder}{os.pathsep}{os.environ['PATH']}"
