"""Real descriptions of products, a catalog of them, and the errors that people make when they type them."""

import csv
import gzip
import random
import string
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from redis.asyncio import Redis

from projections.worker import Worker
from reads.reading import Views
from shop.tail import open_tail
from shop.views import Keys
from writes.bus import Bus
from writes.catalog import CreateProduct
from writes.channels import CreateChannel
from writes.variants import PriceIn, VariantIn

_LEAST_LETTERS = 5  # of a word that an error is made in


def descriptions(books: Path) -> list[tuple[str, str]]:
    """Stock code and description of each product that an order book sells, the first of each code and of each text."""
    found: dict[str, str] = {}
    with gzip.open(books, "rt", encoding="utf-8", errors="replace", newline="") as rows:
        for row in csv.DictReader(rows):
            text = row["Description"].strip()
            if row["StockCode"][:1].isdigit() and text.isupper() and float(row["UnitPrice"]) > 0:
                found.setdefault(row["StockCode"], text)
    codes: dict[str, str] = {}
    for code, text in found.items():
        codes.setdefault(text, code)
    return [(code, text) for text, code in codes.items()]


@asynccontextmanager
async def catalog(database: Any, redis: Redis, keys: Keys, goods: Sequence[tuple[str, str]]) -> AsyncIterator[Views]:
    """A shop that sells goods of some SKUs and names in the channel `default`, seen through its views."""
    writer = database.new_writer()
    async with AsyncExitStack() as stack:
        stack.callback(database.close)
        stack.push_async_callback(writer.close)
        tail = await stack.enter_async_context(open_tail(database.address))
        bus = Bus(writer, providers={}, committed=_nobody_listens)
        await bus.send(CreateChannel("default", "Shop", "GBP"))
        for number, (sku, name) in enumerate(goods):
            variant = VariantIn(sku, [PriceIn("default", f"{number % 40}.50", "GBP")], backorderable=number % 3 > 0)
            made = {"tags": [f"tag {number % 20}"], "vendor": f"Vendor {number % 7}", "channels": ["default"]}
            answer = await bus.send(CreateProduct(name, variants=[variant], **made))
            assert answer.refused is None, answer.refused
        await Worker(tail, redis, keys).catch_up()
        yield Views(redis, keys, tail)


async def _nobody_listens(_position: int) -> None:
    """The worker is called once, when all is there."""


def mistyped(chance: random.Random, text: str) -> str | None:
    """The text with one error in one of its longer words; None where it has none."""
    words = text.split()
    long = [at for at, word in enumerate(words) if len(word) >= _LEAST_LETTERS and word.isalpha()]
    if not long:
        return None
    at = chance.choice(long)
    words[at] = _edited(chance, words[at])
    return " ".join(words)


def _edited(chance: random.Random, word: str) -> str:
    at = chance.randrange(len(word))
    other = chance.choice([letter for letter in string.ascii_uppercase if letter != word[at]])
    before, here, after = word[:at], word[at], word[at + 1 :]
    return before + chance.choice([after, other + here + after, other + after, after[:1] + here + after[1:]])
