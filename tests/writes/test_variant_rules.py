"""A variant may be described anew, owed or no longer owed, and taken out of the assortment for good."""

import asyncio

import pytest
import sqlalchemy as sa

from shop import events
from shop.events import Attribute
from writes import tables as t
from writes.catalog import CreateProduct, PublishProduct
from writes.checkout import StartCheckout
from writes.refusals import Invalid, NotAllowedFrom, NotFound, OutOfStock, Taken, VersionConflict
from writes.stock import AdjustStock, CreateWarehouse, StockChange
from writes.variants import CreateVariant, DiscontinueVariant, PriceIn, UpdateVariant, VariantIn

SMALL, LARGE = [Attribute("Size", "S")], [Attribute("Size", "L")]


def shirt(sku, options):
    return VariantIn(sku, [PriceIn("uk", "10.00", "GBP")], option_values=options)


@pytest.fixture
async def shirts(shop):
    """Given a shirt in two sizes: its id, and theirs."""
    made = await shop.given(CreateProduct("Shirt", variants=[shirt("S", SMALL), shirt("L", LARGE)]))
    return made["product_id"], *made["variant_ids"]


async def test_a_change_tells_all_that_describes_the_variant(shop, shirts):
    product_id, small, _ = shirts
    await shop.given(UpdateVariant(small, barcode="123", weight_grams=90))
    await shop.when(UpdateVariant(small, name="Small", weight_grams=None))
    told = events.VariantDescribed(
        variant_id=small, product_id=product_id, name="Small", option_values=SMALL, barcode="123", weight_grams=None
    )
    assert [told] == shop.happened
    row = shop.row(t.variants, small)
    assert ("Small", "123", None) == (row.name, row.barcode, row.weight_grams)


async def test_a_change_that_changes_nothing_writes_nothing(shop, shirts):
    await shop.when(UpdateVariant(shirts[1], name="S", option_values=SMALL, image=None))
    assert (None, []) == (shop.answer.position, shop.happened)


async def test_a_change_is_refused_where_the_input_is_to_blame(shop, shirts):
    _, small, _ = shirts
    for command, kind, path in (
        (UpdateVariant("var_0", name="Any"), NotFound, ["id"]),
        (UpdateVariant(small, expected_version=9, name="Any"), VersionConflict, ["expectedVersion"]),
        (UpdateVariant(small, name=" "), Invalid, ["input", "name"]),
        (UpdateVariant(small, weight_grams=-1), Invalid, ["input", "weightGrams"]),
        (UpdateVariant(small, option_values=[Attribute("size", "l")]), Taken, ["input", "optionValues"]),
    ):
        await shop.when(command)
        assert (kind, path) == (type(shop.refused), shop.refused.path), command


async def test_options_that_a_variant_gave_up_may_be_anothers(shop, shirts):
    product_id, small, _ = shirts
    await shop.given(UpdateVariant(small, option_values=[]), CreateVariant(product_id, shirt("S-2", SMALL)))


async def test_of_two_that_want_to_be_alike_at_the_same_time_one_is_refused(shop, shirts):
    product_id, small, large = shirts
    medium = [Attribute("Size", "M")]
    wanted = [UpdateVariant(small, option_values=medium), UpdateVariant(large, option_values=medium)]
    answers = await asyncio.gather(*map(shop.bus.send, [*wanted, CreateVariant(product_id, shirt("M", medium))]))
    assert [Taken, Taken] == [type(answer.refused) for answer in answers if answer.refused is not None]


async def test_what_may_be_owed_is_sold_beyond_the_shelf_and_no_longer_when_it_may_not(shop):
    mug = await shop.sells(stocked=1)
    await shop.given(UpdateVariant(mug, backorderable=True))
    await shop.order((mug, 3))
    await shop.given(UpdateVariant(mug, backorderable=False))
    await shop.when(StartCheckout(await shop.cart((mug, 1))))
    assert OutOfStock is type(shop.refused)
    assert (1, 3, 0) == shop.level(mug)
    assert [2] == list(shop.rows(sa.select(t.stock_levels.c.shortfall))[0])


async def test_what_is_owed_is_forgiven_as_goods_arrive(shop):
    mug = await shop.sells(backorderable=True)
    await shop.order((mug, 3))
    await shop.given(UpdateVariant(mug, backorderable=False))
    await shop.receives(mug, 4)
    await shop.checkout((mug, 1))
    assert (4, 3, 1) == shop.level(mug)


async def test_levels_that_are_made_meanwhile_know_whether_their_variant_may_be_owed(shop):
    mug = await shop.sells()
    places = [(await shop.given(CreateWarehouse(f"w-{n}", "One")))["warehouse_id"] for n in range(32)]
    counts = [AdjustStock(place, "COUNT", [StockChange(variant_id=mug, counted_to=1)]) for place in places]
    for turn in range(8):
        change = UpdateVariant(mug, backorderable=turn % 2 == 0)
        here = counts[turn * 4 : turn * 4 + 4]
        await asyncio.gather(*map(shop.bus.send, [*here[:2], change, *here[2:]]))
        flags = {row.backorderable for row in shop.rows(sa.select(t.stock_levels.c.backorderable))}
        assert {turn % 2 == 0} == flags


async def test_a_discontinued_variant_is_sold_no_longer(shop):
    mug = await shop.sells(stocked=5)
    in_time, late = await shop.checkout((mug, 1)), await shop.cart((mug, 1))
    await shop.when(DiscontinueVariant(mug))
    assert [events.VariantDiscontinued(variant_id=mug, product_id=shop.row(t.variants, mug).product_id)] == shop.happened
    await shop.given(shop.completing(in_time))
    await shop.when(StartCheckout(late))
    assert Invalid is type(shop.refused)


async def test_a_variant_is_discontinued_once(shop):
    mug = await shop.sells()
    await shop.given(DiscontinueVariant(mug))
    await shop.when(DiscontinueVariant(mug))
    assert NotAllowedFrom is type(shop.refused)
    assert ("DISCONTINUED", []) == (shop.refused.state, shop.refused.allowed)


async def test_a_product_whose_variants_are_all_discontinued_is_not_published(shop, shirts):
    product_id, small, large = shirts
    await shop.given(DiscontinueVariant(small), DiscontinueVariant(large))
    await shop.when(PublishProduct(product_id, ["uk"]))
    assert Invalid is type(shop.refused)
