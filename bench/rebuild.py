"""How many document folds a second a rebuild makes: `python -m bench.rebuild [BOOKS.csv]`. A fold is one event in one document.

The whole engine takes part: a worker reads the log from SQLite, folds, files, encodes, and commits through its script into a
Redis that writes to its disk as `tradewind serve` has it. Rounds alternate with the limit: as many documents as were folded,
encoded already, through the smallest script that guards a checkpoint, by the same client into the same Redis.
"""

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from redis.asyncio import Redis

from bench.folds import AIM, BATCH, SCRIPT, decoded, lived, made_up_book
from projections.all import touched
from projections.worker import Worker
from server import redis_server
from shop.tail import open_tail
from shop.views import Keys

_ROUNDS = 5
_FOLDS = 20_000


def main() -> None:
    """Print both rates by round, and their ratio."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        asyncio.run(measure(home, Path(sys.argv[1]) if sys.argv[1:] else made_up_book(home / "books.csv")))


async def measure(home: Path, book: Path) -> None:
    """Rebuild everything again and again, on an emptied Redis."""
    rows = await lived(home / "shop.db", book)
    folds = sum(1 for row in rows for _ in touched(decoded(row)))
    server = redis_server.child(home)
    await server.start()
    await redis_server.ready(redis_server.url(home))
    try:
        async with Redis.from_url(redis_server.url(home), protocol=2) as client, open_tail(home / "shop.db") as tail:
            print(f"{len(rows):,} events, {folds:,} document folds; aim {_FOLDS:,} a second, and {AIM:.0%} of the bare script")
            rates = [await a_round(client, Worker(tail, client, Keys(1)), folds) for _ in range(_ROUNDS)]
    finally:
        await server.stop()
    ours, bare = statistics.median(one for one, _ in rates), statistics.median(other for _, other in rates)
    ratios = statistics.median(one / other for one, other in rates)
    print(f"median: rebuild {ours:,.0f} folds a second, bare script {bare:,.0f} documents a second, ratio {ratios:.2f}")


async def a_round(client: Redis, worker: Worker, folds: int) -> tuple[float, float]:
    """Make all views from nothing; then write documents of the same sizes by the bare script."""
    await client.flushall()
    began = time.perf_counter()
    await worker.catch_up()
    ours = folds / (time.perf_counter() - began)
    written = [key async for key in client.scan_iter(match="{tw0}:*.1:*", count=5000)]
    values = await client.mget(written)
    documents = [pair for pair in zip(written, values, strict=True) if pair[1] is not None]
    many = (documents * (folds // len(documents) + 1))[:folds]
    bare = folds / await alone(client, many)
    print(f"rebuild {ours:10,.0f} folds a second   bare script {bare:10,.0f} documents a second   ratio {ours / bare:.2f}")
    return ours, bare


async def alone(client: Redis, documents: Sequence[tuple[bytes, bytes]]) -> float:
    """Write documents in batches, each guarded by one checkpoint; return the seconds it took."""
    await client.flushall()
    await client.hset("{tw0}:checkpoint", "position", "0")
    script = client.register_script(SCRIPT)
    began = time.perf_counter()
    for number, start in enumerate(range(0, len(documents), BATCH)):
        batch = documents[start : start + BATCH]
        keys, values = [key for key, _ in batch], [value for _, value in batch]
        if not await script(keys=["{tw0}:checkpoint", *keys], args=[number, number + 1, *values]):
            raise RuntimeError("the checkpoint is not where this bench left it")
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
