"""Listings narrowed by what their products are, and how many exchanges with Redis a page of one costs."""

import random
from typing import Any

import pytest

from reads import listings
from tests.schema.front import Front, front, rounds
from writes.catalog import CreateCategory, CreateProduct, UnpublishProduct, UpdateProduct
from writes.collections import CreateCollection

__all__ = ["front"]

_PAGE = """query ($search: String, $where: ProductWhere, $sort: ProductSort, $first: Int, $after: String) {
  products(search: $search, where: $where, sort: $sort, first: $first, after: $after) {
    totalCount nodes { id name } pageInfo { endCursor hasNextPage } } }"""
_COUNTED = _PAGE.replace("totalCount", "totalCount priceRange { min { amount } } facets { values { label count } }")
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


@pytest.mark.parametrize(("first", "few"), [(1, 0), (100, 200)])
async def test_a_page_costs_three_rounds_whatever_narrows_it(
    front: Front, goods: list[str], first: int, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listings, "FEW", few)
    gifts = (await front.does(CreateCollection("Gifts", product_ids=goods)))["collection_id"]
    toys = (await front.does(CreateCategory("Toys")))["category_id"]
    await front.does(UpdateProduct(goods[0], category_ids=[toys], tags=["new"]))
    wide: dict[str, Any] = {"price": {"gte": "1"}, "updatedAt": {"gte": "2020-01-01T00:00:00Z"}, "collection": gifts}
    wide |= {"category": toys, "tag": {"eq": "new"}, "inStock": False, "onSale": False}
    alone = [{name: wide[name]} for name in wide]
    for where in ({}, *alone, wide, wide | {"published": None}):
        for search, field in ((None, "PRICE"), ("cup", "PRICE"), ("cup", "RELEVANCE"), ("czp lantern", "NAME")):
            for query in (_PAGE, _COUNTED):
                with rounds(front) as told:
                    await front.asks(query, where=where, first=first, search=search, sort={"field": field})

                assert _MOST_ROUNDS >= told[0] - 1, (where, search, field, query)  # the first opens the reading


async def test_staff_find_what_is_not_sold(front: Front, goods: list[str]) -> None:
    await front.does(CreateProduct("Bare"))
    await front.does(UnpublishProduct(goods[0], ["default"]))

    assert ["Bare", "Cup"] == await found(front, {"published": False})
    assert ["Axe", "Bare", "Bed", "Cup", "Dog"] == await found(front, {"published": None})
    assert ["Bare", "Cup", "Axe", "Dog", "Bed"] == await found(front, {"published": None}, "PRICE")
    assert ["Bare", "Cup"] == await found(front, {"published": None, "status": ["DRAFT"]})
    assert ["Axe", "Bed", "Dog"] == await found(front, {})


@pytest.mark.parametrize("field", ["NAME", "PRICE", "CREATED_AT", "BEST_SELLING", "UPDATED_AT", "POSITION"])
async def test_every_sort_goes_both_ways_and_has_a_natural_one(front: Front, goods: list[str], field: str) -> None:
    gifts = (await front.does(CreateCollection("Gifts", product_ids=goods)))["collection_id"]
    rising, falling, natural = [
        [one["name"] for one in (await front.asks(_PAGE, where={"collection": gifts}, sort=sort))["products"]["nodes"]]
        for sort in ({"field": field, "direction": "ASC"}, {"field": field, "direction": "DESC"}, {"field": field})
    ]

    assert rising == falling[::-1]
    assert natural == (rising if field in {"NAME", "PRICE", "POSITION"} else falling)


@pytest.mark.parametrize("few", [0, 200])
@pytest.mark.parametrize(
    ("field", "where"),
    [
        ("NAME", {}),
        ("PRICE", {"tag": {"eq": "kept"}}),
        ("UPDATED_AT", {"price": {"gte": "1"}}),
        ("RELEVANCE", {"published": None, "tag": {"eq": "kept"}}),
    ],
    ids=str,
)
async def test_paging_while_the_catalog_changes_shows_what_stays_once(
    front: Front, where: dict[str, Any], field: str, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listings, "FEW", few)
    chance = random.Random(field)
    ids = [await front.sells(f"Cup {number:02d}", f"{1 + number % 3}.00", tags=["kept"]) for number in range(12)]
    others = [await front.sells(f"Cup {number:02d} b", "2.00", tags=["kept"]) for number in range(8)]
    search = "cup" if field == "RELEVANCE" else None
    seen, after, more = list[str](), None, True
    while more:
        asked = {"where": where, "first": 3, "after": after, "search": search, "sort": {"field": field}}
        page = (await front.asks(_PAGE, **asked))["products"]
        seen += [one["id"] for one in page["nodes"]]
        after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
        if others:
            await front.does(UnpublishProduct(others.pop(), ["default"]))
        if others:
            await front.does(UpdateProduct(others.pop(), name=f"Cup {chance.randint(0, 12):02d} c", tags=["kept"]))
        await front.sells(f"Cup {chance.randint(0, 12):02d} {chance.random()}", "2.00", tags=["kept"])

    assert set(ids) <= set(seen)
    assert len(seen) == len(set(seen)) or field in {"NAME", "UPDATED_AT"}  # what was changed may come again at its new place
    assert [one for one in seen if one in ids] == list(dict.fromkeys(one for one in seen if one in ids))
