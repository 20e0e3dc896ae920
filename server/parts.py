"""Opening the parts: stores, bus and views, as settings say. Each opener closes what it opened."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import redis.exceptions
from redis.asyncio import Redis

from server import redis_server
from server.posting import Poster
from server.settings import Settings
from server.small_files import SmallFiles
from shop import views
from shop.views import Keys
from writes.bus import Bus
from writes.database import Database, open_writer
from writes.providers import Manual, Provider
from writes.trial import Test
from writes.work import Limits

EMBEDDED_SEGMENTS = 1
SERVER_SEGMENTS = 16


def redis_url(settings: Settings) -> str:
    """The address of Redis: the operator's, or the data folder's own."""
    return settings.redis_url or redis_server.url(settings.data)


@asynccontextmanager
async def open_redis(settings: Settings) -> AsyncIterator[Redis]:
    client = Redis.from_url(redis_url(settings), protocol=2)
    try:
        yield client
    finally:
        await client.aclose()


async def layout(client: Redis, settings: Settings) -> Keys:
    """The number of segments that the views were made with; it is fixed by whoever comes first."""
    segments = EMBEDDED_SEGMENTS if settings.embedded else SERVER_SEGMENTS
    await client.hsetnx(views.LAYOUT, "segments", str(segments))
    return Keys(int(await client.hget(views.LAYOUT, "segments") or segments))


@asynccontextmanager
async def open_bus(
    settings: Settings, database: Database, nudge: Callable[[int], Awaitable[None]], *, importing: bool = False
) -> AsyncIterator[Bus]:
    """Open the bus of this process. An import's takes longer turns, fewer fsyncs, and leaves room for buyers between."""
    writer = open_writer(database, importing=importing)
    try:
        limits = Limits(private_webhooks=settings.webhooks_allow_private)
        yield Bus(writer, providers=providers(settings), open_in=settings.open_in(), committed=nudge, limits=limits)
    finally:
        await writer.close()


@asynccontextmanager
async def open_poster(settings: Settings) -> AsyncIterator[Poster]:
    """Open what sends webhooks, within the bounds that are set."""
    poster = Poster(private=settings.webhooks_allow_private, seconds=settings.webhook_seconds)
    try:
        yield poster
    finally:
        await poster.close()


def providers(settings: Settings) -> dict[str, Provider]:
    """The payment providers that the settings open. What `test` did lies in the data folder, as at a bank."""
    bank = (SmallFiles(settings.data / "test_provider" / part) for part in ("deeds", "webhooks"))
    shipped: dict[str, Provider] = {
        "manual": Manual(ship_before_payment=settings.manual_ship_before_payment),
        "test": Test(*bank, secret=settings.test_webhook_secret),
    }
    unknown = [name for name in settings.providers() if name not in shipped]
    if unknown:
        raise ValueError(f"there is no payment provider {unknown[0]!r}: name some of {', '.join(shipped)}")
    return {name: shipped[name] for name in settings.providers()}


def nudge(client: Redis) -> Callable[[int], Awaitable[None]]:
    """Wake the workers after a commit. A lost nudge costs time only, so an outage of Redis is no concern of a command."""

    async def publish(position: int) -> None:
        with suppress(redis.exceptions.RedisError, OSError):
            await client.publish(views.NUDGE, position)

    return publish
