"""Collections by rule: what fits is in them, at once, wherever a collection is looked at."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from tests.schema.drawn_goods import Assortment
from tests.schema.front import Front, front
from tests.schema.test_facets import FITTING, assortment, named
from tests.schema.test_listing_filters import rounds
from writes.catalog import UnpublishProduct, UpdateProduct
from writes.collections import CreateCollection
from writes.stock import AdjustStock, CreateWarehouse, StockChange
from writes.variants import PriceIn, SetVariantPrices

__all__ = ["assortment", "front"]

_CREATE = """mutation ($input: CollectionInput!) { collectionCreate(input: $input) { position collectionId
  errors { code message path } collection { rule productCount } } }"""
_SHOWN = """query ($id: ID!, $where: ProductWhere) { collection(id: $id) { rule productCount products(first: 100) {
    totalCount nodes { id } } }
  products(where: $where) { facets { key values { value label count selected } } } }"""


async def ruled(front: Front, rule: dict[str, Any]) -> str:
    made = (await front.asks(_CREATE, input={"name": "Ruled", "rule": rule}))["collectionCreate"]
    assert [] == made["errors"]
    return str(made["collectionId"])


async def names(front: Front, collection_id: str, **more: Any) -> list[str]:
    query = """query ($id: ID!, $search: String, $where: ProductWhere, $sort: ProductSort) { collection(id: $id) {
      products(search: $search, where: $where, sort: $sort) { nodes { name } } } }"""
    found = (await front.asks(query, id=collection_id, **more))["collection"]["products"]["nodes"]
    return [one["name"] for one in found]


@given(drawn=FITTING)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_a_collection_has_what_fits_its_rule_and_no_more(assortment: Assortment, drawn: dict[str, Any]) -> None:
    rule = named(drawn, assortment)
    slug = {"name": "Ruled", "slug": f"ruled-{len(assortment.collections)}", "rule": rule}
    made = (await assortment.front.asks(_CREATE, input=slug))["collectionCreate"]
    assortment.collections.append(made["collectionId"])

    found = await assortment.front.asks(_SHOWN, id=made["collectionId"], where={"collection": made["collectionId"]})

    fitting = sorted(one["id"] for one in assortment.fitting(rule))
    shown = found["collection"]["products"]
    assert fitting == sorted(one["id"] for one in shown["nodes"])
    assert (len(fitting), len(fitting)) == (shown["totalCount"], found["collection"]["productCount"])
    every = (await assortment.front.asks("{ products(first: 100) { nodes { id collections { id } } } }"))["products"]["nodes"]
    assert fitting == sorted(one["id"] for one in every if {"id": made["collectionId"]} in one["collections"])
    [counted] = [facet["values"] for facet in found["products"]["facets"] if facet["key"] == "collection"]
    [own] = [one for one in counted if one["value"] == made["collectionId"]]
    assert (len(fitting), "Ruled", True) == (own["count"], own["label"], own["selected"])


async def test_a_rule_is_told_as_it_was_given(front: Front) -> None:
    rule = {"tag": {"in": ["new"]}, "price": {"gte": "1.50"}, "updatedAt": {"gte": "2026-01-31T12:00:00Z"}, "onSale": True}

    made = (await front.asks(_CREATE, input={"name": "New", "rule": rule}))["collectionCreate"]

    assert rule == made["collection"]["rule"]


async def test_members_follow_price_tags_stock_and_publishing(front: Front) -> None:
    cup, axe = await front.sells("Cup", "5.00", tags=["new"]), await front.sells("Axe", "20.00")
    warehouse = (await front.does(CreateWarehouse("main", "Main")))["warehouse_id"]
    variants = await front.asks("{ products { nodes { variants { id } } } }")
    of_axe, of_cup = [one["variants"][0]["id"] for one in variants["products"]["nodes"]]
    cheap, new, stocked = [
        (await front.does(CreateCollection(str(rule), rule=rule)))["collection_id"]
        for rule in ({"price": {"lte": "10"}}, {"tag": {"eq": "new"}}, {"inStock": True})
    ]
    assert [["Cup"], ["Cup"], []] == [await names(front, one) for one in (cheap, new, stocked)]

    await front.does(SetVariantPrices(of_axe, [PriceIn("default", "9.99", "GBP")]))
    await front.does(UpdateProduct(axe, tags=["new"]))
    await front.does(AdjustStock(warehouse, "RECEIVED", [StockChange(variant_id=of_cup, delta=1)]))

    assert [["Axe", "Cup"], ["Axe", "Cup"], ["Cup"]] == [await names(front, one) for one in (cheap, new, stocked)]

    await front.does(AdjustStock(warehouse, "DAMAGE", [StockChange(variant_id=of_cup, delta=-1)]))
    await front.does(UnpublishProduct(cup, ["default"]))

    assert [["Axe"], ["Axe"], []] == [await names(front, one) for one in (cheap, new, stocked)]
    product = await front.asks("query ($id: ID!) { product(id: $id) { collections { id } } }", id=axe)
    assert [{"id": cheap}, {"id": new}] == product["product"]["collections"]


async def test_a_ruled_collection_is_searched_narrowed_and_sorted(front: Front) -> None:
    for name, price in (("Cup", "5.00"), ("Axe", "3.00"), ("Cup and axe", "4.00")):
        await front.sells(name, price)
    cheap = await ruled(front, {"price": {"lte": "4.50"}})

    assert ["Axe", "Cup and axe"] == await names(front, cheap)
    assert ["Axe", "Cup and axe"] == await names(front, cheap, sort={"field": "POSITION"})  # by name, for it has no places
    assert ["Cup and axe", "Axe"] == await names(front, cheap, sort={"field": "PRICE", "direction": "DESC"})
    assert ["Cup and axe"] == await names(front, cheap, search="cup")
    assert ["Cup and axe"] == await names(front, cheap, where={"price": {"gte": "4"}})


@pytest.mark.parametrize("rule", [{}, {"onSale": False}, {"price": {"lte": "10"}, "tag": {"eq": "new"}}])
async def test_a_page_of_a_rule_costs_three_rounds(front: Front, rule: dict[str, Any]) -> None:
    await front.sells("Cup", tags=["new"])
    collection_id = await ruled(front, rule)
    query = """query ($where: ProductWhere) { products(where: $where) { nodes { name } facets { key values { count } } } }"""

    with rounds(front) as told:
        found = await front.asks(query, where={"collection": collection_id, "price": {"gte": "1"}})

    assert [{"name": "Cup"}] == found["products"]["nodes"]
    assert told[0] - 1 <= 3
