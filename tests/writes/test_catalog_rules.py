"""What may be sold, under which names and for how much."""

import sqlalchemy as sa

from shop import events
from shop.events import Attribute
from writes import tables as t
from writes.catalog import ArchiveProduct, CreateCategory, CreateProduct, PublishProduct, UnpublishProduct, UpdateProduct
from writes.channels import CreateChannel
from writes.checkout import StartCheckout
from writes.refusals import Invalid, NotAllowedFrom, NotFound, Taken, VersionConflict
from writes.variants import CreateVariant, PriceIn, SetVariantPrices, VariantIn


def variant(sku="A-1", amount="10.00", currency="GBP", **more):
    return VariantIn(sku, [PriceIn("uk", amount, currency)], **more)


async def slug_of_new(shop, name):
    await shop.when(CreateProduct(name))
    return shop.first(events.ProductCreated).slug


async def test_a_slug_is_made_from_the_name(shop):
    assert "cafe-creme-no-1" == await slug_of_new(shop, "Café Crème, No. 1")


async def test_a_taken_slug_gets_the_next_free_number(shop):
    slugs = [await slug_of_new(shop, "Mug") for _ in range(3)]
    assert ["mug", "mug-2", "mug-3"] == slugs


async def test_a_name_of_any_length_gives_a_slug(shop):
    assert "a" * 149 == await slug_of_new(shop, "a" * 149 + " b")


async def test_a_name_without_letters_gives_a_slug_too(shop):
    assert "item" == await slug_of_new(shop, "茶碗")


async def test_a_slug_that_was_asked_for_is_unique(shop):
    await shop.given(CreateProduct("Mug", slug="mug"))
    await shop.when(CreateProduct("Another mug", slug="mug"))
    assert Taken is type(shop.refused)
    assert ["input", "slug"] == shop.refused.path


async def test_a_slug_that_a_product_once_had_is_not_given_to_another(shop):
    made = await shop.given(CreateProduct("Mug"))
    await shop.given(UpdateProduct(made["product_id"], slug="cup"))
    await shop.when(CreateProduct("Thief", slug="mug"))
    assert Taken is type(shop.refused)


async def test_a_product_may_go_back_to_its_old_slug(shop):
    made = await shop.given(CreateProduct("Mug"))
    await shop.given(UpdateProduct(made["product_id"], slug="cup"))
    await shop.when(UpdateProduct(made["product_id"], slug="mug"))
    assert [events.ProductSlugChanged(product_id=made["product_id"], slug="mug", was="cup")] == shop.happened


async def test_a_sku_is_unique_without_case(shop):
    await shop.given(CreateProduct("Mug", variants=[variant("Mug-Red")]))
    await shop.when(CreateProduct("Cup", variants=[variant("MUG-RED")]))
    assert Taken is type(shop.refused)
    assert ["input", "variants", "0", "sku"] == shop.refused.path
    assert [] == shop.happened


async def test_an_option_combination_is_unique_in_its_product_whatever_its_order(shop):
    one, other = [Attribute("Size", "M"), Attribute("Color", "Red")], [Attribute("color", "red"), Attribute("size", "m")]
    made = await shop.given(CreateProduct("Shirt", variants=[variant("S-1", option_values=one)]))
    await shop.when(CreateVariant(made["product_id"], variant("S-2", option_values=other)))
    assert Taken is type(shop.refused)
    assert ["input", "optionValues"] == shop.refused.path


async def test_a_product_is_published_where_it_has_a_price(shop):
    made = await shop.given(CreateProduct("Mug", variants=[variant()]))
    await shop.when(PublishProduct(made["product_id"], ["uk"]))
    assert [events.ProductPublished(product_id=made["product_id"], channel="uk")] == shop.happened


async def test_a_product_without_a_price_is_not_published(shop):
    made = await shop.given(CreateProduct("Mug"))
    await shop.when(PublishProduct(made["product_id"], ["uk"]))
    assert Invalid is type(shop.refused)
    assert shop.answer.position is None


async def test_publishing_twice_changes_nothing(shop):
    made = await shop.given(CreateProduct("Mug", variants=[variant()]))
    await shop.given(PublishProduct(made["product_id"], ["uk"]))
    await shop.when(PublishProduct(made["product_id"], ["uk"]))
    assert [] == shop.happened
    assert shop.answer.position is None


async def test_a_product_that_no_channel_sells_is_a_draft_again(shop):
    made = await shop.given(CreateProduct("Mug", variants=[variant()]))
    await shop.given(PublishProduct(made["product_id"], ["uk"]))
    await shop.when(UnpublishProduct(made["product_id"], ["uk"]))
    assert "DRAFT" == shop.first(events.ProductUnpublished).status
    assert "DRAFT" == shop.row(t.products, made["product_id"]).status


async def test_a_price_is_in_the_currency_of_its_channel(shop):
    await shop.when(CreateProduct("Mug", variants=[variant(currency="EUR")]))
    assert Invalid is type(shop.refused)
    assert ["input", "variants", "0", "prices", "0", "price", "currency"] == shop.refused.path


async def test_a_price_has_no_more_decimals_than_its_currency(shop):
    for amount in ("10.001", "1e-3"):
        await shop.when(CreateProduct("Mug", variants=[variant(amount=amount)]))
        assert Invalid is type(shop.refused)
        assert ["input", "variants", "0", "prices", "0", "price", "amount"] == shop.refused.path


async def test_a_price_is_a_number_within_bounds(shop):
    for amount in ("", "ten", "NaN", "-0.01", "1e999999", "9" * 40):
        await shop.when(CreateProduct("Mug", variants=[variant(amount=amount)]))
        assert Invalid is type(shop.refused), amount


async def test_setting_a_price_leaves_other_channels_alone(shop):
    await shop.given(CreateChannel("eu", "Europe", "EUR"))
    made = await shop.given(CreateProduct("Mug", variants=[variant()]))
    (variant_id,) = made["variant_ids"]
    await shop.when(SetVariantPrices(variant_id, [PriceIn("eu", "12.50", "EUR", compare_at="15.00")]))
    assert [events.Price("eu", "EUR", 1250, 1500)] == shop.first(events.VariantPriced).prices
    amounts = shop.rows(sa.select(t.variant_prices.c.channel, t.variant_prices.c.amount).order_by("channel"))
    assert [("eu", 1250), ("uk", 1000)] == [tuple(row) for row in amounts]


async def test_an_expected_version_that_has_passed_is_told_the_current_one(shop):
    made = await shop.given(CreateProduct("Mug"))
    await shop.given(UpdateProduct(made["product_id"], expected_version=1, name="Cup"))
    await shop.when(UpdateProduct(made["product_id"], expected_version=1, name="Bowl"))
    assert VersionConflict is type(shop.refused)
    assert 2 == shop.refused.current


async def test_an_update_tells_all_that_describes_the_product(shop):
    category = (await shop.given(CreateCategory("Kitchen")))["category_id"]
    made = await shop.given(CreateProduct("Mug", vendor="Potter", tags=["clay"], metadata={"a": 1}))
    await shop.when(UpdateProduct(made["product_id"], description="Holds tea.", category_ids=[category]))
    described = shop.first(events.ProductDescribed)
    assert ("Mug", "Holds tea.", "Potter", ["clay"], [category], {"a": 1}) == (
        described.name, described.description, described.vendor, described.tags, described.category_ids, described.metadata,
    )  # fmt: skip


async def test_an_update_that_changes_nothing_writes_nothing(shop):
    made = await shop.given(CreateProduct("Mug", media=[events.Media("https://example.com/mug.png", alt="A mug")]))
    await shop.when(UpdateProduct(made["product_id"], name="Mug", slug="mug"))
    assert [] == shop.happened


async def test_a_category_that_does_not_exist_is_named(shop):
    await shop.when(CreateProduct("Mug", category_ids=["cat_0"]))
    assert NotFound is type(shop.refused)


async def test_categories_nest_ten_deep(shop):
    parent = None
    for depth in range(10):
        parent = (await shop.given(CreateCategory(f"Depth {depth}", parent_id=parent)))["category_id"]
    await shop.when(CreateCategory("Too deep", parent_id=parent))
    assert Invalid is type(shop.refused)


async def test_what_is_absent_is_sql_null_and_not_the_json_text(shop):
    made = await shop.given(CreateProduct("Mug"))
    is_null = sa.select(t.products.c.metadata.is_(sa.null())).where(t.products.c.id == made["product_id"])
    assert [(True,)] == [tuple(row) for row in shop.rows(is_null)]


async def test_a_channel_has_a_code_and_a_real_currency(empty_shop):
    for command in (
        CreateChannel("UK", "Britain", "GBP"),
        CreateChannel("uk", "Britain", "pounds"),
        CreateChannel("uk", " ", "GBP"),
    ):
        await empty_shop.when(command)
        assert Invalid is type(empty_shop.refused)


async def test_an_archived_product_is_sold_nowhere(shop):
    mug = await shop.sells(stocked=1)
    product_id = shop.row(t.variants, mug).product_id
    cart = await shop.cart((mug, 1))
    await shop.when(ArchiveProduct(product_id))
    assert [events.ProductArchived(product_id=product_id)] == shop.happened
    assert ("ARCHIVED", []) == (shop.row(t.products, product_id).status, shop.rows(sa.select(t.publications)))
    await shop.when(StartCheckout(cart))
    assert Invalid is type(shop.refused)


async def test_what_was_started_before_its_product_was_archived_is_still_sold(shop):
    mug = await shop.sells(stocked=1)
    checkout_id = await shop.checkout((mug, 1))
    await shop.given(ArchiveProduct(shop.row(t.variants, mug).product_id), shop.completing(checkout_id))
    assert (1, 1, 0) == shop.level(mug)


async def test_an_archived_product_is_neither_published_nor_archived_again(shop):
    made = await shop.given(CreateProduct("Mug", variants=[variant()]))
    await shop.given(ArchiveProduct(made["product_id"]))
    for command in (PublishProduct(made["product_id"], ["uk"]), ArchiveProduct(made["product_id"])):
        await shop.when(command)
        assert NotAllowedFrom is type(shop.refused)
        assert ("ARCHIVED", ["id"]) == (shop.refused.state, shop.refused.path)
