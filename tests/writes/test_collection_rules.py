"""What is gathered in a collection, and in which order."""

import asyncio

import pytest
import sqlalchemy as sa

from shop import events
from shop.events import Media, Place
from writes import collections
from writes import tables as t
from writes.catalog import CreateProduct
from writes.collections import CreateCollection, UpdateCollection
from writes.refusals import AboveLimit, Invalid, NotFound, Taken, VersionConflict


@pytest.fixture
async def products(shop):
    """Given the ids of five products."""
    return [(await shop.given(CreateProduct(f"Mug {number}")))["product_id"] for number in range(5)]


async def gathered(shop, name="Gifts", **more):
    """Given a collection; return its id."""
    return (await shop.given(CreateCollection(name, **more)))["collection_id"]


def listed(shop, collection_id):
    """The products of a collection's list, in its order."""
    columns = t.collection_products.c
    rows = shop.rows(sa.select(columns.product_id).where(columns.collection_id == collection_id).order_by(columns.place))
    return [row.product_id for row in rows]


async def test_a_collection_begins_with_its_list(shop, products):
    made = (await shop.when(CreateCollection("Zoë's gifts", product_ids=products[:2]))).ids
    assert [
        events.CollectionDefined(collection_id=made["collection_id"], slug="zoe-s-gifts", name="Zoë's gifts"),
        events.CollectionListed(collection_id=made["collection_id"], places=[Place(products[0], 0), Place(products[1], 1)]),
    ] == shop.happened


async def test_a_collection_without_products_is_an_empty_list(shop):
    await shop.when(CreateCollection("Gifts"))
    assert ["CollectionDefined"] == shop.names()


async def test_an_update_tells_of_the_places_that_changed_and_of_no_others(shop, products):
    one, two, three, four, _ = products
    collection_id = await gathered(shop, product_ids=[one, two, three])
    await shop.when(UpdateCollection(collection_id, product_ids=[one, three, four]))
    changed = [Place(three, 1), Place(four, 2), Place(two)]
    assert [events.CollectionListed(collection_id=collection_id, places=changed)] == shop.happened
    assert [one, three, four] == listed(shop, collection_id)


async def test_the_same_list_again_changes_nothing(shop, products):
    collection_id = await gathered(shop, product_ids=products)
    await shop.when(UpdateCollection(collection_id, name="Gifts", product_ids=products))
    assert [] == shop.happened


async def test_what_is_not_said_stays(shop, products):
    picture = Media("https://example.com/a.jpg")
    collection_id = await gathered(shop, description="For you", image=picture, product_ids=products)
    await shop.when(UpdateCollection(collection_id, name="Presents"))
    assert [
        events.CollectionDefined(
            collection_id=collection_id, slug="gifts", name="Presents", description="For you", image=picture
        )
    ] == shop.happened
    assert products == listed(shop, collection_id)


async def test_what_is_set_to_null_goes(shop):
    collection_id = await gathered(shop, description="For you")
    await shop.when(UpdateCollection(collection_id, description=None))
    assert [events.CollectionDefined(collection_id=collection_id, slug="gifts", name="Gifts")] == shop.happened


async def test_a_long_list_is_told_in_parts(shop, monkeypatch, products):
    monkeypatch.setattr(collections, "_PLACES_AN_EVENT", 2)
    await shop.when(CreateCollection("Gifts", product_ids=products))
    parts = [event.places for event in shop.happened[1:]]
    assert [2, 2, 1] == [len(part) for part in parts]
    assert products == [place.product_id for part in parts for place in part]


async def test_a_list_has_a_limit(shop, monkeypatch, products):
    monkeypatch.setattr(collections, "_MOST_PRODUCTS", 4)
    await shop.when(CreateCollection("Gifts", product_ids=products))
    assert (AboveLimit, 4, ["input", "productIds"]) == (type(shop.refused), shop.refused.limit, shop.refused.path)


async def test_a_product_stands_in_a_list_once(shop, products):
    await shop.when(CreateCollection("Gifts", product_ids=[products[0], products[0]]))
    assert (Invalid, ["input", "productIds"]) == (type(shop.refused), shop.refused.path)


async def test_only_products_that_exist_are_listed(shop, products):
    await shop.when(CreateCollection("Gifts", product_ids=[products[0], "prod_none"]))
    assert (NotFound, ["input", "productIds", "1"]) == (type(shop.refused), shop.refused.path)


async def test_a_slug_belongs_to_one_collection(shop):
    await gathered(shop, slug="gifts")
    await shop.when(CreateCollection("Other", slug="gifts"))
    assert (Taken, ["input", "slug"]) == (type(shop.refused), shop.refused.path)


async def test_a_slug_that_was_given_up_is_free_again(shop):
    await shop.given(UpdateCollection(await gathered(shop, slug="gifts"), slug="presents"))
    await shop.when(CreateCollection("Gifts", slug="gifts"))
    assert ["CollectionDefined"] == shop.names()


async def test_a_collection_does_not_take_anothers_slug(shop):
    await gathered(shop, slug="gifts")
    collection_id = await gathered(shop, slug="presents")
    await shop.when(UpdateCollection(collection_id, slug="gifts"))
    assert (Taken, ["input", "slug"]) == (type(shop.refused), shop.refused.path)


@pytest.mark.parametrize(("said", "path"), [({"slug": "No slug"}, ["input", "slug"]), ({"name": " "}, ["input", "name"])])
async def test_names_and_slugs_are_checked(shop, said, path):
    collection_id = await gathered(shop)
    await shop.when(UpdateCollection(collection_id, **said))
    assert (Invalid, path) == (type(shop.refused), shop.refused.path)


async def test_only_a_collection_that_exists_is_updated(shop):
    await shop.when(UpdateCollection("col_none", name="Gifts"))
    assert (NotFound, ["id"]) == (type(shop.refused), shop.refused.path)


async def test_of_two_updates_of_one_version_one_is_refused(shop, products):
    collection_id = await gathered(shop)
    updates = [UpdateCollection(collection_id, 1, product_ids=[one]) for one in products[:2]]
    answers = await asyncio.gather(*(shop.bus.send(update) for update in updates))
    refused = [answer.refused for answer in answers if answer.refused is not None]
    assert [(VersionConflict, 2)] == [(type(one), one.current) for one in refused]
    assert 1 == len(listed(shop, collection_id))


async def test_of_two_that_want_one_slug_at_once_one_gets_it(shop):
    answers = await asyncio.gather(*(shop.bus.send(CreateCollection(f"Gifts {n}", slug="gifts")) for n in range(2)))
    assert [Taken] == [type(answer.refused) for answer in answers if answer.refused is not None]


async def test_a_collection_may_have_a_rule_instead_of_a_list(shop):
    rule = {"tag": {"eq": "new"}, "price": {"lte": "10.00"}}
    made = (await shop.when(CreateCollection("New", rule=rule))).ids
    assert [events.CollectionDefined(collection_id=made["collection_id"], slug="new", name="New", rule=rule)] == shop.happened
    assert [rule] == [row.rule for row in shop.rows(sa.select(t.collections.c.rule))]


async def test_a_rule_is_changed_and_taken_away(shop):
    collection_id = await gathered(shop, rule={"inStock": True})
    await shop.when(UpdateCollection(collection_id, rule={}))
    assert [{}] == [event.rule for event in shop.happened]
    await shop.when(UpdateCollection(collection_id, rule=None))
    assert [None] == [event.rule for event in shop.happened]


async def test_a_list_and_a_rule_are_never_both(shop, products):
    listing, ruled = await gathered(shop, "List", product_ids=products), await gathered(shop, "Rule", rule={})
    for command in (
        CreateCollection("Both", product_ids=products, rule={}),
        UpdateCollection(listing, rule={}),
        UpdateCollection(ruled, product_ids=products),
    ):
        refused = await shop.when(command)
        assert isinstance(refused.refused, Invalid)
        assert ["input", "rule"] == refused.refused.path


async def test_a_list_gives_way_to_a_rule_in_one_command_and_the_other_way_round(shop, products):
    collection_id = await gathered(shop, product_ids=products)
    await shop.given(UpdateCollection(collection_id, product_ids=[], rule={}))
    assert [] == listed(shop, collection_id)
    await shop.given(UpdateCollection(collection_id, product_ids=products, rule=None))
    assert products == listed(shop, collection_id)


@pytest.mark.parametrize("named", ["collection", "published"])
async def test_a_rule_finds_in_all_that_a_channel_sells(shop, named):
    refused = await shop.when(CreateCollection("New", rule={named: "x"}))
    assert isinstance(refused.refused, Invalid)
    assert ["input", "rule", named] == refused.refused.path


async def test_a_rule_names_a_category_that_there_is(shop):
    refused = await shop.when(CreateCollection("New", rule={"category": "cat_none"}))
    assert isinstance(refused.refused, NotFound)
