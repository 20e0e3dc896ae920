"""Who may review a product, and what is counted of it."""

import asyncio

import pytest

from shop import events
from writes import people_tables as p
from writes import tables as t
from writes.books import BookLine, RecordPastOrder
from writes.carts import CreateCart, LineIn
from writes.customers import RegisterCustomer
from writes.erasure import EraseCustomer
from writes.fulfillment import SetOrderLineStatus
from writes.refusals import AboveLimit, Invalid, NotAllowedFrom, NotBought, NotFound, Taken
from writes.reviews import ModerateReview, SubmitReview


@pytest.fixture
async def mug(shop):
    """Given a product that is sold; return its variant."""
    return await shop.sells("M", stocked=20)


def product(shop, variant_id):
    return shop.row(t.variants, variant_id).product_id


async def buyer(shop, mug, number=1):
    """Given a customer who bought the mug long ago."""
    line, at = BookLine(shop.row(t.variants, mug).sku, "Mug", 1, "9.00"), "2010-12-01T08:26:00Z"
    await shop.given(RecordPastOrder(str(number), "uk", shop.warehouse, at, [line], f"REF-{number}"))
    return shop.rows(t.customers.select().where(t.customers.c.external_ref == f"REF-{number}"))[0].id


async def review(shop, mug, rating, number, status="PUBLISHED"):
    """Given a review of a buyer of its own, with a status."""
    submitted = await shop.given(SubmitReview(await buyer(shop, mug, number), product(shop, mug), rating))
    if status != "PENDING":
        await shop.given(ModerateReview(submitted["review_id"], status))
    return submitted["review_id"]


async def test_who_was_sent_the_product_may_review_it_and_nobody_reads_it_yet(shop, mug):
    ann = await buyer(shop, mug)
    await shop.when(SubmitReview(ann, product(shop, mug), 4, " Good ", "\n"))
    [submitted] = shop.happened
    assert (4, "Good", None, ann) == (submitted.rating, submitted.title, submitted.body, submitted.customer_id)
    assert ["PENDING"] == [row.status for row in shop.rows(p.reviews.select())]


async def test_what_was_bought_and_not_sent_is_not_reviewed_until_it_is_sent(shop, mug):
    ann = (await shop.given(RegisterCustomer("ANN")))["customer_id"]
    cart_id = (await shop.given(CreateCart("uk", [LineIn(mug, 1)], ann)))["cart_id"]
    order_id = (await shop.given(shop.completing(await shop.starts(cart_id))))["order_id"]
    await shop.when(SubmitReview(ann, product(shop, mug), 4))
    assert (NotBought, "FORBIDDEN", ["input", "productId"]) == (type(shop.refused), shop.refused.code, shop.refused.path)
    [line] = shop.lines(order_id)
    await shop.given(SetOrderLineStatus(order_id, line.id, "PICKING"), SetOrderLineStatus(order_id, line.id, "SHIPPED"))
    await shop.when(SubmitReview(ann, product(shop, mug), 4))
    assert ["ReviewSubmitted"] == shop.names()


async def test_a_buyer_reviews_a_product_once_even_at_the_same_time(shop, mug):
    ann = await buyer(shop, mug)
    answers = await asyncio.gather(*(shop.bus.send(SubmitReview(ann, product(shop, mug), 5)) for _ in range(3)))
    assert [Taken] * 2 == [type(one.refused) for one in answers if one.refused]


@pytest.mark.parametrize(("said", "refusal", "path"), [
    ({"rating": 0}, Invalid, "rating"), ({"rating": 6}, Invalid, "rating"), ({"product_id": "prod_0"}, NotFound, "productId"),
    ({"title": "x" * 201}, AboveLimit, "title"), ({"body": "x" * 5001}, AboveLimit, "body"),
])  # fmt: skip
async def test_a_review_that_cannot_be_right_is_refused_by_its_field(shop, mug, said, refusal, path):
    right = {"customer_id": await buyer(shop, mug), "product_id": product(shop, mug), "rating": 3}
    await shop.when(SubmitReview(**right | said))
    assert (refusal, ["input", path]) == (type(shop.refused), shop.refused.path)


async def test_what_is_published_is_counted_and_what_is_taken_back_is_not(shop, mug):
    await review(shop, mug, 5, 1)
    one = await review(shop, mug, 2, 2, "REJECTED")
    counts = []
    for status in ("PUBLISHED", "PENDING", "PUBLISHED", "REJECTED"):
        await shop.when(ModerateReview(one, status))
        counts.append(shop.first(events.ReviewModerated).ratings)
    assert [[0, 1, 0, 0, 1], [0, 0, 0, 0, 1], [0, 1, 0, 0, 1], [0, 0, 0, 0, 1]] == counts


async def test_a_status_that_it_has_is_refused_with_those_it_may_get(shop, mug):
    one = await review(shop, mug, 5, 1)
    await shop.when(ModerateReview(one, "PUBLISHED"))
    assert (NotAllowedFrom, ["PENDING", "REJECTED"]) == (type(shop.refused), shop.refused.allowed)
    await shop.when(ModerateReview("rev_0", "PUBLISHED"))
    assert NotFound is type(shop.refused)


async def test_reviews_published_at_the_same_time_are_all_counted(shop, mug):
    waiting = [await review(shop, mug, 1 + n % 5, n, "PENDING") for n in range(6)]
    answers = await asyncio.gather(*(shop.bus.send(ModerateReview(one, "PUBLISHED")) for one in waiting))
    assert [None] * 6 == [one.refused for one in answers]
    told = [recorded.event.ratings for recorded in shop.log() if isinstance(recorded.event, events.ReviewModerated)]
    assert list(range(1, 7)) == [sum(ratings) for ratings in told]
    assert [2, 1, 1, 1, 1] == told[-1]


async def test_of_an_erased_customers_review_the_rating_stands(shop, mug):
    ann = await buyer(shop, mug)
    submitted = await shop.given(SubmitReview(ann, product(shop, mug), 4, "I am Ann", "of 1 Quay"))
    await shop.when(EraseCustomer(ann))
    assert [submitted["review_id"]] == shop.first(events.CustomerErased).review_ids
    assert [(4, None, None)] == [(row.rating, row.title, row.body) for row in shop.rows(p.reviews.select())]
