"""Orders with their money and goods, and the indexes they are paged by, as the tables tell them."""

from decimal import Decimal
from typing import Any

import msgspec

from shop.events import PaymentAction
from shop.money import money, rounded
from shop.views import Allocation, Fulfillment, LedgerEntry, MovedLine, Order, OrderLine, Payment, Return
from verify.charges import shipped_and_taxed
from verify.expected import Expected
from verify.order_lists import expect_order_entries
from verify.selling import address, said

_GOODS = """
    SELECT order_id AS of, sum(quantity - canceled) AS wanted, sum(shipped) AS shipped, sum(returned) AS returned
    FROM order_lines GROUP BY order_id
"""
_PAYMENTS = """
    SELECT p.order_id AS of, p.*, h.decline_code, CAST(h.action AS TEXT) AS action
    FROM payments p LEFT JOIN payment_hurdles h ON h.payment_id = p.id
"""
_FULFILLMENTS = """
    SELECT f.order_id AS of, f.*, t.carrier, t.tracking_number, t.tracking_url
    FROM fulfillments f LEFT JOIN tracking t ON t.fulfillment_id = f.id
"""
_RETURNS = """
    SELECT r.order_id AS of, r.*, w.reason FROM returns r LEFT JOIN return_reasons w ON w.return_id = r.id
"""


def expect_orders(expected: Expected) -> None:
    tables = {
        "lines": expected.grouped("SELECT order_id AS of, * FROM order_lines ORDER BY ordinal"),
        "allocations": expected.grouped("SELECT order_line_id AS of, * FROM allocations"),
        "payments": expected.grouped(_PAYMENTS),
        "ledger": expected.grouped("SELECT payment_id AS of, * FROM ledger_entries"),
        "fulfillments": expected.grouped(_FULFILLMENTS),
        "fulfilled": expected.grouped("SELECT fulfillment_id AS of, * FROM fulfillment_lines"),
        "returns": expected.grouped(_RETURNS),
        "returned": expected.grouped("SELECT return_id AS of, * FROM return_lines"),
        "goods": expected.grouped(_GOODS),
    }
    for row in expected.rows("SELECT * FROM orders"):
        order = _order(expected, row, tables)
        expected.document(order)
        expect_order_entries(expected, order, row.total)


def _order(expected: Expected, row: Any, tables: dict[str, dict[str, list[Any]]]) -> Order:
    payments = tables["payments"][row.id]
    captured, refunded = (sum(getattr(one, what) for one in payments) for what in ("captured", "refunded"))
    return Order(
        id=row.id,
        version=expected.versions[row.id],
        number=row.number,
        channel=row.channel,
        created_at=row.created_at,
        placed_at=row.placed_at,
        subtotal=money(row.subtotal, row.currency),
        discount=money(row.discount, row.currency),
        shipping=money(row.shipping, row.currency),
        tax=money(row.tax, row.currency),
        total=money(row.total, row.currency),
        paid=money(captured, row.currency),
        refunded=money(refunded, row.currency),
        status=row.status,
        payment_status=_paid(payments, captured, refunded, row.total),
        fulfillment_status=_moved(tables["goods"][row.id][0]),
        checkout_id=row.checkout_id,
        customer_id=row.customer_id,
        email=row.email,
        shipping_address=address(row.shipping_address),
        billing_address=address(row.billing_address),
        metadata=row.metadata,
        **shipped_and_taxed(row),
        lines=[_line(line, row, tables["allocations"][line.id]) for line in tables["lines"][row.id]],
        payments=[_payment(one, row.currency, tables["ledger"][one.id]) for one in payments],
        fulfillments=[_fulfillment(one, tables["fulfilled"][one.id]) for one in tables["fulfillments"][row.id]],
        returns=[_return(one, row.currency, tables["returned"][one.id]) for one in tables["returns"][row.id]],
    )


def _paid(payments: list[Any], captured: int, refunded: int, total: int) -> str:
    """The first rule that holds."""
    states = {one.state for one in payments}
    paid = "CAPTURED" in states
    rules = [
        (0 < captured <= refunded, "REFUNDED"),
        (captured > 0 and refunded > 0, "PARTIALLY_REFUNDED"),
        (paid and captured < total, "PARTIALLY_PAID"),
        (paid, "PAID"),
        ("AUTHORIZED" in states, "AUTHORIZED"),
        (bool(states & {"CREATED", "ACTION_REQUIRED"}), "NONE"),
        ("VOIDED" in states, "VOIDED"),
        ("FAILED" in states, "FAILED"),
    ]
    return next((status for holds, status in rules if holds), "NONE")


def _moved(goods: Any) -> str:
    if goods.returned:
        return "PARTIALLY_RETURNED" if goods.returned < goods.wanted else "RETURNED"
    if goods.shipped:
        return "PARTIALLY_FULFILLED" if goods.shipped < goods.wanted else "FULFILLED"
    return "UNFULFILLED"


def _line(line: Any, order: Any, allocations: list[Any]) -> OrderLine:
    """Books keep prices with more decimals than the currency has; views show them rounded half-even."""
    return OrderLine(
        unit_price=money(rounded(Decimal(line.unit_price), order.currency), order.currency),
        status=line.status,
        quantity_shipped=line.shipped,
        quantity_returned=line.returned,
        quantity_canceled=line.canceled,
        allocations=[Allocation(one.warehouse_id, one.quantity) for one in allocations],
        **said(line, order),
    )


def _payment(row: Any, currency: str, ledger: list[Any]) -> Payment:
    return Payment(
        id=row.id,
        provider=row.provider,
        state=row.state,
        authorized=money(row.authorized, currency),
        captured=money(row.captured, currency),
        refunded=money(row.refunded, currency),
        decline_code=row.decline_code,
        action=None if row.action is None else msgspec.json.decode(row.action, type=PaymentAction),
        ledger=[
            LedgerEntry(
                id=entry.id,
                kind=entry.kind,
                outcome=entry.outcome,
                amount=money(entry.amount, currency),
                at=entry.at,
                provider_ref=entry.provider_ref,
                message=entry.message,
            )
            for entry in ledger
        ],
    )


def _fulfillment(row: Any, lines: list[Any]) -> Fulfillment:
    return Fulfillment(
        id=row.id,
        state=row.state,
        warehouse_id=row.warehouse_id,
        created_at=row.created_at,
        shipped_at=row.shipped_at,
        delivered_at=row.delivered_at,
        carrier=row.carrier,
        tracking_number=row.tracking_number,
        tracking_url=row.tracking_url,
        lines=[MovedLine(line.order_line_id, line.quantity) for line in lines],
    )


def _return(row: Any, currency: str, lines: list[Any]) -> Return:
    return Return(
        id=row.id,
        state=row.state,
        created_at=row.created_at,
        reason=row.reason if row.credit_number is None else f"Credit invoice {row.credit_number}",
        refunded=money(row.refunded, currency) if row.state == "REFUNDED" else None,
        lines=[MovedLine(line.order_line_id, line.quantity) for line in lines],
    )
