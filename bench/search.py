"""How fast products are found, and how surely: `python -m bench.search BOOKS.csv.gz [PRODUCTS]`.

A catalog of real descriptions is made by real commands and folded; then it is asked, one question after the other, in one
process. Each kind of question stands beside a page of the plain listing by name in the same run: the least that a page of
products costs here. Beside that stands how often the meant product is among the first ten where one letter is wrong, and
what the indexes of values and words weigh.
"""

import asyncio
import random
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from redis.asyncio import Redis

from reads.filters import Prices, ProductFilter, Texts
from reads.listings import Listing, Wanted, listing
from reads.pages import Window
from reads.reading import Views
from server import redis_server
from shop import views as shapes
from shop.views import Keys, Product
from tests.databases import SqliteFiles
from tests.reads.typing_errors import catalog, descriptions, mistyped

_QUESTIONS, _ERRORS, _SHOWN = 200, 500, 10
_AIM = 0.95  # of the errors
_KEYS = Keys(1)

Goods = Sequence[tuple[str, str]]
Ask = Callable[[str], Awaitable[Listing]]


def main() -> None:
    """Print a line for each kind of question, the share of errors found, and the weight of the indexes."""
    count = int(sys.argv[2]) if sys.argv[2:] else 3_000
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(measure(Path(folder), _many(descriptions(Path(sys.argv[1])), count)))


def _many(goods: Goods, count: int) -> Goods:
    """So many products: where the books have fewer, they come again under other SKUs with a number behind their names."""
    rounds = range(-(-count // len(goods)))
    return [(f"{sku}-{again}", f"{name} {again}" if again else name) for again in rounds for sku, name in goods][:count]


async def measure(home: Path, goods: Goods) -> None:
    server = redis_server.child(home)
    await server.start()
    await redis_server.ready(redis_server.url(home))
    try:
        async with (
            Redis.from_url(redis_server.url(home), protocol=2) as client,
            catalog(SqliteFiles(home).new(home), client, _KEYS, goods) as views,
        ):
            print(f"{len(goods):,} products, {_QUESTIONS} questions of each kind, one after the other")
            for name, ask, texts in _kinds(views, goods):
                print(f"{name:45s} {await _asked(ask, texts)}")
            print(f"meant product in the first {_SHOWN}: {await _share(views, goods):.1%} of {_ERRORS} errors; aim {_AIM:.0%}")
            weights = [await _weight(client, index, goods) for index in (shapes.FACETS, shapes.WORDS, shapes.ENDINGS)]
            print("values {}, words {}, endings {} bytes a product".format(*weights))
    finally:
        await server.stop()


def _kinds(views: Views, goods: Goods) -> list[tuple[str, Ask, list[str]]]:
    chance = random.Random(11)
    names = [name for _, name in chance.choices(goods, k=_QUESTIONS)]
    wrong = [mistyped(chance, name) or name for name in names]
    narrow = ProductFilter(tag=Texts(eq="tag 3"), price=Prices(gte="5", lte="25"))

    def asks(where: ProductFilter, *, searches: bool, tells: bool = False) -> Ask:
        async def ask(text: str) -> Listing:
            sort = "RELEVANCE" if searches else "NAME"
            wanted = Wanted("default", where, text if searches else None, sort, None, Window(first=20), tells)
            return await listing(await views.reading(), wanted)

        return ask

    return [
        ("a page of all by name (held against)", asks(ProductFilter(), searches=False), names),
        ("search: a whole description", asks(ProductFilter(), searches=True), names),
        ("search: one word", asks(ProductFilter(), searches=True), [chance.choice(name.split()) for name in names]),
        ("search: a beginning of three letters", asks(ProductFilter(), searches=True), [name[:3] for name in names]),
        ("search: a description with an error", asks(ProductFilter(), searches=True), wrong),
        ("filter: a tag and a price, by name", asks(narrow, searches=False), names),
        ("facets and price range of all", asks(ProductFilter(), searches=False, tells=True), names),
        ("facets of a tag and a price", asks(narrow, searches=False, tells=True), names),
        (
            "search with facets: one word",
            asks(ProductFilter(), searches=True, tells=True),
            [name.split()[-1] for name in names],
        ),
    ]


async def _asked(ask: Ask, texts: Sequence[str]) -> str:
    """Milliseconds of each question, the first few left out; and what of them is work of this process, Redis apart."""
    for text in texts[:5]:
        await ask(text)
    taken, busy = [], time.process_time()
    for text in texts:
        began = time.perf_counter()
        await ask(text)
        taken.append((time.perf_counter() - began) * 1000)
    taken.sort()
    work = (time.process_time() - busy) * 1000 / len(texts)
    return f"p50 {taken[len(taken) // 2]:6.1f} ms  p99 {taken[len(taken) * 99 // 100]:6.1f} ms  work {work:5.1f} ms"


async def _share(views: Views, goods: Goods) -> float:
    chance, tried, found = random.Random(7), 0, 0
    while tried < _ERRORS:
        _, name = chance.choice(goods)
        if (typed := mistyped(chance, name)) is not None:
            wanted = Wanted("default", ProductFilter(), typed, "RELEVANCE", None, Window(first=_SHOWN))
            shown = (await listing(await views.reading(), wanted)).page.nodes
            tried, found = tried + 1, found + (name in {one.name for one in shown})
    return found / tried


async def _weight(client: Redis, index: str, goods: Goods) -> int:
    used = await client.memory_usage(_KEYS.index(Product, 0, index, 1), samples=0)
    return round((used or 0) / len(goods))


if __name__ == "__main__":
    main()
