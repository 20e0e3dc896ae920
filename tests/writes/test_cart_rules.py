"""What may be in a cart, and when a cart can no longer be changed."""

import datetime as dt

from shop import clock, events
from writes import tables as t
from writes.carts import AddCartLines, CreateCart, ExpireCart, LineChange, LineIn, UpdateCartLines, overdue_carts
from writes.catalog import CreateProduct, PublishProduct, UnpublishProduct
from writes.checkout import StartCheckout
from writes.refusals import AboveLimit, Invalid, NotAllowedFrom, NotFound, VersionConflict
from writes.variants import PriceIn, VariantIn


async def first_line(shop, cart_id):
    (row,) = shop.rows(t.cart_lines.select().where(t.cart_lines.c.cart_id == cart_id))
    return row


async def test_a_cart_begins_with_its_lines_and_lives_thirty_days(shop):
    mug = await shop.sells()
    await shop.when(CreateCart("uk", [LineIn(mug, 2)]))
    assert ["CartCreated", "CartLineAdded"] == shop.names()
    assert clock.text(shop.now + dt.timedelta(days=30)) == shop.first(events.CartCreated).expires_at


async def test_the_same_variant_twice_is_one_line(shop):
    mug = await shop.sells()
    await shop.when(CreateCart("uk", [LineIn(mug, 2), LineIn(mug, 3)]))
    assert 5 == shop.first(events.CartLineAdded).quantity


async def test_adding_what_is_there_raises_its_quantity(shop):
    mug = await shop.sells()
    cart_id = await shop.cart((mug, 2))
    await shop.when(AddCartLines(cart_id, [LineIn(mug, 3)]))
    assert ["CartLineChanged"] == shop.names()
    assert 5 == shop.happened[0].quantity


async def test_a_line_has_999_units_at_most(shop):
    mug = await shop.sells()
    cart_id = await shop.cart((mug, 998))
    assert (await shop.when(AddCartLines(cart_id, [LineIn(mug, 1)]))).refused is None
    await shop.when(AddCartLines(cart_id, [LineIn(mug, 1)]))
    assert AboveLimit is type(shop.refused)
    assert 999 == shop.refused.limit


async def test_a_cart_has_500_lines_at_most(shop):
    variants = [VariantIn(f"V-{n}", [PriceIn("uk", "1.00", "GBP")], name=f"{n}") for n in range(501)]
    made = await shop.given(CreateProduct("Many", variants=variants))
    await shop.given(PublishProduct(made["product_id"], ["uk"]))
    lines = [LineIn(variant_id, 1) for variant_id in made["variant_ids"]]
    assert (await shop.when(CreateCart("uk", lines[:500]))).refused is None
    await shop.when(CreateCart("uk", lines))
    assert AboveLimit is type(shop.refused)
    assert 500 == shop.refused.limit


async def test_a_quantity_of_zero_removes_the_line(shop):
    cart_id = await shop.cart((await shop.sells(), 2))
    line = await first_line(shop, cart_id)
    await shop.when(UpdateCartLines(cart_id, [LineChange(line.id, 0)]))
    assert ["CartLineRemoved"] == shop.names()


async def test_a_quantity_is_not_below_zero(shop):
    mug = await shop.sells()
    cart_id = await shop.cart((mug, 2))
    line = await first_line(shop, cart_id)
    for command in (AddCartLines(cart_id, [LineIn(mug, 0)]), UpdateCartLines(cart_id, [LineChange(line.id, -1)])):
        await shop.when(command)
        assert Invalid is type(shop.refused)


async def test_a_line_is_changed_once_in_one_command(shop):
    cart_id = await shop.cart((await shop.sells(), 2))
    line = await first_line(shop, cart_id)
    await shop.when(UpdateCartLines(cart_id, [LineChange(line.id, 0), LineChange(line.id, 5)]))
    assert NotFound is type(shop.refused)
    assert [] == shop.happened


async def test_a_variant_that_the_channel_does_not_sell_is_refused_by_its_line(shop):
    mug, cup = await shop.sells("M"), await shop.sells("C")
    product_id = shop.row(t.variants, cup).product_id
    await shop.given(UnpublishProduct(product_id, ["uk"]))
    for variant_id in (cup, "var_0"):
        await shop.when(CreateCart("uk", [LineIn(mug, 1), LineIn(variant_id, 1)]))
        assert NotFound is type(shop.refused)
        assert ["lines", "1", "variantId"] == shop.refused.path


async def test_an_expected_version_that_has_passed_is_a_conflict(shop):
    cart_id = await shop.cart((await shop.sells(), 2))
    line = await first_line(shop, cart_id)
    await shop.when(UpdateCartLines(cart_id, [LineChange(line.id, 3)], expected_version=1))
    assert VersionConflict is type(shop.refused)
    assert 2 == shop.refused.current


async def test_a_cart_that_became_an_order_is_closed(shop):
    mug = await shop.sells(stocked=5)
    cart_id = await shop.cart((mug, 1))
    checkout_id = (await shop.given(StartCheckout(cart_id)))["checkout_id"]
    await shop.given(shop.completing(checkout_id))
    await shop.when(AddCartLines(cart_id, [LineIn(mug, 1)]))
    assert NotAllowedFrom is type(shop.refused)
    assert "ORDERED" == shop.refused.state


async def test_a_cart_expires_when_its_time_is_over_and_not_before(shop):
    cart_id = await shop.cart()
    await shop.when(ExpireCart(cart_id))
    assert [] == shop.happened
    shop.passes(days=31)
    assert [cart_id] == shop.read(overdue_carts, clock.text(shop.now), 10)
    await shop.when(ExpireCart(cart_id))
    assert [events.CartExpired(cart_id=cart_id)] == shop.happened


async def test_a_cart_that_is_changed_lives_on(shop):
    mug = await shop.sells()
    cart_id = await shop.cart((mug, 1))
    shop.passes(days=20)
    await shop.given(AddCartLines(cart_id, [LineIn(mug, 1)]))
    shop.passes(days=20)
    await shop.when(ExpireCart(cart_id))
    assert [] == shop.happened
