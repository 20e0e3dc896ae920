"""A whole Tradewind as a newcomer starts it, in a folder of its own, for the tests of this folder to share."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from server.redis_server import bundled
from tests.crash.running import Tradewind, free_port
from tests.crash.running import running as started
from tests.journeys.client import Shop

HOME = Path(__file__).parents[2]


def bundled_redis_first(folder: Path) -> str:
    """A PATH on which `redis-server` is the one that a newcomer gets, whatever this machine has."""
    folder.mkdir(exist_ok=True)
    (folder / "redis-server").symlink_to(bundled())
    return f"{folder}{os.pathsep}{os.environ['PATH']}"


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """Start `tradewind serve --dev` and give its address and data folder; end it as Ctrl-C does."""
    folder, port = tmp_path_factory.mktemp("tradewind"), free_port()
    environment = os.environ | {
        "TRADEWIND_DATA": str(folder / "data"),
        "TRADEWIND_PORT": str(port),
        "TRADEWIND_WEBHOOKS_ALLOW_PRIVATE": "1",  # receivers of the tests are on this machine
        "PATH": bundled_redis_first(folder / "bin"),
    }
    server = subprocess.Popen([sys.executable, "-m", "server", "serve", "--dev"], cwd=HOME, env=environment)
    address = f"http://127.0.0.1:{port}"
    try:
        asyncio.run(_ready(address))
        yield address, folder / "data"
    finally:
        server.send_signal(signal.SIGINT)
        assert server.wait(30) == 0


async def _ready(address: str) -> None:
    async with httpx.AsyncClient() as client, asyncio.timeout(60):
        while True:
            try:
                if (await client.get(f"{address}/health")).status_code == httpx.codes.OK:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.1)


@pytest.fixture
async def shop(running: tuple[str, Path]) -> AsyncIterator[Shop]:
    one = Shop(running[0])
    yield one
    await one.http.aclose()


@pytest.fixture(scope="session")
def operated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tradewind]:
    """One that an operator works on: its views are made anew, its parts stopped, its Redis spoiled."""
    with started(tmp_path_factory.mktemp("operated")) as one:
        yield one


@pytest.fixture
async def front(operated: Tradewind) -> AsyncIterator[Shop]:
    """A front end of the one that is operated, its views at the log's end."""
    one = Shop(operated.address)
    await one.until_caught_up()
    yield one
    await one.http.aclose()
