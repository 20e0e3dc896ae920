"""Tests of the engine use the random shops and workers that the oracle's tests have, on SQLite unless they say otherwise."""

import pytest

from projections.generations import Generations
from tests.engine import two_products
from tests.oracle.conftest import random_shop

__all__ = ["random_shop", "shop"]


@pytest.fixture
def place(sqlite_databases):
    return sqlite_databases, 1


@pytest.fixture
async def shop(random_shop):
    """A shop with views, and two products in it."""
    async with random_shop(60, 4) as one:
        one.bad, one.good = (row.id for row in one.shop.rows("SELECT id FROM products LIMIT 2"))
        one.generations = Generations(one.async_redis, one.keys)
        await two_products.catch_up(one)
        yield one
