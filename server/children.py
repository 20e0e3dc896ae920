"""Child processes that never outlive their parent, however it ends."""

import asyncio
import ctypes
import os
import signal
import sys
from collections.abc import Callable, Sequence

import structlog

_PR_SET_PDEATHSIG = 1
_STOP_SECONDS = 10.0
_SHORTEST_LIFE = 5.0

logger = structlog.get_logger()


class Child:
    """A process that is started again when it ends, until it is stopped."""

    def __init__(
        self, name: str, command: Sequence[str], *, gentle_on_orphaning: bool = False, keep_open: Sequence[int] = ()
    ) -> None:
        """`gentle_on_orphaning`: when the parent dies, ask the child to end (it has files to close) instead of killing it."""
        self.name = name
        self._command = command
        self._signal = signal.SIGTERM if gentle_on_orphaning else signal.SIGKILL
        self._keep_open = keep_open
        self._process: asyncio.subprocess.Process | None = None
        self._stopping = False

    @property
    def pid(self) -> int | None:
        return None if self._process is None else self._process.pid

    async def start(self) -> None:
        """Start the process in a session of its own, so that Ctrl-C reaches the parent alone."""
        self._process = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=asyncio.subprocess.DEVNULL,
            start_new_session=True,
            pass_fds=self._keep_open,
            preexec_fn=_dies_with_parent(self._signal),
        )

    async def keep_alive(self) -> None:
        """Start the process again whenever it ends by itself; one that keeps falling waits longer each time."""
        pause, clock = 0.1, asyncio.get_running_loop().time
        while not self._stopping:
            if self._process is None:
                await self.start()
            began = clock()
            code = await self._process.wait() if self._process is not None else 0
            if self._stopping:
                return
            pause = 0.1 if clock() - began > _SHORTEST_LIFE else min(pause * 2, 5.0)
            logger.warning("child_ended", child=self.name, code=code, again_in_s=pause)
            await asyncio.sleep(pause)
            self._process = None

    async def stop(self) -> None:
        """Ask the process to end and wait; after ten seconds it is killed."""
        self._stopping = True
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), _STOP_SECONDS)
        except TimeoutError:
            process.kill()
            await process.wait()


def tie_to_parent(number: int) -> None:
    """Get this signal when the parent dies, even by kill -9. Linux alone can (prctl(2), PR_SET_PDEATHSIG)."""
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, number)


def _dies_with_parent(number: int) -> Callable[[], None]:
    parent = os.getpid()

    def tie() -> None:
        tie_to_parent(number)
        if os.getppid() != parent:  # the parent died in between
            os._exit(1)

    return tie
