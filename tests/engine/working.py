"""Workers that run beside a test."""

import asyncio
from contextlib import asynccontextmanager


@asynccontextmanager
async def working(worker):
    """Let the worker run beside the block, and end it as a signal would: up to Python 3.11, canceling may be swallowed.

    (`asyncio.wait_for` forgets a cancel that comes as its work ends, and the Redis client sends every command through it.)
    """
    task = asyncio.create_task(worker.run())
    try:
        yield
    finally:
        worker.stop()
        await task
