"""Many prices are set at once: all rows hold, or none."""

import asyncio

import sqlalchemy as sa

from shop import events
from writes import tables as t
from writes.prices import SetVariantsPrices, VariantPrices
from writes.refusals import Invalid, NotFound
from writes.variants import PriceIn


def pounds(amount, **named):
    return VariantPrices([PriceIn("uk", amount, "GBP")], **named)


def amounts(shop):
    columns = t.variant_prices.c
    return {row.variant_id: row.amount for row in shop.rows(sa.select(columns.variant_id, columns.amount))}


async def test_each_row_names_its_variant_by_id_or_by_sku_without_case(shop):
    mug, cup = await shop.sells("Mug"), await shop.sells("Cup")
    await shop.when(SetVariantsPrices([pounds("3.00", sku="cUP"), pounds("2.50", variant_id=mug)]))
    assert {"variant_ids": [cup, mug]} == shop.answer.ids
    assert [(cup, [events.Price("uk", "GBP", 300)]), (mug, [events.Price("uk", "GBP", 250)])] == [
        (event.variant_id, event.prices) for event in shop.happened
    ]
    assert {mug: 250, cup: 300} == amounts(shop)


async def test_one_wrong_row_leaves_every_price_as_it_was(shop):
    mug = await shop.sells("Mug")
    row = pounds("1.00", variant_id=mug)
    for rows, kind, path in (
        ([], Invalid, []),
        ([row, pounds("1.00")], Invalid, ["1"]),
        ([pounds("1.00", variant_id=mug, sku="Mug")], Invalid, ["0"]),
        ([row, pounds("1.00", sku="mug")], Invalid, ["1"]),
        ([row, pounds("1.00", sku="no such")], NotFound, ["1", "sku"]),
        ([pounds("1.00", variant_id="var_0")], NotFound, ["0", "variantId"]),
        ([VariantPrices([], sku="Mug")], Invalid, ["0", "prices"]),
        ([pounds("-1.00", sku="Mug")], Invalid, ["0", "prices", "0", "price", "amount"]),
        ([VariantPrices([PriceIn("uk", "1", "EUR")], sku="Mug")], Invalid, ["0", "prices", "0", "price", "currency"]),
    ):
        await shop.when(SetVariantsPrices(rows))
        assert (kind, ["input", "rows", *path]) == (type(shop.refused), shop.refused.path), rows
        assert {mug: 1000} == amounts(shop)


async def test_lists_in_opposite_order_do_not_stand_in_each_others_way(shop):
    skus = [f"M-{n}" for n in range(5)]
    for sku in skus:
        await shop.sells(sku)
    there = [SetVariantsPrices([pounds("1.00", sku=sku) for sku in skus]) for _ in range(10)]
    back = [SetVariantsPrices([pounds("2.00", sku=sku) for sku in reversed(skus)]) for _ in range(10)]
    answers = await asyncio.gather(*map(shop.bus.send, [*there, *back]))
    assert {None} == {answer.refused for answer in answers}
    assert 1 == len(set(amounts(shop).values()))
