"""What listings show and count, whatever narrows them: held against a plain opinion on what a client sees of each product."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reads import listings
from tests.schema.drawn_goods import COLORS, TAGS, VENDORS, Assortment, price
from tests.schema.front import Front, front
from writes import catalog

__all__ = ["front"]

_LISTING = """query ($where: ProductWhere, $sort: ProductSort) { products(where: $where, sort: $sort, first: 100) {
  totalCount nodes { id } priceRange { min { amount } max { amount } }
  facets { key label kind values { value label count selected } } } }"""
_PAGE = """query ($where: ProductWhere, $sort: ProductSort) { products(where: $where, sort: $sort, first: 100) {
  totalCount nodes { id } } }"""
_KEYS: dict[str, Callable[[Mapping[str, Any]], Any]] = {
    "NAME": lambda one: one["name"].casefold(),
    "PRICE": price,
    "CREATED_AT": lambda one: one["createdAt"],
    "BEST_SELLING": lambda one: one["unitsSold"],
}

_texts = lambda values: st.one_of(  # noqa: E731 - a strategy of strategies
    st.fixed_dictionaries({}, optional={"eq": st.sampled_from(values), "in": st.lists(st.sampled_from(values), max_size=3)})
)
_attribute = st.one_of(
    st.fixed_dictionaries({"key": st.just("color"), "in": st.lists(st.sampled_from(COLORS), max_size=2)}),
    st.fixed_dictionaries({"key": st.just("size"), "in": st.lists(st.sampled_from(["S", "M", "XL"]), max_size=2)}),
)
_amounts = st.sampled_from(["0", "1", "2.49", "2.5", "9.999", "10"])
_FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "vendor": _texts([*VENDORS, "Nobody"]),
    "tag": _texts([*TAGS, "rare"]),
    "attributes": st.lists(_attribute, max_size=3),
    "inStock": st.booleans(),
    "onSale": st.booleans(),
    "category": st.integers(0, 3),
    "price": st.fixed_dictionaries({}, optional={"gte": _amounts, "lte": _amounts}),
    "status": st.lists(st.sampled_from(["DRAFT", "ACTIVE"]), max_size=2),
    "ids": st.lists(st.integers(0, 24), max_size=20),
}
FITTING = st.fixed_dictionaries({}, optional=_FIELDS)
_WHERE = st.fixed_dictionaries(
    {}, optional={**_FIELDS, "collection": st.just(0), "published": st.sampled_from([True, False, None])}
)


@pytest.fixture(params=[0, 200], ids=["by listings", "by documents"])
async def assortment(front: Front, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Assortment:
    """Given twenty-five products of all sorts, some of them not published; and what counts as few among them."""
    monkeypatch.setattr(listings, "FEW", request.param)
    goods = Assortment(front)
    await goods.fills(seed=7)
    return goods


def named(drawn: dict[str, Any], goods: Assortment) -> dict[str, Any]:
    """The filter with the ids that its numbers stand for."""
    by_number = {"category": goods.categories, "collection": goods.collections}
    where = {name: by_number[name][said] if name in by_number else said for name, said in drawn.items()}
    if "ids" in where:
        where["ids"] = [sorted(goods.seen)[number] for number in where["ids"]]
    return where


@given(drawn=_WHERE, field=st.sampled_from(sorted(_KEYS)), direction=st.sampled_from(["ASC", "DESC"]))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_a_listing_shows_and_counts_what_a_plain_opinion_says(
    assortment: Assortment, drawn: dict[str, Any], field: str, direction: str
) -> None:
    where = named(drawn, assortment)

    found = (await assortment.front.asks(_LISTING, where=where, sort={"field": field, "direction": direction}))["products"]

    page = (await assortment.front.asks(_PAGE, where=where, sort={"field": field, "direction": direction}))["products"]
    fitting = assortment.fitting(where)
    fitting.sort(key=lambda one: (_KEYS[field](one), one["id"]), reverse=direction == "DESC")
    assert [one["id"] for one in fitting] == [one["id"] for one in found["nodes"]]
    assert page == {name: found[name] for name in ("totalCount", "nodes")}
    assert len(fitting) == found["totalCount"]
    told = {one["key"]: {value["value"]: value["count"] for value in one["values"]} for one in found["facets"]}
    assert assortment.counts(where) == told
    ends = found["priceRange"] and tuple(Decimal(found["priceRange"][end]["amount"]) for end in ("min", "max"))
    assert assortment.prices(where) == ends


async def test_a_facet_names_its_values_and_says_which_are_chosen(front: Front) -> None:
    toys = (await front.does(catalog.CreateCategory("Toys")))["category_id"]
    await front.sells("Cup", vendor="East", category_ids=[toys])
    await front.sells("Axe", vendor="West")

    found = (await front.asks(_LISTING, where={"vendor": {"eq": "West"}}))["products"]["facets"]

    assert [
        {
            "key": "vendor",
            "label": "Vendor",
            "kind": "VENDOR",
            "values": [
                {"value": "East", "label": "East", "count": 1, "selected": False},
                {"value": "West", "label": "West", "count": 1, "selected": True},
            ],
        },
        {
            "key": "inStock",
            "label": "In stock",
            "kind": "IN_STOCK",
            "values": [{"value": "false", "label": "Out of stock", "count": 1, "selected": False}],
        },
    ] == found
