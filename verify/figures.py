"""Customers, credits, and what was sold by day and by product, added up from the tables."""

from collections import defaultdict
from decimal import Decimal

import msgspec

from shop.money import money, rounded
from shop.views import Credit, CreditLine, Customer, DayOfProduct, KeptAddress, ProductSales, Review, SalesDay
from verify.expected import Expected

_CUSTOMERS = """
    SELECT c.id, c.external_ref, c.email, c.name, e.verified
    FROM customers c LEFT JOIN customer_emails e ON e.customer_id = c.id
"""
_ORDER_COUNTS = "SELECT customer_id, count(*) AS orders FROM orders WHERE placed_at IS NOT NULL GROUP BY customer_id"
_SPENT = """
    SELECT o.customer_id AS of, o.currency, CAST(sum(p.captured) - sum(p.refunded) AS bigint) AS amount
    FROM payments p JOIN orders o ON o.id = p.order_id
    WHERE p.state = 'CAPTURED' GROUP BY o.customer_id, o.currency
"""
_CREDITS = """
    SELECT c.id, c.number, c.amount, i.at, i.channel, i.customer_id, h.currency
    FROM credits c JOIN credit_invoices i ON i.number = c.number JOIN channels h ON h.code = i.channel
"""
_GIVEN_BACK = """
    SELECT i.customer_id AS of, c.id FROM credits c JOIN credit_invoices i ON i.number = c.number
"""
_SOLD = """
    SELECT o.channel, substr(o.placed_at, 1, 10) AS day, count(DISTINCT o.id) AS orders,
        CAST(sum(l.quantity) AS bigint) AS units,
        CAST(sum(l.total - l.discount - CASE WHEN o.tax_included THEN l.tax ELSE 0 END) AS bigint) AS revenue
    FROM orders o JOIN order_lines l ON l.order_id = o.id WHERE o.placed_at IS NOT NULL GROUP BY 1, 2
"""
# What was refunded on an order that never was a sale has no goods; its day is shown all the same.
_REFUNDED = """
    SELECT o.channel, substr(e.at, 1, 10) AS day,
        CAST(sum(e.goods) AS bigint) AS amount
    FROM ledger_entries e JOIN payments p ON p.id = e.payment_id JOIN orders o ON o.id = p.order_id
    WHERE e.kind = 'REFUND' AND e.outcome = 'SUCCESS' GROUP BY 1, 2
    UNION ALL
    SELECT i.channel, substr(i.at, 1, 10), CAST(sum(c.amount) AS bigint)
    FROM credits c JOIN credit_invoices i ON i.number = c.number GROUP BY 1, 2
"""
_RANKED = """
    SELECT l.product_id, o.channel, substr(o.placed_at, 1, 10) AS day,
        CAST(sum(l.quantity) AS bigint) AS units,
        CAST(sum(l.total - l.discount - CASE WHEN o.tax_included THEN l.tax ELSE 0 END) AS bigint) AS revenue
    FROM orders o JOIN order_lines l ON l.order_id = o.id WHERE o.placed_at IS NOT NULL GROUP BY 1, 2, 3
"""


def expect_customers(expected: Expected) -> None:
    orders = {row.customer_id: row.orders for row in expected.rows(_ORDER_COUNTS)}
    spent = expected.grouped(_SPENT)
    given_back = expected.grouped(_GIVEN_BACK)
    addresses = expected.grouped("SELECT customer_id AS of, * FROM addresses ORDER BY id")
    for row in expected.rows(_CUSTOMERS):
        customer = Customer(
            id=row.id,
            version=expected.versions[row.id],
            external_ref=row.external_ref,
            email=row.email,
            name=row.name,
            order_count=orders.get(row.id, 0),
            total_spent=[money(one.amount, one.currency) for one in sorted(spent[row.id], key=lambda one: one.currency)],
            credit_ids=[one.id for one in given_back[row.id]],
            email_verified=bool(row.verified),
            addresses=[msgspec.convert({"id": one.id, **one.address}, KeptAddress) for one in addresses[row.id]],
            default_shipping_id=next((one.id for one in addresses[row.id] if one.default_shipping), None),
            default_billing_id=next((one.id for one in addresses[row.id] if one.default_billing), None),
        )
        expected.document(customer)
        known = [text.casefold() for text in (row.external_ref, row.email, row.name) if text]
        expected.sorted_by(customer, "every", known[0] if known else "")
        for word in _words(row.external_ref) | _words(row.name) | {(row.email or "").casefold()} - {""}:
            expected.sorted_by(customer, "search", word)


def expect_reviews(expected: Expected) -> None:
    for row in expected.rows("SELECT * FROM reviews"):
        told = {name: getattr(row, name) for name in ("id", "product_id", "customer_id", "rating", "title", "body", "status")}
        review = Review(version=expected.versions[row.id], created_at=row.created_at, **told)
        expected.document(review)
        for product in (row.product_id, "all"):
            for rating in (row.rating, "any"):
                listed = f"reviews:{product}:{row.status}:{rating}"
                expected.sorted_by(review, f"{listed}:CREATED_AT", row.created_at)
                expected.sorted_by(review, f"{listed}:RATING", f"{row.rating}")


def expect_credits(expected: Expected) -> None:
    lines = expected.grouped("SELECT credit_id AS of, * FROM credit_lines ORDER BY ordinal")
    for row in expected.rows(_CREDITS):
        credit = Credit(
            id=row.id,
            version=expected.versions[row.id],
            number=row.number,
            at=row.at,
            channel=row.channel,
            customer_id=row.customer_id,
            amount=money(row.amount, row.currency),
            lines=[
                CreditLine(
                    line.sku,
                    line.name,
                    line.quantity,
                    money(rounded(Decimal(line.unit_price), row.currency), row.currency),
                    money(line.total, row.currency),
                )
                for line in lines[row.id]
            ],
        )
        expected.document(credit)
        expected.sorted_by(credit, "every", row.at)
        expected.sorted_by(credit, "lookup", f"number={row.number}")


def expect_days(expected: Expected) -> None:
    currencies = {row.code: row.currency for row in expected.rows("SELECT code, currency FROM channels")}
    sold = {(row.channel, row.day): row for row in expected.rows(_SOLD)}
    refunded: dict[tuple[str, str], int] = defaultdict(int)
    for row in expected.rows(_REFUNDED):
        refunded[row.channel, row.day] += row.amount
    for channel, date in sold.keys() | refunded.keys():
        orders, units, revenue = sold[channel, date][2:] if (channel, date) in sold else (0, 0, 0)
        day = SalesDay(
            id=f"day_{channel}_{date}",
            channel=channel,
            date=date,
            orders=orders,
            units=units,
            revenue=money(revenue, currencies[channel]),
            refunded=money(refunded[channel, date], currencies[channel]),
        )
        expected.document(day)
        expected.sorted_by(day, "every", date)


def expect_rankings(expected: Expected) -> None:
    """A product's figures of a month are one document; of each day it stands in two rankings."""
    months: dict[tuple[str, str, str], dict[str, DayOfProduct]] = defaultdict(dict)
    for row in expected.rows(_RANKED):
        months[row.product_id, row.channel, row.day[:7]][row.day] = DayOfProduct(row.units, row.revenue)
        for by, score in (("UNITS", row.units), ("REVENUE", row.revenue)):
            expected.entry(ProductSales, row.product_id, f"top:{row.channel}:{row.day}:{by}", row.product_id, score)
    for (product_id, channel, month), days in months.items():
        expected.document(ProductSales(id=f"{product_id}:{channel}:{month}", channel=channel, days=days))


def _words(text: str | None) -> set[str]:
    """Runs of letters, digits and underscores."""
    return set("".join(c if c.isalnum() or c == "_" else " " for c in (text or "").casefold()).split())
