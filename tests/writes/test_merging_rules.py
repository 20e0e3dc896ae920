"""A guest's cart becomes part of a customer's: every line there, once, however often and by how many it is asked for."""

import asyncio
import sys
from pathlib import Path

import sqlalchemy as sa

from shop import events
from writes import tables as t
from writes.carts import AddCartLines, CreateCart, ExpireCart, LineIn
from writes.catalog import CreateProduct, PublishProduct, UnpublishProduct
from writes.codes import ApplyCode
from writes.customers import RegisterCustomer
from writes.merging import MergeCarts
from writes.price_tables import cart_codes
from writes.promotions import CreatePromotion
from writes.refusals import AboveLimit, NotAllowedFrom, NotFound
from writes.variants import PriceIn, VariantIn

JOINING = Path(__file__).with_name("joining.py")


async def customer(shop, reference="17850"):
    return (await shop.given(RegisterCustomer(reference)))["customer_id"]


async def many_variants(shop, count):
    variants = [VariantIn(f"V-{n}", [PriceIn("uk", "1.00", "GBP")], name=f"{n}") for n in range(count)]
    made = await shop.given(CreateProduct("Many", variants=variants))
    await shop.given(PublishProduct(made["product_id"], ["uk"]))
    return made["variant_ids"]


def quantities(shop, cart_id):
    columns = t.cart_lines.c
    return {row.variant_id: row.quantity for row in shop.rows(sa.select(t.cart_lines).where(columns.cart_id == cart_id))}


def status(shop, cart_id):
    return shop.row(t.carts, cart_id).status


async def test_quantities_are_summed_and_the_guests_cart_closes(shop):
    ann, mug, cup, jug = await customer(shop), await shop.sells("M"), await shop.sells("C"), await shop.sells("J")
    mine = (await shop.given(CreateCart("uk", [LineIn(mug, 2), LineIn(cup, 1)], ann)))["cart_id"]
    guest = await shop.cart((mug, 3), (jug, 4))
    await shop.when(MergeCarts(guest, ann))
    assert ["CartsMerged"] == shop.names()
    assert {mug: 5, cup: 1, jug: 4} == quantities(shop, mine)
    assert (mine, "MERGED") == (shop.answer.ids["cart_id"], status(shop, guest))


async def test_a_customer_without_a_cart_is_given_one(shop):
    ann, mug = await customer(shop), await shop.sells()
    await shop.when(MergeCarts(await shop.cart((mug, 3)), ann))
    assert ["CartCreated", "CartsMerged"] == shop.names()
    assert (ann, {mug: 3}) == (shop.happened[0].customer_id, quantities(shop, shop.answer.ids["cart_id"]))


async def test_a_sum_above_the_limit_is_capped(shop):
    ann, mug = await customer(shop), await shop.sells()
    mine = (await shop.given(CreateCart("uk", [LineIn(mug, 600)], ann)))["cart_id"]
    await shop.when(MergeCarts(await shop.cart((mug, 600)), ann))
    assert {mug: 999} == quantities(shop, mine)


async def test_sixty_five_lines_come_along_once_however_often_it_is_asked_for(shop):
    ann, variants = await customer(shop), await many_variants(shop, 65)
    guest = await shop.cart(*((one, 2) for one in variants))
    first = await shop.when(MergeCarts(guest, ann))
    assert dict.fromkeys(variants, 2) == quantities(shop, first.ids["cart_id"])
    again = await shop.when(MergeCarts(guest, ann))
    assert ([], first.ids, None) == (shop.happened, again.ids, again.position)
    assert dict.fromkeys(variants, 2) == quantities(shop, first.ids["cart_id"])


async def test_more_lines_than_a_cart_may_have_are_refused_and_both_carts_stay(shop):
    ann, variants = await customer(shop), await many_variants(shop, 501)
    await shop.given(CreateCart("uk", [LineIn(one, 1) for one in variants[:250]], ann))
    guest = await shop.cart(*((one, 1) for one in variants[250:]))
    await shop.when(MergeCarts(guest, ann))
    assert (AboveLimit, ["guestCartToken"], 500) == (type(shop.refused), shop.refused.path, shop.refused.limit)
    assert "OPEN" == status(shop, guest)


async def test_what_is_no_longer_sold_comes_along(shop):
    ann, mug = await customer(shop), await shop.sells()
    guest = await shop.cart((mug, 1))
    await shop.given(UnpublishProduct(shop.row(t.variants, mug).product_id, ["uk"]))
    await shop.when(MergeCarts(guest, ann))
    assert {mug: 1} == quantities(shop, shop.answer.ids["cart_id"])


async def test_the_goods_that_a_guests_checkout_held_are_free_again(shop):
    ann, mug = await customer(shop), await shop.sells(stocked=5)
    guest = await shop.cart((mug, 5))
    await shop.starts(guest)
    await shop.when(MergeCarts(guest, ann))
    assert ["CartCreated", "CheckoutCanceled", "StockReleased", "CartsMerged"] == shop.names()
    assert (5, 0, 0) == shop.level(mug)


async def test_the_guests_codes_come_along_once(shop):
    ann, mug = await customer(shop), await shop.sells()
    both = [CreatePromotion(code, code, "PERCENTAGE", percentage="10") for code in ("OURS", "MINE")]
    ours, mine = [(await shop.given(one))["promotion_id"] for one in both]
    into = (await shop.given(CreateCart("uk", [LineIn(mug, 1)], ann)))["cart_id"]
    guest = await shop.cart((mug, 1))
    await shop.given(ApplyCode(into, "ours"), ApplyCode(guest, "ours"), ApplyCode(guest, "mine"))
    await shop.when(MergeCarts(guest, ann))
    assert ["CartsMerged", "CodeApplied"] == shop.names()
    assert mine == shop.first(events.CodeApplied).promotion_id
    assert {ours, mine} == {row.promotion_id for row in shop.rows(cart_codes.select()) if row.cart_id == into}


async def test_only_a_guests_open_cart_is_merged(shop):
    ann, bob, mug = await customer(shop), await customer(shop, "17851"), await shop.sells(stocked=1)
    bobs = (await shop.given(CreateCart("uk", [LineIn(mug, 1)], bob)))["cart_id"]
    expired, merged = await shop.cart((mug, 1)), await shop.cart((mug, 1))
    await shop.given(MergeCarts(merged, bob))
    shop.passes(days=31)
    await shop.given(ExpireCart(expired))
    for cart_id, refusal in ((bobs, NotFound), ("ord_1", NotFound), (expired, NotAllowedFrom), (merged, NotAllowedFrom)):
        await shop.when(MergeCarts(cart_id, ann))
        assert (refusal, ["guestCartToken"]) == (type(shop.refused), shop.refused.path)


async def test_a_merged_cart_takes_no_more(shop):
    ann, mug = await customer(shop), await shop.sells()
    guest = await shop.cart((mug, 1))
    await shop.given(MergeCarts(guest, ann))
    await shop.when(AddCartLines(guest, [LineIn(mug, 1)]))
    assert "MERGED" == shop.refused.state


async def test_the_event_says_what_the_lines_are_from_now_on(shop):
    ann, mug = await customer(shop), await shop.sells()
    mine = (await shop.given(CreateCart("uk", [LineIn(mug, 2)], ann)))["cart_id"]
    [line] = shop.rows(t.cart_lines.select().where(t.cart_lines.c.cart_id == mine))
    await shop.when(MergeCarts(await shop.cart((mug, 3)), ann))
    [told] = shop.first(events.CartsMerged).lines
    assert (line.id, mug, 5) == (told.line_id, told.variant_id, told.quantity)


async def test_carts_merged_by_several_processes_at_the_same_time_are_there_once(shop):
    """Each process merges all of them; half in the other order."""
    ann, variants = await customer(shop), await many_variants(shop, 65)
    guests = [await shop.cart(*((one, 1) for one in order)) for order in (variants, variants[::-1], variants[20:])]
    processes = [
        await asyncio.create_subprocess_exec(
            sys.executable, JOINING, str(shop.database.address), ann, *(guests[:: 1 if n % 2 else -1]),
            cwd=JOINING.parents[2], env={"PYTHONPATH": "."}, stdout=asyncio.subprocess.PIPE,
        )
        for n in range(2)
    ]  # fmt: skip
    told = [(await process.communicate())[0] for process in processes]
    assert [b"[]\n"] * 2 == told
    [mine] = shop.rows(sa.select(t.carts.c.id).where(t.carts.c.customer_id == ann))
    expected = {one: 2 if n < 20 else 3 for n, one in enumerate(variants)}
    assert expected == quantities(shop, mine.id)
    assert 3 == sum(isinstance(recorded.event, events.CartsMerged) for recorded in shop.log())
