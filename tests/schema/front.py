"""The whole way round in one process: the schema over a real bus, a worker that folds each commit at once, and its views."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from projections.worker import Worker
from reads.reading import Views
from reads.status import Status
from schema.context import Context
from schema.proofs import Proofs
from schema.root import build_schema
from server.event_log import ServedLog
from server.nudges import Nudges
from server.operations import Operations
from server.posting import Poster
from shop.tail import open_tail
from shop.views import Keys
from tests.databases import SqliteFiles
from writes import catalog, channels, variants
from writes.bus import Bus
from writes.work import Limits

_SEGMENTS = 4


class Front:
    """A client of the schema, which reads what it wrote: each query is at least at the last command's position."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self._schema = build_schema()
        self._at = ""

    async def does(self, command: Any) -> dict[str, Any]:
        """Given: carry out a command that must succeed; return its ids."""
        answer = await self.context.bus.send(command)
        assert answer.refused is None, repr(answer.refused)
        self._at = str(answer.position or self._at)
        return dict(answer.ids)

    async def asks(self, operation: str, **values: Any) -> dict[str, Any]:
        """When: send an operation that must succeed; return its data."""
        result = await self.asked(operation, **values)
        assert result.errors is None, result.errors
        assert result.data is not None
        return dict(result.data)

    async def asked(self, operation: str, **values: Any) -> Any:
        """When: send an operation; return all that is answered."""
        self.context.at_least_header = [self._at] if self._at else []
        result = await self._schema.execute(operation, variable_values=values, context_value=self.context)
        self._at = next((one["position"] for one in (result.data or {}).values() if _moved(one)), self._at)
        return result

    async def subscribed(self, operation: str, **values: Any) -> Any:
        """When: begin a subscription; return its messages."""
        return await self._schema.subscribe(operation, variable_values=values, context_value=self.context.of_new_operation())

    async def sells(self, name: str, price: str = "10.00", backorderable: bool = False, **more: Any) -> str:
        """Given a product with one variant, published in the channel `default`, in pounds; return its id."""
        price_in = [variants.PriceIn("default", price, "GBP")]
        variant = variants.VariantIn(f"SKU {name}", price_in, backorderable=backorderable)
        made = await self.does(catalog.CreateProduct(name, variants=[variant], channels=["default"], **more))
        return str(made["product_id"])


def _moved(answered: Any) -> bool:
    return isinstance(answered, dict) and bool(answered.get("position"))


@contextmanager
def rounds(front: Front) -> Iterator[list[int]]:
    """Count the exchanges with Redis that a reading makes once it is open."""
    told, redis = [0], front.context.views.store.redis
    pipeline = redis.pipeline

    def counted(*args: Any, **options: Any) -> Any:
        told[0] += 1
        return pipeline(*args, **options)

    redis.pipeline = counted  # type: ignore[method-assign]
    try:
        yield told
    finally:
        redis.pipeline = pipeline  # type: ignore[method-assign]


@pytest.fixture
async def front(tmp_path: Path, sqlite_databases: SqliteFiles, async_redis: Redis) -> AsyncIterator[Front]:
    """Given a shop with one channel, and nothing in it."""
    database, keys = sqlite_databases.new(tmp_path), Keys(_SEGMENTS)
    writer = database.new_writer()
    async with AsyncExitStack() as stack:
        stack.callback(database.close)
        stack.push_async_callback(writer.close)
        tail = await stack.enter_async_context(open_tail(database.address))
        worker = Worker(tail, async_redis, keys)

        async def folded(_position: int) -> None:
            await worker.catch_up()

        limits = Limits(private_webhooks=True)
        bus, read = Bus(writer, providers={}, committed=folded, limits=limits), Views(async_redis, keys, tail)
        proofs, events = Proofs(b"a key of the tests"), ServedLog(tail, Nudges(async_redis))
        poster = Poster(private=True)
        stack.push_async_callback(poster.close)
        handed = {"events": events, "operations": Operations(async_redis, keys, tail), "targets": poster}
        one = Front(Context(bus=bus, views=read, status=Status(read), proofs=proofs, **handed))
        await one.does(channels.CreateChannel("default", "Shop", "GBP"))
        yield one
