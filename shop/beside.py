"""Endless work that runs beside a block of code, and ends with it for certain. What the work is, is not known here."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any

import structlog

_ASK_AGAIN_SECONDS = 0.5

logger = structlog.get_logger()


@asynccontextmanager
async def beside(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Run an endless piece of work beside the block, and end it with the block."""
    task = asyncio.create_task(work)
    task.add_done_callback(_tell_of_an_end)
    try:
        yield
    finally:
        while not task.done():  # a driver may swallow a cancelation that comes while it waits for an answer
            task.cancel()
            await asyncio.wait([task], timeout=_ASK_AGAIN_SECONDS)
        with suppress(asyncio.CancelledError):
            await task


def _tell_of_an_end(task: "asyncio.Task[None]") -> None:
    """Endless work that ended by itself is a fault that nobody would notice."""
    if not task.cancelled() and task.exception() is not None:
        logger.error("endless_work_ended", exc_info=task.exception())
