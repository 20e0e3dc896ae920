"""`tradewind serve`: everything on one machine. Starts Redis, worker and API as children and keeps them alive."""

import asyncio
import fcntl
import hashlib
import os
import platform
import signal
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog

from server import demo, parts, redis_server
from server.children import Child, tie_to_parent
from server.settings import Settings
from writes.database import close, open_database, up_to_date

_LOCK_SECONDS = 10.0

logger = structlog.get_logger()


class AlreadyRunningError(Exception):
    """Another server holds the data folder."""


async def serve(settings: Settings, *, end_with_parent: bool = False) -> None:
    """Run until SIGINT or SIGTERM, then end the children in order: API, worker, Redis."""
    stopped = asyncio.Event()
    if end_with_parent:
        tie_to_parent(signal.SIGTERM)
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    with locked(settings.data) as lock:
        started: list[Child] = []
        try:
            if settings.embedded:
                started.append(await _start_redis(settings, lock))
            dev = ["--dev"] if settings.dev else []
            for name, options in (("worker", ["--name", _worker_name(settings)]), ("api", dev)):
                # they take a second to load: meanwhile the database is made ready
                started.append(Child(name, [sys.executable, "-m", "server", name, *options]))
            keepers = [asyncio.create_task(child.keep_alive()) for child in started]
            await _prepare(settings)
            greeter = asyncio.create_task(_greet(settings))
            await stopped.wait()
            for task in (*keepers, greeter):
                task.cancel()
        finally:
            for child in reversed(started):
                await child.stop()


def _worker_name(settings: Settings) -> str:
    """One name for all workers of this folder, one after another: the lock says that only one lives."""
    folder = hashlib.sha256(os.fsencode(settings.data.absolute())).hexdigest()[:8]
    return f"{platform.node() or 'localhost'}:{folder}"


@contextmanager
def locked(data: Path) -> Iterator[int]:
    """Hold the data folder. Redis inherits the lock, so a folder is free only when its Redis is gone as well."""
    data.mkdir(parents=True, exist_ok=True)
    lock = os.open(data / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    give_up = time.monotonic() + _LOCK_SECONDS
    try:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > give_up:
                    taken = f"Another tradewind serves from {data}: stop it, or set TRADEWIND_DATA to another folder."
                    raise AlreadyRunningError(taken) from None
                time.sleep(0.05)
        yield lock
    finally:
        os.close(lock)


async def _start_redis(settings: Settings, lock: int) -> Child:
    child = redis_server.child(settings.data, keep_open=(lock,))
    await child.start()
    await redis_server.ready(parts.redis_url(settings))
    return child


async def _prepare(settings: Settings) -> None:
    """Bring the schema up to date; in dev mode load the demo catalog, once."""
    database = open_database(settings.database())
    await up_to_date(database)
    if settings.dev:
        async with parts.open_redis(settings) as client, parts.open_bus(settings, database, parts.nudge(client)) as bus:
            await demo.load_demo(bus)
    await close(database)


async def _greet(settings: Settings) -> None:
    """Wait until the API answers, then say where it is and what to try."""
    address = f"http://{settings.host}:{settings.port}"
    while not await asyncio.to_thread(_answers, f"{address}/health"):
        await asyncio.sleep(0.05)
    sys.stdout.write(_greeting(address, dev=settings.dev))
    sys.stdout.flush()


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=1):  # noqa: S310 - our own address
            return True
    except (urllib.error.URLError, OSError):
        return False


def _greeting(address: str, *, dev: bool) -> str:
    playground = f"\n  Playground  {address}/graphql\n" if dev else f"\n  GraphQL     {address}/graphql\n"
    return f"""
Tradewind is ready.
{playground}  Health      {address}/health

Try:

  {{ products(first: 3) {{ totalCount nodes {{ name priceRange {{ min {{ amount currency }} }} inStock }} }} }}

Ctrl-C ends it.
"""
