"""Lists of orders and of stock levels, narrowed, searched and sorted, each page in few exchanges."""

from typing import Any

import pytest

from shop.events import Address, LineQuantity
from tests.schema.front import Front, front
from tests.schema.test_listing_filters import rounds
from writes.books import BookLine, RecordPastOrder
from writes.carts import CreateCart, LineIn
from writes.checkout import StartCheckout
from writes.completing import CompleteCheckout
from writes.fulfillment import SetOrderLineStatus
from writes.returns import RequestReturn
from writes.stock import AdjustStock, CreateWarehouse, StockChange

__all__ = ["front"]

_PAGE = """query ($where: OrderWhere, $sort: OrderSort, $search: String, $first: Int! = 20, $after: String) {
  orders(where: $where, sort: $sort, search: $search, first: $first, after: $after) {
    totalCount nodes { id number placedAt updatedAt total { amount } } pageInfo { endCursor hasNextPage } } }"""
_LEVELS = """query ($skus: [String!], $search: String, $low: Int, $warehouse: ID, $first: Int! = 50, $after: String) {
  stockLevels(skus: $skus, search: $search, lowStockBelow: $low, warehouseId: $warehouse, first: $first, after: $after) {
    totalCount nodes { available variant { sku } } pageInfo { endCursor } } }"""
_MOST_ROUNDS = 4


class Shop:
    """A front with two warehouses, two orders of a cup and a bed that cost nothing, and one of the books."""

    def __init__(self, front: Front) -> None:
        self.front = front
        self.numbers: dict[str, str] = {}

    async def opens(self) -> None:
        self.cup, self.bed = [await self._sells(name) for name in ("Cup", "Bed")]
        self.main, self.north = [
            (await self.front.does(CreateWarehouse(code, code, priority=priority)))["warehouse_id"]
            for code, priority in (("main", 1), ("north", 0))
        ]
        for warehouse, variant in ((self.main, self.cup), (self.north, self.bed)):
            await self.front.does(AdjustStock(warehouse, "RECEIVED", [StockChange(variant_id=variant, delta=5)]))
        self.of_cup = await self._buys(self.cup, email="zoe.smith@example.org", name="Zoë Smith-Jones")
        self.of_bed = await self._buys(self.bed, email="bob@example.org", name="Bob")
        lines = [BookLine("SKU Cup", "Cup", 2, "7.50")]
        past = RecordPastOrder("536365", "default", self.main, "2010-12-01T08:26:00Z", lines, "17850")
        self.past = (await self.front.does(past))["order_id"]

    async def _sells(self, name: str) -> str:
        product_id = await self.front.sells(name, "0.00")
        shown = await self.front.asks("query ($id: ID!) { product(id: $id) { variants { id } } }", id=product_id)
        return str(shown["product"]["variants"][0]["id"])

    async def _buys(self, variant_id: str, *, email: str, name: str) -> str:
        home = Address(name=name, line1="1 Quay", city="Hull", country="GB")
        cart = await self.front.does(CreateCart("default", [LineIn(variant_id, 2)]))
        checkout = await self.front.does(StartCheckout(cart["cart_id"], email=email, shipping_address=home))
        return str((await self.front.does(CompleteCheckout(checkout["checkout_id"], "0.00", "GBP")))["order_id"])

    async def line(self, order_id: str) -> str:
        shown = await self.front.asks("query ($id: ID!) { order(id: $id) { lines { id } } }", id=order_id)
        return str(shown["order"]["lines"][0]["id"])

    async def moves(self, order_id: str, *statuses: str) -> None:
        line_id = await self.line(order_id)
        for status in statuses:
            await self.front.does(SetOrderLineStatus(order_id, line_id, status))

    async def page(self, **asked: Any) -> Any:
        return (await self.front.asks(_PAGE, **asked))["orders"]

    async def found(self, **asked: Any) -> set[str]:
        page = await self.page(**asked)
        assert len(page["nodes"]) == page["totalCount"]
        return {one["id"] for one in page["nodes"]}


@pytest.fixture
async def shop(front: Front) -> Shop:
    one = Shop(front)
    await one.opens()
    return one


async def test_orders_are_listed_by_the_status_of_their_lines(shop: Shop) -> None:
    await shop.moves(shop.of_cup, "PICKING")

    assert {shop.of_cup} == await shop.found(where={"lineStatus": ["PICKING"]})
    assert {shop.of_cup, shop.of_bed} == await shop.found(where={"lineStatus": ["PICKING", "ALLOCATED"]})
    assert {shop.of_bed} == await shop.found(where={"lineStatus": ["ALLOCATED"], "status": ["PLACED"]})


async def test_orders_are_listed_by_the_warehouse_that_has_their_goods_or_sent_them(shop: Shop) -> None:
    await shop.moves(shop.of_cup, "PICKING", "SHIPPED")

    assert {shop.of_cup, shop.past} == await shop.found(where={"warehouse": shop.main})
    assert {shop.of_bed} == await shop.found(where={"warehouse": shop.north})


async def test_orders_are_listed_by_the_state_of_their_returns(shop: Shop) -> None:
    await shop.moves(shop.of_cup, "PICKING", "SHIPPED")
    await shop.front.does(RequestReturn(shop.of_cup, [LineQuantity(await shop.line(shop.of_cup), 1)]))

    assert {shop.of_cup} == await shop.found(where={"returnState": ["REQUESTED"]})
    assert set() == await shop.found(where={"returnState": ["APPROVED"]})


async def test_orders_are_listed_between_moments(shop: Shop) -> None:
    now = {one["id"]: one["updatedAt"] for one in (await shop.page())["nodes"]}
    await shop.moves(shop.of_bed, "PICKING")
    newest = {one["id"]: one["updatedAt"] for one in (await shop.page())["nodes"]}[shop.of_bed]

    assert {shop.past} == await shop.found(where={"placedAt": {"lt": "2011-01-01T00:00:00Z"}})
    assert {shop.of_cup, shop.of_bed} == await shop.found(where={"placedAt": {"gte": "2010-12-01T08:26:00.001Z"}})
    assert {shop.of_bed} == await shop.found(where={"updatedAt": {"gte": newest}})
    assert shop.of_cup in await shop.found(where={"updatedAt": {"gte": now[shop.of_cup], "lt": newest}})


FOUND = {
    "536": ["past"], "17850": ["past"], "zoe": ["of_cup"], "Zoë Smi": ["of_cup"], "smith-jon": ["of_cup"],
    "ZOE.SMITH@ex": ["of_cup"], "bob@": ["of_bed"], "sku cup": ["of_cup", "past"], "t10": ["of_cup", "of_bed"],
    "zoe bed": [], "%": [], "  ": ["of_cup", "of_bed", "past"],
}  # fmt: skip


async def test_orders_are_found_by_the_beginnings_of_words(shop: Shop) -> None:
    for search, orders in FOUND.items():
        wanted = {getattr(shop, one) for one in orders}
        assert wanted == await shop.found(search=search), search
        assert wanted == await shop.found(search=search, where={"channel": ["default"]}), search


@pytest.mark.parametrize("asked", [{}, {"search": "sku", "where": {"channel": ["default"], "placedAt": {}}}])
async def test_each_sort_goes_both_ways_and_pages_without_a_gap(shop: Shop, asked: dict[str, Any]) -> None:
    for field in ("PLACED_AT", "NUMBER", "TOTAL", "UPDATED_AT"):
        rising, falling = [await _paged(shop, field, direction, asked) for direction in ("ASC", "DESC")]
        assert rising == falling[::-1]
        assert 3 == len(rising)
        assert shop.past == (falling if field in {"TOTAL", "UPDATED_AT"} else rising)[0]


async def _paged(shop: Shop, field: str, direction: str, asked: dict[str, Any]) -> list[str]:
    """The ids of a list, read one by one; the same as when it is read at once."""
    sort, after, seen = {"field": field, "direction": direction}, None, []
    while True:
        page = await shop.page(sort=sort, first=1, after=after, **asked)
        seen += [one["id"] for one in page["nodes"]]
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    assert seen == [one["id"] for one in (await shop.page(sort=sort, **asked))["nodes"]]
    return seen


async def test_a_cursor_stays_good_when_its_order_leaves_the_list(shop: Shop) -> None:
    where, sort = {"lineStatus": ["ALLOCATED"]}, {"field": "NUMBER", "direction": "ASC"}
    page = await shop.page(where=where, sort=sort, first=1)
    await shop.moves(shop.of_cup, "PICKING")

    rest = await shop.page(where=where, sort=sort, after=page["pageInfo"]["endCursor"])

    assert ([shop.of_cup], [shop.of_bed]) == ([one["id"] for one in page["nodes"]], [one["id"] for one in rest["nodes"]])


async def test_a_page_costs_the_same_exchanges_whatever_is_asked(shop: Shop) -> None:
    narrow = {"lineStatus": ["ALLOCATED"], "channel": ["default"], "placedAt": {"gte": "2010-01-01T00:00:00Z"}}
    for asked in ({}, {"search": "zoe smith exa"}, {"where": narrow}):
        with rounds(shop.front) as counted:
            await shop.page(**asked)

        assert counted[0] <= _MOST_ROUNDS, asked


async def levels(shop: Shop, **asked: Any) -> list[tuple[str, int]]:
    page = (await shop.front.asks(_LEVELS, **asked))["stockLevels"]
    assert len(page["nodes"]) == page["totalCount"]
    return sorted((one["variant"]["sku"], one["available"]) for one in page["nodes"])


async def test_levels_are_found_by_words_of_what_lies_there(shop: Shop) -> None:
    assert [("SKU Cup", 3)] == await levels(shop, search="cup")
    assert [("SKU Bed", 3), ("SKU Cup", 3)] == await levels(shop, search="sku")
    assert [("SKU Bed", 3)] == await levels(shop, search="sku be")
    assert [] == await levels(shop, search="cup", skus=["SKU Bed"])
    assert [] == await levels(shop, search="cup", warehouse=shop.north)
    assert [] == await levels(shop, search="&")


async def test_levels_that_run_low_are_listed_and_paged(shop: Shop) -> None:
    await shop.front.does(AdjustStock(shop.main, "DAMAGE", [StockChange(variant_id=shop.cup, delta=-2)]))

    assert [("SKU Cup", 1)] == await levels(shop, low=2)
    assert [("SKU Bed", 3), ("SKU Cup", 1)] == await levels(shop, low=4)
    assert [] == await levels(shop, low=4, search="cup", warehouse=shop.north)
    first = (await shop.front.asks(_LEVELS, low=4, first=1))["stockLevels"]
    rest = (await shop.front.asks(_LEVELS, low=4, after=first["pageInfo"]["endCursor"]))["stockLevels"]
    assert {"SKU Bed", "SKU Cup"} == {one["variant"]["sku"] for one in (*first["nodes"], *rest["nodes"])}
