"""Collections as clients see them: gathered, put in order, found from their products, paged and narrowed."""

from typing import Any

import pytest

from tests.schema.front import Front, front
from writes.catalog import CreateCategory, UnpublishProduct
from writes.collections import CreateCollection, UpdateCollection

__all__ = ["front"]

_CREATE = """mutation ($input: CollectionInput!) { collectionCreate(input: $input) { position collectionId
  errors { code path } collection { id slug name description image { url } version productCount
  products { totalCount nodes { name } } } } }"""
_UPDATE = """mutation ($id: ID!, $input: CollectionUpdateInput!) { collectionUpdate(id: $id, input: $input) { position
  errors { code path } collection { name slug description version productCount products { nodes { name } } } } }"""
_PAGE = """query ($id: ID!, $first: Int, $after: String, $sort: ProductSort, $where: ProductWhere) {
  collection(id: $id) { products(first: $first, after: $after, sort: $sort, where: $where) {
    totalCount nodes { name } pageInfo { endCursor hasNextPage } } } }"""


def names(products: dict[str, Any]) -> list[str]:
    return [one["name"] for one in products["nodes"]]


async def listed(front: Front, collection_id: str, **more: Any) -> list[str]:
    return names((await front.asks(_PAGE, id=collection_id, **more))["collection"]["products"])


@pytest.fixture
async def goods(front: Front) -> list[str]:
    """Given three products, whose names are not in the order they were made in."""
    return [await front.sells(name) for name in ("Cup", "Axe", "Bed")]


async def test_a_collection_shows_its_list_in_its_order(front: Front, goods: list[str]) -> None:
    told = {"name": "Zoë's gifts", "description": "For you", "image": {"url": "https://example.com/a.png"}, "productIds": goods}

    made = (await front.asks(_CREATE, input=told))["collectionCreate"]

    assert [] == made["errors"]
    assert {
        "id": made["collectionId"],
        "slug": "zoe-s-gifts",
        "name": "Zoë's gifts",
        "description": "For you",
        "image": {"url": "https://example.com/a.png"},
        "version": 2,
        "productCount": 3,
        "products": {"totalCount": 3, "nodes": [{"name": "Cup"}, {"name": "Axe"}, {"name": "Bed"}]},
    } == made["collection"]


async def test_an_update_puts_the_list_in_another_order(front: Front, goods: list[str]) -> None:
    cup, axe, bed = goods
    made = await front.does(CreateCollection("Gifts", description="For you", product_ids=[cup, axe]))
    told = {"name": "Presents", "description": None, "productIds": [bed, cup]}

    changed = (await front.asks(_UPDATE, id=made["collection_id"], input=told))["collectionUpdate"]

    assert [] == changed["errors"]
    assert ("Presents", "gifts", None, 2) == tuple(
        changed["collection"][name] for name in ("name", "slug", "description", "productCount")
    )
    assert ["Bed", "Cup"] == names(changed["collection"]["products"])


async def test_a_name_cannot_be_cleared(front: Front) -> None:
    made = await front.does(CreateCollection("Gifts"))

    changed = (await front.asks(_UPDATE, id=made["collection_id"], input={"name": None}))["collectionUpdate"]

    assert [{"code": "INVALID", "path": ["input", "name"]}] == changed["errors"]


async def test_collections_are_found_by_id_by_slug_as_a_node_and_in_a_list(front: Front) -> None:
    made = await front.does(CreateCollection("Gifts"))
    await front.does(CreateCollection("bargains"))
    await front.does(UpdateCollection(made["collection_id"], slug="presents"))

    found = await front.asks(
        """query ($id: ID!) { collections { name } byId: collection(id: $id) { name } bySlug: collection(slug: "presents")
        { name } gone: collection(slug: "gifts") { name } node(id: $id) { ... on Collection { name } } }""",
        id=made["collection_id"],
    )

    assert {
        "collections": [{"name": "bargains"}, {"name": "Gifts"}],
        "byId": {"name": "Gifts"},
        "bySlug": {"name": "Gifts"},
        "gone": None,
        "node": {"name": "Gifts"},
    } == found


async def test_a_product_tells_the_collections_that_list_it(front: Front, goods: list[str]) -> None:
    cup, axe, _ = goods
    await front.does(CreateCollection("Gifts", product_ids=[cup, axe]))
    left = await front.does(CreateCollection("Left", product_ids=[cup]))
    await front.does(UpdateCollection(left["collection_id"], product_ids=[axe]))

    found = await front.asks("query ($id: ID!) { product(id: $id) { collections { name productCount } } }", id=cup)

    assert [{"name": "Gifts", "productCount": 2}] == found["product"]["collections"]


async def test_pages_of_a_list_go_on_where_the_last_ended(front: Front, goods: list[str]) -> None:
    made = await front.does(CreateCollection("Gifts", product_ids=goods))
    first = (await front.asks(_PAGE, id=made["collection_id"], first=2))["collection"]["products"]

    rest = await listed(front, made["collection_id"], first=2, after=first["pageInfo"]["endCursor"])

    assert (["Cup", "Axe"], True, 3) == (names(first), first["pageInfo"]["hasNextPage"], first["totalCount"])
    assert ["Bed"] == rest


async def test_a_list_is_sorted_as_asked(front: Front, goods: list[str]) -> None:
    collection_id = (await front.does(CreateCollection("Gifts", product_ids=goods)))["collection_id"]

    assert ["Axe", "Bed", "Cup"] == await listed(front, collection_id, sort={"field": "NAME"})
    assert ["Bed", "Axe", "Cup"] == await listed(front, collection_id, sort={"field": "POSITION", "direction": "DESC"})


async def test_what_is_not_published_is_not_shown_and_keeps_its_place(front: Front, goods: list[str]) -> None:
    collection_id = (await front.does(CreateCollection("Gifts", product_ids=goods)))["collection_id"]
    await front.does(UnpublishProduct(goods[1], ["default"]))

    assert ["Cup", "Bed"] == await listed(front, collection_id)


async def test_a_collection_is_narrowed_to_a_category_and_to_some_ids(front: Front) -> None:
    category = (await front.does(CreateCategory("Toys")))["category_id"]
    below = (await front.does(CreateCategory("Small", parent_id=category)))["category_id"]
    cup = await front.sells("Cup", category_ids=[below])
    goods = [cup, await front.sells("Axe"), await front.sells("Bed", category_ids=[category])]
    await front.sells("Elsewhere", category_ids=[category])
    collection_id = (await front.does(CreateCollection("Gifts", product_ids=goods)))["collection_id"]

    assert ["Cup", "Bed"] == await listed(front, collection_id, where={"category": category})
    assert ["Axe", "Bed"] == await listed(front, collection_id, where={"ids": goods[:0:-1]})
    assert ["Bed"] == await listed(front, collection_id, where={"ids": goods[1:], "category": category})


@pytest.mark.parametrize("first", [1, 2, 3])
async def test_pages_of_a_narrowed_collection_show_each_product_once(front: Front, first: int) -> None:
    category = (await front.does(CreateCategory("Toys")))["category_id"]
    goods = [await front.sells(name, category_ids=[category]) for name in ("Cup", "Axe", "Bed")]
    collection_id = (await front.does(CreateCollection("Gifts", product_ids=goods)))["collection_id"]
    seen, cursor, more = list[str](), None, True
    while more:
        page = (await front.asks(_PAGE, id=collection_id, first=first, after=cursor, where={"category": category}))[
            "collection"
        ]
        seen += names(page["products"])
        cursor, more = page["products"]["pageInfo"]["endCursor"], page["products"]["pageInfo"]["hasNextPage"]

    assert ["Cup", "Axe", "Bed"] == seen


async def test_position_is_a_sort_of_collections_alone(front: Front, goods: list[str]) -> None:
    collection_id = (await front.does(CreateCollection("Gifts", product_ids=goods)))["collection_id"]
    query = "query ($where: ProductWhere) { products(where: $where, sort: {field: POSITION}) { nodes { name } } }"

    refused = await front.asked(query)

    assert ["POSITION is the order of a collection's list: name one in `where.collection`."] == [
        error.message for error in refused.errors
    ]
    assert ["Cup", "Axe", "Bed"] == names((await front.asks(query, where={"collection": collection_id}))["products"])
