"""What a worker looks at before it begins: stores that would lose views, or a log that it cannot read, are refused at once."""

import asyncio
from typing import Any

import redis.exceptions
import structlog
from redis.asyncio import Redis

from shop.tail import LogUnavailableError, Tail

_PAUSE = 0.5

logger = structlog.get_logger()


class UnfitStoreError(Exception):
    """A store is set up so that views or events would be lost, or cannot be understood. Says what to change."""


async def until_fit(client: Redis, tail: Tail) -> None:
    """Wait until both stores answer, and look at them. Raises UnfitStoreError."""
    while True:
        try:
            await _check_policy(client)
            await _check_kinds(tail)
            return
        except (redis.exceptions.ConnectionError, LogUnavailableError) as silent:
            logger.warning("worker_waits_for_a_store", reason=str(silent), again_in_s=_PAUSE)
            await asyncio.sleep(_PAUSE)


async def _check_policy(client: Redis) -> None:
    """A Redis that may drop keys drops documents behind the worker's back, and nobody would notice."""
    memory: Any = await client.info("memory")
    policy = memory.get("maxmemory_policy", "noeviction")
    if policy != "noeviction":
        raise UnfitStoreError(
            f"Redis may evict keys (maxmemory-policy {policy}): set it to noeviction, or views lose documents."
        )


async def _check_kinds(tail: Tail) -> None:
    """Every kind of event in the log must be readable, before one of them stops the worker in the middle."""
    if problems := await tail.unreadable():
        raise UnfitStoreError("the log has events that this program cannot read:\n  " + "\n  ".join(problems))
