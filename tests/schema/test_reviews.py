"""What buyers say of products, who reads it, and what it adds up to."""

from typing import Any

import pytest

from schema.proofs import Caller
from tests.schema.front import Front, front
from writes.books import BookLine, RecordPastOrder
from writes.customers import UpdateCustomer
from writes.erasure import EraseCustomer
from writes.stock import CreateWarehouse

__all__ = ["front"]

_SUBMIT = """mutation ($i: ReviewSubmitInput!) { reviewSubmit(input: $i) { position reviewId errors { code path }
  review { status rating author product { id } } } }"""
_MODERATE = """mutation ($id: ID!, $s: ReviewStatus!) { reviewModerate(id: $id, status: $s) { position errors { code path }
  review { status } } }"""
_QUEUE = "query ($w: ReviewWhere) { reviews(where: $w) { totalCount nodes { rating status author } } }"
_PRODUCT = """query ($id: ID!, $s: ReviewSort, $r: Int) { product(id: $id) { rating reviewCount ratingCounts { rating count }
  reviews(sort: $s, rating: $r) { totalCount nodes { rating title author product { name } } } } }"""


class Shelf:
    """Given two products, and buyers of both."""

    def __init__(self, front: Front, mug: str, cup: str, buyers: list[str]) -> None:
        self.front, self.mug, self.cup, self.buyers = front, mug, cup, buyers

    async def says(self, buyer: int, product: str, rating: int, **more: Any) -> dict[str, Any]:
        self.front.context.caller = Caller(customer_id=self.buyers[buyer])
        return dict((await self.front.asks(_SUBMIT, i={"productId": product, "rating": rating, **more}))["reviewSubmit"])

    async def publishes(self, *reviews: dict[str, Any], status: str = "PUBLISHED") -> None:
        self.front.context.caller = Caller(staff=True)
        for one in reviews:
            done = (await self.front.asks(_MODERATE, id=one["reviewId"], s=status))["reviewModerate"]
            assert (status, []) == (done["review"]["status"], done["errors"])
        self.front.context.caller = Caller()

    async def product(self, **more: Any) -> dict[str, Any]:
        return dict((await self.front.asks(_PRODUCT, id=self.mug, **more))["product"])

    async def queue(self, **where: Any) -> list[tuple[int, str]]:
        return [(one["rating"], one["status"]) for one in (await self.front.asks(_QUEUE, w=where))["reviews"]["nodes"]]


@pytest.fixture
async def shelf(front: Front) -> Shelf:
    warehouse = str((await front.does(CreateWarehouse("main", "Main")))["warehouse_id"])
    mug, cup = await front.sells("Mug"), await front.sells("Cup")
    both = [BookLine("SKU Mug", "Mug", 1, "9.00"), BookLine("SKU Cup", "Cup", 1, "9.00")]
    for n, ref in enumerate(("ANN", "BOB", "EVE")):
        await front.does(RecordPastOrder(str(n), "default", warehouse, "2010-12-01T08:26:00Z", both, ref))
    found = (await front.asks("{ customers { nodes { id } } }"))["customers"]["nodes"]
    buyers = [str(one["id"]) for one in found]
    for customer_id, name in zip(buyers, ("Ann", "Bob", "Eve"), strict=True):
        await front.does(UpdateCustomer(customer_id, name=name))
    return Shelf(front, mug, cup, buyers)


async def test_a_review_waits_for_staff_and_then_counts(shelf: Shelf) -> None:
    said = await shelf.says(0, shelf.mug, 4, title="Good")
    assert {"status": "PENDING", "rating": 4, "author": "Ann", "product": {"id": shelf.mug}} == said["review"]
    before = await shelf.product()
    assert (None, 0, 0) == (before["rating"], before["reviewCount"], before["reviews"]["totalCount"])

    await shelf.publishes(said, await shelf.says(1, shelf.mug, 5), await shelf.says(2, shelf.mug, 4))

    after = await shelf.product()
    assert ("4.33", 3) == (after["rating"], after["reviewCount"])
    assert [0, 0, 0, 2, 1] == [one["count"] for one in after["ratingCounts"]]


async def test_a_products_reviews_are_sorted_and_chosen_by_rating(shelf: Shelf) -> None:
    await shelf.publishes(*[await shelf.says(n, shelf.mug, rating) for n, rating in enumerate((3, 5, 3))])

    assert [3, 5, 3] == [one["rating"] for one in (await shelf.product())["reviews"]["nodes"]]
    falling = await shelf.product(s={"field": "RATING"})
    assert [(5, "Bob"), (3, "Eve"), (3, "Ann")] == [(one["rating"], one["author"]) for one in falling["reviews"]["nodes"]]
    assert ["Mug"] * 3 == [one["product"]["name"] for one in falling["reviews"]["nodes"]]
    assert 2 == (await shelf.product(r=3))["reviews"]["totalCount"]


async def test_staff_see_the_queue_and_others_what_is_published(shelf: Shelf) -> None:
    waiting, shown, bad = [await shelf.says(n, shelf.mug, n + 1) for n in range(3)]
    await shelf.publishes(shown)
    await shelf.publishes(bad, status="REJECTED")
    await shelf.says(0, shelf.cup, 5)

    assert [(2, "PUBLISHED")] == await shelf.queue()
    [error] = (await shelf.front.asked(_QUEUE, w={"status": ["PENDING"]})).errors
    assert "FORBIDDEN" == error.extensions["code"]
    shelf.front.context.caller = Caller(staff=True)
    assert [(5, "PENDING"), (1, "PENDING")] == await shelf.queue(status=["PENDING"])
    assert [(1, "PENDING")] == await shelf.queue(status=["PENDING", "REJECTED"], product=shelf.mug, rating=1)
    assert 4 == len(await shelf.queue())
    node = "query ($id: ID!) { node(id: $id) { id } }"
    seen = []
    for caller in (Caller(staff=True), Caller(customer_id=shelf.buyers[0]), Caller()):
        shelf.front.context.caller = caller
        seen.append((await shelf.front.asks(node, id=waiting["reviewId"]))["node"] is not None)
    assert [True, True, False] == seen


async def test_only_buyers_review_and_only_staff_moderate(shelf: Shelf) -> None:
    other = await shelf.front.sells("Jug")
    assert [{"code": "FORBIDDEN", "path": ["input", "productId"]}] == (await shelf.says(0, other, 5))["errors"]
    said = await shelf.says(0, shelf.mug, 5)
    assert ["CONFLICT"] == [one["code"] for one in (await shelf.says(0, shelf.mug, 1))["errors"]]
    [error] = (await shelf.front.asked(_MODERATE, id=said["reviewId"], s="PUBLISHED")).errors
    assert "FORBIDDEN" == error.extensions["code"]
    shelf.front.context.caller = Caller()
    [error] = (await shelf.front.asked(_SUBMIT, i={"productId": shelf.mug, "rating": 5})).errors
    assert "UNAUTHENTICATED" == error.extensions["code"]


async def test_products_are_sorted_and_narrowed_by_rating(shelf: Shelf) -> None:
    jug = await shelf.front.sells("Jug")
    await shelf.publishes(
        await shelf.says(0, shelf.mug, 4), await shelf.says(1, shelf.mug, 5), await shelf.says(0, shelf.cup, 3)
    )
    page = "query ($w: ProductWhere) { products(where: $w, sort: {field: RATING}) { nodes { id } } }"

    async def found(**where: Any) -> list[str]:
        return [one["id"] for one in (await shelf.front.asks(page, w=where))["products"]["nodes"]]

    assert [shelf.mug, shelf.cup, jug] == await found()
    assert [shelf.mug] == await found(ratingAtLeast="4.5")
    assert [shelf.mug, shelf.cup] == await found(ratingAtLeast="3")
    assert [] == await found(ratingAtLeast="4.501")
    assert [shelf.cup] == await found(ratingAtLeast="1", ids=[shelf.cup, jug])


async def test_of_an_erased_buyer_only_the_rating_is_left(shelf: Shelf) -> None:
    await shelf.publishes(await shelf.says(0, shelf.mug, 5, title="I am Ann"))
    await shelf.front.does(EraseCustomer(shelf.buyers[0]))

    after = await shelf.product()
    assert [(5, None, None)] == [(one["rating"], one["title"], one["author"]) for one in after["reviews"]["nodes"]]
    assert "5.00" == after["rating"]
