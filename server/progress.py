"""Shows how far a long piece of work is: a bar with rate and time left on a terminal, plain lines elsewhere."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, ProgressColumn, Task, TaskID, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar
from rich.text import Text

Progress = Callable[[int, int, str], None]  # how many are done, of how many, of what

_SECONDS_A_LINE = 2.0


@contextmanager
def shown_on(stream: TextIO) -> Iterator[Progress]:
    """Give a callback that shows on `stream` what it is told."""
    if not stream.isatty():
        yield _Lines(stream).tell
        return
    columns = (TextColumn("{task.description:>10}"), BarColumn(), MofNCompleteColumn(), _Rate(), TimeRemainingColumn())
    with Bar(*columns, console=Console(file=stream)) as bar:
        yield _Bars(bar).tell


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        return Text(f"{task.finished_speed or task.speed or 0:,.0f}/s")


class _Bars:
    """One bar for each kind of thing, in the order in which they come."""

    def __init__(self, bar: Bar) -> None:
        self._bar = bar
        self._tasks: dict[str, TaskID] = {}

    def tell(self, done: int, total: int, what: str) -> None:
        if what not in self._tasks:
            self._tasks[what] = self._bar.add_task(what, total=total)
        self._bar.update(self._tasks[what], completed=done, total=total)


class _Lines:
    """A line every few seconds, and one when a kind of thing is done."""

    def __init__(self, stream: TextIO, now: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._now = now
        self._began: dict[str, tuple[float, int]] = {}
        self._told = now()

    def tell(self, done: int, total: int, what: str) -> None:
        now = self._now()
        since, from_ = self._began.setdefault(what, (now, done))
        if done < total and now - self._told < _SECONDS_A_LINE:
            return
        self._told = now
        rate = (done - from_) / (now - since) if now > since else 0.0
        left = f", {(total - done) / rate:,.0f} s left" if rate and done < total else ""
        self._stream.write(f"{done:,} of {total:,} {what}" + (f", {rate:,.0f}/s" if rate else "") + left + "\n")
        self._stream.flush()
