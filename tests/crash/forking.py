"""A small process that forks workers for tests to kill. Everything is imported once, so a worker works after milliseconds.

`python -m tests.crash.forking` reads a request a line and answers each with a line: see `Forking`, which starts it.
"""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from redis.asyncio import ConnectionPool, Redis, UnixDomainSocketConnection

from projections.worker import Worker
from server import children
from shop.tail import open_tail
from shop.views import Keys

_HOME = Path(__file__).parents[2]


class Start(msgspec.Struct, tag=True):
    """A worker to be forked: it runs until it is killed. With `dies_before` it catches up, and dies before that step."""

    database: str
    socket: str
    segments: int
    name: str
    lease_seconds: float = 5.0
    dies_before: int | None = None


class Wait(msgspec.Struct, tag=True):
    """For a worker's end: answered with what os.waitpid says of it."""

    pid: int


class Steps:
    """Counts what a worker asks of Redis and of the database, and kills it before the one it is to die before.

    Nobody but those two sees what a worker does: to die before a step is to die right after the one before it was done,
    its answer not yet taken in.
    """

    def __init__(self, left: int | None) -> None:
        self.left = left

    def step(self) -> None:
        if self.left is not None:
            self.left -= 1
            if self.left == 0:
                os.kill(os.getpid(), signal.SIGKILL)


class CountedLog:
    def __init__(self, tail, steps):
        self._tail = tail
        self._steps = steps

    def __getattr__(self, name):
        self._steps.step()
        return getattr(self._tail, name)


class Forking:
    """The helper as tests have it."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._process = process

    def start(self, **options: object) -> int:
        """Fork a worker (see `Start`); its process id."""
        return self._ask(Start(**options))

    def kill(self, pid: int) -> None:
        os.kill(pid, signal.SIGKILL)
        self.ended(pid)

    def ended(self, pid: int) -> bool:
        """Wait for a worker's end; true if it ended by itself, its work done. An error in it is an error here."""
        status = self._ask(Wait(pid))
        assert os.WIFSIGNALED(status) or 0 == os.WEXITSTATUS(status), "a worker fell: see its standard error"
        return os.WIFEXITED(status)

    def _ask(self, request: Start | Wait) -> int:
        self._process.stdin.write(msgspec.json.encode(request) + b"\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())


@contextmanager
def forking() -> Iterator[Forking]:
    pipe = subprocess.PIPE
    process = subprocess.Popen([sys.executable, "-m", "tests.crash.forking"], cwd=_HOME, stdin=pipe, stdout=pipe)
    with process:  # its children die with it
        yield Forking(process)


def _serve() -> None:
    for line in sys.stdin.buffer:
        request = msgspec.json.decode(line, type=Start | Wait)
        answer = os.waitpid(request.pid, 0)[1] if isinstance(request, Wait) else _forked(request)
        sys.stdout.write(f"{answer}\n")
        sys.stdout.flush()


def _forked(request: Start) -> int:
    pid = os.fork()
    if pid:
        return pid
    children.tie_to_parent(signal.SIGKILL)
    os.dup2(2, 1)  # the helper's answers are not for its children to write among
    code = 1
    try:
        asyncio.run(_work(request))
        code = 0
    finally:
        os._exit(code)


async def _work(request: Start) -> None:
    steps = Steps(request.dies_before)

    class Counted(UnixDomainSocketConnection):
        async def send_packed_command(self, *args, **kwargs):
            steps.step()
            await super().send_packed_command(*args, **kwargs)

    database = request.database if "://" in request.database else Path(request.database)
    client = Redis(connection_pool=ConnectionPool(connection_class=Counted, path=request.socket, protocol=2))
    async with open_tail(database) as tail:
        log, keys = CountedLog(tail, steps), Keys(request.segments)
        worker = Worker(log, client, keys, name=request.name, lease_seconds=request.lease_seconds)
        await (worker.run() if request.dies_before is None else worker.catch_up())


if __name__ == "__main__":
    _serve()
