"""Listings narrowed by what their products are, and how many exchanges with Redis a page of one costs."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.schema.front import Front, front
from writes.catalog import UpdateProduct
from writes.collections import CreateCollection

__all__ = ["front"]

_PAGE = """query ($where: ProductWhere, $sort: ProductSort, $first: Int) {
  products(where: $where, sort: $sort, first: $first) { totalCount nodes { name } } }"""
_MOST_ROUNDS = 3


async def found(front: Front, where: dict[str, Any], field: str = "NAME") -> list[str]:
    """The names of what is listed, in the order of a sort."""
    page = (await front.asks(_PAGE, where=where, sort={"field": field, "direction": "ASC"}))["products"]
    assert len(page["nodes"]) == page["totalCount"]
    return [one["name"] for one in page["nodes"]]


@pytest.fixture
async def goods(front: Front) -> list[str]:
    """Given four products that cost 5.00, 10.00, 10.00 and 20.00."""
    return [await front.sells(*one) for one in (("Cup", "5.00"), ("Axe", "10.00"), ("Bed", "20.00"), ("Dog", "10.00"))]


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


@pytest.mark.parametrize(
    ("price", "names"),
    [
        ({"gte": "10"}, ["Axe", "Bed", "Dog"]),
        ({"lte": "10.00"}, ["Axe", "Cup", "Dog"]),
        ({"gte": "5.001", "lte": "10.009"}, ["Axe", "Dog"]),
        ({"gte": "1e400"}, []),
        ({"lte": "-1e400"}, []),
        ({}, ["Axe", "Bed", "Cup", "Dog"]),
    ],
)
async def test_a_listing_shows_what_a_price_allows(
    front: Front, goods: list[str], price: dict[str, str], names: list[str]
) -> None:
    assert names == await found(front, {"price": price})
    assert names == await found(front, {"price": price, "ids": goods})
    assert sorted(names) == sorted(await found(front, {"price": price}, "PRICE"))


async def test_a_listing_by_price_begins_where_the_price_allows(front: Front, goods: list[str]) -> None:
    assert ["Axe", "Dog", "Bed"] == await found(front, {"price": {"gte": "6"}}, "PRICE")


async def test_a_listing_shows_what_was_changed_in_time(front: Front, goods: list[str]) -> None:
    query = "query ($id: ID!) { product(id: $id) { updatedAt } }"
    await front.does(UpdateProduct(goods[1], name="Axe II"))
    at = (await front.asks(query, id=goods[1]))["product"]["updatedAt"]

    assert ["Axe II"] == await found(front, {"updatedAt": {"gte": at}})
    assert ["Bed", "Cup", "Dog"] == await found(front, {"updatedAt": {"lt": at}})
    assert ["Axe II"] == await found(front, {"updatedAt": {"gte": at}}, "UPDATED_AT")


async def test_filters_hold_together(front: Front, goods: list[str]) -> None:
    gifts = (await front.does(CreateCollection("Gifts", product_ids=goods[2:])))["collection_id"]

    assert ["Dog"] == await found(front, {"price": {"lte": "10"}, "collection": gifts}, "POSITION")
    assert ["Dog", "Bed"] == await found(front, {"price": {"gte": "10"}, "collection": gifts}, "PRICE")


@pytest.mark.parametrize("first", [1, 100])
async def test_a_page_costs_three_rounds_whatever_narrows_it(front: Front, goods: list[str], first: int) -> None:
    gifts = (await front.does(CreateCollection("Gifts", product_ids=goods)))["collection_id"]
    wide: dict[str, Any] = {"price": {"gte": "1"}, "updatedAt": {"gte": "2020-01-01T00:00:00Z"}, "collection": gifts}
    for where in ({}, {"collection": gifts}, {"price": wide["price"]}, {"updatedAt": wide["updatedAt"]}, wide):
        with rounds(front) as told:
            await front.asks(_PAGE, where=where, first=first)

        assert _MOST_ROUNDS >= told[0] - 1, where  # the first opens the reading
