"""Real books and a real export, where they lie beside the checkout: every figure must be what the file says."""

import csv
import gzip
import io
from collections import Counter, defaultdict
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path

import pytest

from server.books_file import read_books
from server.importing import import_books, import_products
from server.products_file import read_products

DATA = Path(__file__).parents[3] / "shared" / "data"
PART_1 = DATA / "online-retail-part1.csv.gz"
APPAREL = DATA / "apparel.csv"


async def imported(shop, path, *, channel="retail", currency="GBP"):
    return await import_books(shop.bus, read_books(path, currency), channel, currency, lambda *_: None)


async def stocked(shop, path, *, channel="web", currency="USD"):
    return await import_products(shop.bus, read_products(path, currency), channel, currency, lambda *_: None)


@pytest.mark.skipif(not APPAREL.exists(), reason=f"no real product export in {DATA}")
async def test_the_real_export_is_taken_over_whole_and_once(shop):
    first = await stocked(shop, APPAREL)
    before = shop.head()
    second = await stocked(shop, APPAREL)

    assert (20, []) == (first.products_created, first.bad)
    assert (before, 20) == (shop.head(), second.products_known)
    assert [("CLASSIC-VARSITY-TOP-LARGE",), ("CLASSIC-VARSITY-TOP-MEDIUM",), ("CLASSIC-VARSITY-TOP-SMALL",)] == shop.rows(
        "SELECT sku FROM variants v JOIN products p ON p.id = product_id WHERE slug = 'classic-varsity-top' ORDER BY sku"
    )


@pytest.mark.skipif(not PART_1.exists(), reason=f"no real books in {DATA}")
async def test_the_real_books_come_to_what_the_file_says_day_by_day(shop):
    summary = await imported(shop, PART_1)

    assert (104_795, 540, 3_745, 805, 3_024) == (
        summary.lines, len(summary.bad), summary.orders_recorded, summary.credits_recorded, summary.products_created,
    )  # fmt: skip
    assert [(1_682,)] == shop.rows("SELECT count(DISTINCT customer_id) FROM orders")
    days = days_of(shop)
    assert days_in_the_file() == days
    assert (1_030_579, 203_874_259, 23_172_266) == tuple(sum(day[n] for day in days.values()) for n in (1, 2, 3))
    assert (127, 26_919, 5_896_079, 32_523) == days["2010-12-01"]
    assert [("23166", 74_215, 7_718_360), ("22423",), ("DOT",), ("85123A",)] == [
        row if row[0] == "23166" else row[:1]
        for row in shop.rows(
            "SELECT v.sku, sum(l.quantity), sum(l.total) FROM order_lines l JOIN variants v ON v.id = l.variant_id"
            " GROUP BY v.sku ORDER BY 3 DESC LIMIT 4"
        )
    ]
    assert [(44,)] == shop.rows(
        "SELECT count(*) FROM orders o JOIN customers c ON c.id = customer_id WHERE external_ref = '12748'"
    )
    before = shop.head()
    assert (3_745, 805) == ((again := await imported(shop, PART_1)).orders_known, again.credits_known)
    assert before == shop.head()


def days_of(shop):
    """Orders, units, revenue and refunds of each day, from the tables."""
    days = defaultdict(lambda: (0, 0, 0, 0))
    for day, orders, units, revenue in shop.rows(
        "SELECT substr(placed_at, 1, 10), count(DISTINCT o.id), sum(quantity), sum(l.total)"
        " FROM orders o JOIN order_lines l ON l.order_id = o.id GROUP BY 1"
    ):
        days[day] = (orders, units, revenue, 0)
    for day, refunded in shop.rows(
        "SELECT day, sum(amount) FROM (SELECT substr(created_at, 1, 10) day, refunded amount FROM returns"
        " UNION ALL SELECT substr(at, 1, 10), amount FROM credits c JOIN credit_invoices i ON i.number = c.number) GROUP BY 1"
    ):
        days[day] = (*days[day][:3], refunded)
    return dict(days)


def days_in_the_file():
    """The same from the file alone."""
    rows = [
        (row["InvoiceNo"], row["InvoiceDate"], int(row["Quantity"]), Decimal(row["UnitPrice"]))
        for row in csv.DictReader(io.StringIO(gzip.decompress(PART_1.read_bytes()).decode()))
    ]
    good = [one for one in rows if one[3] > 0 and one[2] != 0 and (one[2] < 0) == one[0].startswith("C")]
    began = {}
    for number, at, _, _ in good:
        began[number] = min(began.get(number, at), at)
    orders = Counter(at[:10] for number, at in began.items() if not number.startswith("C"))
    days = defaultdict(lambda: [0, 0, 0])
    for number, _, quantity, price in good:
        amount = int((price * quantity * 100).to_integral_value(rounding=ROUND_HALF_EVEN))
        day = days[began[number][:10]]
        if number.startswith("C"):
            day[2] -= amount
        else:
            day[0] += quantity
            day[1] += amount
    return {day: (orders[day], *sums) for day, sums in days.items()}
