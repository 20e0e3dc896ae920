"""Whether what is meant is found where something else was typed: over a retailer's own descriptions, and over a few."""

import random
from pathlib import Path

import pytest

from reads.filters import ProductFilter
from reads.listings import Wanted, listing
from reads.pages import Window
from shop.views import Keys
from tests.reads.typing_errors import catalog, descriptions, mistyped

BOOKS = Path(__file__).parents[3] / "shared" / "data" / "online-retail-part1.csv.gz"
_ERRORS, _SHOWN, _SHARE = 500, 10, 0.95
_GOODS = [
    ("1", "WHITE HANGING HEART T-LIGHT HOLDER"), ("2", "WHITE METAL LANTERN"), ("3", "RED WOOLLY HOTTIE WHITE HEART"),
    ("4", "SET 7 BABUSHKA NESTING BOXES"), ("5", "GLASS STAR FROSTED T-LIGHT HOLDER"), ("6", "HAND WARMER UNION JACK"),
    ("7", "ASSORTED COLOUR BIRD ORNAMENT"), ("8", "POPPY'S PLAYHOUSE KITCHEN"), ("9", "LUNCH BAG RED RETROSPOT"),
    ("10", "LUNCH BAG BLACK SKULL"), ("11", "JUMBO BAG RED RETROSPOT"), ("12", "PACK OF 72 RETROSPOT CAKE CASES"),
]  # fmt: skip


async def share_found(views, goods, errors):
    """For how many errors, made over and over, the meant product is among the first shown."""
    chance, tried, found = random.Random(7), 0, 0
    while tried < errors:
        _, name = chance.choice(goods)
        if (typed := mistyped(chance, name)) is None:
            continue
        wanted = Wanted("default", ProductFilter(), typed, "RELEVANCE", None, Window(first=_SHOWN))
        shown = (await listing(await views.reading(), wanted)).page.nodes
        tried, found = tried + 1, found + (name in [one.name for one in shown])
    return found / tried


async def test_a_few_products_are_found_whatever_is_mistyped(async_redis, sqlite_databases, tmp_path):
    async with catalog(sqlite_databases.new(tmp_path), async_redis, Keys(4), _GOODS) as views:
        assert await share_found(views, _GOODS, 100) == 1


@pytest.mark.skipif(not BOOKS.exists(), reason=f"no real books at {BOOKS}")
async def test_real_products_are_found_among_three_thousand(async_redis, sqlite_databases, tmp_path):
    goods = descriptions(BOOKS)[:3000]
    async with catalog(sqlite_databases.new(tmp_path), async_redis, Keys(1), goods) as views:
        assert await share_found(views, goods, _ERRORS) >= _SHARE
