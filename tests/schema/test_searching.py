"""Products found by words: by their beginnings, without case and accents, by SKU, and with a typing error."""

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reads.searching import one_edit_apart
from shop import views
from tests.schema.front import Front, front
from writes.catalog import CreateCategory, CreateProduct, UnpublishProduct, UpdateProduct
from writes.collections import CreateCollection

__all__ = ["front"]

_SEARCH = """query ($search: String!, $where: ProductWhere, $sort: ProductSort, $first: Int, $after: String) {
  products(search: $search, where: $where, sort: $sort, first: $first, after: $after) {
    totalCount nodes { name } pageInfo { endCursor } facets { key values { value count } } } }"""


async def found(front: Front, search: str, **more: Any) -> list[str]:
    page = (await front.asks(_SEARCH, search=search, **more))["products"]
    assert len(page["nodes"]) == page["totalCount"]
    return [one["name"] for one in page["nodes"]]


@pytest.fixture
async def goods(front: Front) -> dict[str, str]:
    """Given five products; their ids by name."""
    told: list[tuple[str, dict[str, Any]]] = [
        ("Hanging heart lantern", {"description": "<b>White</b> metal, for the garden"}),
        ("White metal clock", {"vendor": "Bräuer & Söhne"}),
        ("Red lunch bag", {"tags": ["lantern fish"]}),
        ("Smørrebrød café set", {}),
        ("Lantern", {}),
    ]
    return {name: await front.sells(name, **more) for name, more in told}


async def test_the_name_counts_more_than_a_tag_and_a_tag_more_than_a_description(front: Front, goods: dict[str, str]) -> None:
    assert ["Lantern", "Hanging heart lantern", "Red lunch bag"] == await found(front, "lantern")
    assert ["White metal clock", "Hanging heart lantern"] == await found(front, "white")


async def test_all_words_must_be_there_in_any_order(front: Front, goods: dict[str, str]) -> None:
    assert ["White metal clock"] == await found(front, "clock white")
    assert ["Hanging heart lantern"] == await found(front, "garden lantern")


@pytest.mark.parametrize("search", ["lan", "LANT", "hang he", "heart l"])
async def test_a_beginning_is_enough(front: Front, goods: dict[str, str], search: str) -> None:
    assert "Hanging heart lantern" in await found(front, search)


@pytest.mark.parametrize(
    ("search", "name"),
    [("CAFE", "Smørrebrød café set"), ("smorrebrod", "Smørrebrød café set"), ("brauer sohne", "White metal clock")],
)
async def test_case_and_accents_make_no_difference(front: Front, goods: dict[str, str], search: str, name: str) -> None:
    assert [name] == await found(front, search)


async def test_a_whole_sku_finds_its_product_first(front: Front, goods: dict[str, str]) -> None:
    await front.sells("Lantern SKU spare")

    assert "Lantern" == (await found(front, "sku lantern"))[0]
    assert ["Red lunch bag"] == await found(front, "SKU red lunch bag")


@pytest.mark.parametrize(
    "search", ["lantren", "latnern", "lamtern", "lntern", "lanntern", "alntern", "lanterm", "hangign heart", "herat hanging"]
)
async def test_a_typing_error_finds_what_was_meant(front: Front, goods: dict[str, str], search: str) -> None:
    assert "Hanging heart lantern" in await found(front, search)


async def test_short_words_are_taken_as_they_are(front: Front, goods: dict[str, str]) -> None:
    assert [] == await found(front, "rde")
    assert [] == await found(front, "bagg")
    assert ["Red lunch bag"] == await found(front, "rde lunch")  # has most of the words


async def test_nothing_is_found_where_most_words_are_unknown(front: Front, goods: dict[str, str]) -> None:
    assert [] == await found(front, "purple unicorn lantern")
    assert [] == await found(front, "!?")


async def test_a_search_for_nothing_is_a_listing(front: Front, goods: dict[str, str]) -> None:
    assert sorted(goods, key=str.casefold) == await found(front, "  ")
    assert sorted(goods, key=str.casefold) == await found(front, "", sort={"field": "RELEVANCE"})


async def test_the_best_hit_has_no_direction(front: Front) -> None:
    refused = await front.asked(_SEARCH, search="lantern", sort={"field": "RELEVANCE", "direction": "ASC"})

    assert ["RELEVANCE has no direction: the best hit comes first."] == [error.message for error in refused.errors]


async def test_what_is_not_published_is_found_by_staff_alone_and_hides_no_near_hit(front: Front, goods: dict[str, str]) -> None:
    await front.does(CreateProduct("Lantren"))
    await front.does(UnpublishProduct(goods["Lantern"], ["default"]))

    assert ["Hanging heart lantern", "Red lunch bag"] == await found(front, "lantren")
    assert ["Lantren"] == await found(front, "lantren", where={"published": None})
    assert ["Lantern"] == await found(front, "lantern", where={"published": False})


async def test_what_is_called_anew_is_found_anew(front: Front, goods: dict[str, str]) -> None:
    await front.does(UpdateProduct(goods["Lantern"], name="Oil lamp"))

    assert ["Oil lamp"] == await found(front, "lamp")
    assert "Oil lamp" == (await found(front, "lantern"))[-1]  # by its SKU alone, no longer by its name


async def test_hits_are_narrowed_sorted_and_counted(front: Front, goods: dict[str, str]) -> None:
    await front.does(UpdateProduct(goods["Lantern"], tags=["oil", "new"]))
    await front.does(UpdateProduct(goods["White metal clock"], tags=["new"]))

    assert ["Lantern"] == await found(front, "lantern", where={"tag": {"eq": "new"}})
    assert ["Hanging heart lantern", "Lantern", "Red lunch bag"] == await found(front, "lantern", sort={"field": "NAME"})
    counted = (await front.asks(_SEARCH, search="lantern", where={"tag": {"eq": "oil"}}))["products"]["facets"]
    assert {"tag": {"lantern fish": 1, "new": 1, "oil": 1}, "inStock": {"false": 1}} == {
        facet["key"]: {one["value"]: one["count"] for one in facet["values"]} for facet in counted
    }


async def test_pages_of_hits_go_on_where_the_last_ended(front: Front, goods: dict[str, str]) -> None:
    first = (await front.asks(_SEARCH, search="lantern", first=2))["products"]

    rest = (await front.asks(_SEARCH, search="lantern", first=2, after=first["pageInfo"]["endCursor"]))["products"]

    assert ["Lantern", "Hanging heart lantern", "Red lunch bag"] == [one["name"] for one in first["nodes"] + rest["nodes"]]


async def test_a_category_and_a_collection_are_searched_alone(front: Front, goods: dict[str, str]) -> None:
    toys = (await front.does(CreateCategory("Toys")))["category_id"]
    await front.does(UpdateProduct(goods["Red lunch bag"], category_ids=[toys]))
    gifts = await front.does(CreateCollection("Gifts", product_ids=[goods["Lantern"], goods["White metal clock"]]))
    below = """query ($category: ID!, $collection: ID!) {
      category(id: $category) { products(search: "lantern") { nodes { name } } }
      collection(id: $collection) { products(search: "lantern") { nodes { name } } } }"""

    shown = await front.asks(below, category=toys, collection=gifts["collection_id"])

    assert [["Red lunch bag"], ["Lantern"]] == [[one["name"] for one in shown[name]["products"]["nodes"]] for name in shown]


@given(word=st.text("abc", min_size=3, max_size=5), other=st.text("abc", min_size=2, max_size=6))
def test_one_edit_is_what_all_edits_of_a_word_make(word: str, other: str) -> None:
    assert one_edit_apart(word, other) == (other in _edits(word))


def _edits(word: str) -> set[str]:
    """All that one edit makes of a word of a, b and c, and itself."""
    cuts = [(word[:at], word[at:]) for at in range(len(word) + 1)]
    less = {left + right[1:] for left, right in cuts}
    swapped = {left + right[1] + right[0] + right[2:] for left, right in cuts if len(right) > 1}
    other = {left + letter + right[1:] for (left, right), letter in itertools.product(cuts, "abc") if right}
    more = {left + letter + right for (left, right), letter in itertools.product(cuts, "abc")}
    return less | swapped | other | more


@given(st.text(max_size=60))
def test_words_are_the_same_when_cut_again(text: str) -> None:
    cut = views.words(text)

    assert cut == views.words(" ".join(cut))
    assert cut == views.words(text.upper()) or text.upper().casefold() != text.casefold()
