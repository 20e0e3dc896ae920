"""Looking at processes by /proc: who is whose child, who is alive. Works on Linux alone."""

import os
import signal
import time
from collections.abc import Iterable
from pathlib import Path

import msgspec


class Process(msgspec.Struct, frozen=True):
    """A process by its id and the moment it was started, for ids are used again."""

    pid: int
    started: int
    parent: int
    command: str

    def kill(self) -> None:
        """Kill -9, if it is still this process."""
        if self.is_alive():
            os.kill(self.pid, signal.SIGKILL)

    def is_alive(self) -> bool:
        """Whether it still runs; one that only waits to be buried does not."""
        now = _read(self.pid)
        return now is not None and now.started == self.started


def children(pid: int) -> list[Process]:
    """The children of a process, and theirs."""
    found = [one for entry in Path("/proc").glob("[0-9]*") if (one := _read(int(entry.name))) is not None]
    mine = [one for one in found if one.parent == pid]
    return mine + [below for one in mine for below in children(one.pid)]


def still_alive(processes: Iterable[Process], *, after: float) -> list[Process]:
    """Those that are alive when so many seconds have passed; asked sooner only if none is left sooner."""
    give_up = time.monotonic() + after
    left = [one for one in processes if one.is_alive()]
    while left and time.monotonic() < give_up:
        time.sleep(0.02)
        left = [one for one in left if one.is_alive()]
    return left


def _read(pid: int) -> Process | None:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
        command = Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ").strip()
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] in "ZX" else Process(pid, int(fields[19]), int(fields[1]), command)
