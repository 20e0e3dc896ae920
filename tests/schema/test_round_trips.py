"""What a page costs: as many exchanges with Redis for much as for little. (A list of one may cost one less.)"""

from typing import Any

import pytest

from schema.proofs import Caller
from tests.schema.front import Front, front, rounds
from writes.books import BookLine, RecordPastOrder
from writes.customers import RegisterCustomer
from writes.reviews import ModerateReview, SubmitReview
from writes.stock import CreateWarehouse

__all__ = ["front"]

_LINES = "lines { quantity variant { sku inStock product { slug image { url } } } }"
_ORDER = f"""query ($id: ID!) {{ order(id: $id) {{ number total {{ amount }} channel {{ code }} customer {{ name }} {_LINES}
  payments {{ state ledger {{ kind }} }} returns {{ id }}
  fulfillments {{ state warehouse {{ code }} lines {{ quantity line {{ sku }} }} }} }} }}"""
_HISTORY = f"""{{ me {{ name orders(first: 50) {{ totalCount nodes {{ number {_LINES} }} }} }} }}"""
_PRODUCT = """query ($id: ID!) { product(id: $id) { name rating categories { name } collections { name }
  variants { sku price { amount } stockLevels { onHand warehouse { code } } }
  reviews(first: 50) { totalCount nodes { rating author product { name } } } } }"""
_LISTING = (
    "{ products(first: 50) { totalCount nodes { name image { url } priceRange { min { amount } } rating reviewCount } } }"
)


class Past:
    """Given customers who bought two things once, and some who bought all things many times."""

    def __init__(self, front: Front, products: list[str]) -> None:
        self._front = front
        self._products = products
        self._numbers = 0

    async def order(self, warehouse: str, customer: str, lines: int) -> str:
        self._numbers += 1
        bought = [BookLine(f"SKU P{n}", f"P{n}", 1, "9.00") for n in range(lines)]
        told = (str(self._numbers), "default", warehouse, "2010-12-01T08:26:00Z", bought, customer)
        return str((await self._front.does(RecordPastOrder(*told)))["order_id"])

    async def reviewed(self, product_id: str, customer_id: str) -> None:
        review = await self._front.does(SubmitReview(customer_id, product_id, 5))
        await self._front.does(ModerateReview(review["review_id"], "PUBLISHED"))


async def cost(front: Front, query: str, **values: Any) -> int:
    with rounds(front) as told:
        await front.asks(query, **values)
    return told[0]


@pytest.fixture
async def costs(front: Front) -> dict[str, tuple[int, int]]:
    """What each page costs where there is little, and where there is much."""
    warehouse = str((await front.does(CreateWarehouse("main", "Main")))["warehouse_id"])
    products = [await front.sells(f"P{n}") for n in range(2)]
    past, found = Past(front, products), dict[str, list[int]]()
    ids = [str((await front.does(RegisterCustomer(ref, ref)))["customer_id"]) for ref in ("FEW", "MANY", "A", "B", "C")]

    async def all_pages(order_id: str, customer_id: str) -> None:
        front.context.caller = Caller(customer_id=customer_id)
        found.setdefault("order", []).append(await cost(front, _ORDER, id=order_id))
        found.setdefault("history", []).append(await cost(front, _HISTORY))
        found.setdefault("product", []).append(await cost(front, _PRODUCT, id=products[0]))
        found.setdefault("listing", []).append(await cost(front, _LISTING))

    first = await past.order(warehouse, "FEW", 2)
    await past.reviewed(products[0], ids[0])
    await all_pages(first, ids[0])
    products += [await front.sells(f"P{n}") for n in range(2, 8)]
    orders = [await past.order(warehouse, "MANY", 8) for _ in range(6)]
    for ref, customer_id in zip(("A", "B", "C"), ids[2:], strict=True):
        await past.order(warehouse, ref, 1)
        await past.reviewed(products[0], customer_id)
    await all_pages(orders[0], ids[1])
    return {page: (few, many) for page, (few, many) in found.items()}


async def test_a_page_costs_as_many_round_trips_for_much_as_for_little(costs: dict[str, tuple[int, int]]) -> None:
    assert {page: (few, few) for page, (few, _) in costs.items()} == costs


async def test_a_listing_costs_three_round_trips_at_most_once_it_is_open(costs: dict[str, tuple[int, int]]) -> None:
    assert 3 >= costs["listing"][1] - 1
