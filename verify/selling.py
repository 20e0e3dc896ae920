"""Carts and checkouts, as the tables tell them. A customer's open cart can be found by its customer."""

from typing import Any

import msgspec

from shop.events import Address, Attribute
from shop.money import money
from shop.views import Cart, CartLine, Checkout, Line
from verify.catalog import media
from verify.charges import shipped_and_taxed
from verify.expected import Expected

# Of a cart's checkouts one at most has not ended.
_CARTS = """
    SELECT k.id, k.channel, c.currency, k.customer_id, k.status, k.expires_at,
        (SELECT max(id) FROM checkouts WHERE cart_id = k.id AND status NOT IN ('CANCELED', 'EXPIRED')) AS checkout_id
    FROM carts k JOIN channels c ON c.code = k.channel
"""
_CART_LINES = """
    SELECT l.cart_id AS of, l.id, l.variant_id, v.product_id, l.quantity
    FROM cart_lines l JOIN variants v ON v.id = l.variant_id
"""
_CHECKOUTS = """
    SELECT k.*, c.currency, o.id AS order_id
    FROM checkouts k JOIN channels c ON c.code = k.channel LEFT JOIN orders o ON o.checkout_id = k.id
"""


def expect_carts(expected: Expected) -> None:
    lines = expected.grouped(_CART_LINES)
    codes = expected.grouped("SELECT cart_id AS of, promotion_id FROM cart_codes")
    for row in expected.rows(_CARTS):
        cart = Cart(
            id=row.id,
            version=expected.versions[row.id],
            channel=row.channel,
            currency=row.currency,
            expires_at=row.expires_at,
            status=row.status,
            customer_id=row.customer_id,
            checkout_id=row.checkout_id,
            promotion_ids=[code.promotion_id for code in codes[row.id]],
            lines=[
                CartLine(id=line.id, variant_id=line.variant_id, product_id=line.product_id, quantity=line.quantity)
                for line in lines[row.id]
            ],
        )
        expected.document(cart)
        if row.customer_id is not None and row.status == "OPEN":
            expected.sorted_by(cart, "lookup", f"customer={row.customer_id}:{row.channel}")


def expect_checkouts(expected: Expected) -> None:
    lines = expected.grouped("SELECT checkout_id AS of, * FROM checkout_lines ORDER BY ordinal")
    for row in expected.rows(_CHECKOUTS):
        checkout = Checkout(
            id=row.id,
            cart_id=row.cart_id,
            channel=row.channel,
            reserved_until=row.reserved_until,
            subtotal=money(row.subtotal, row.currency),
            discount=money(row.discount, row.currency),
            shipping=money(row.shipping, row.currency),
            tax=money(row.tax, row.currency),
            total=money(row.total, row.currency),
            status=row.status,
            email=row.email,
            shipping_address=address(row.shipping_address),
            billing_address=address(row.billing_address),
            metadata=row.metadata,
            order_id=row.order_id,
            weight_grams=row.weight_grams,
            **shipped_and_taxed(row),
            lines=[Line(unit_price=money(line.unit_price, row.currency), **said(line, row)) for line in lines[row.id]],
        )
        expected.document(checkout)


def said(line: Any, owner: Any) -> dict[str, Any]:
    """What lines of checkouts and of orders have in common."""
    return {
        "id": line.id,
        "variant_id": line.variant_id,
        "product_id": line.product_id,
        "sku": line.sku,
        "name": line.name,
        "quantity": line.quantity,
        "discount": money(line.discount, owner.currency),
        "tax": money(line.tax, owner.currency),
        "total": money(line.total, owner.currency),
        "option_values": msgspec.convert(line.option_values, list[Attribute]),
        "image": media(line.image),
    }


def address(written: Any) -> Address | None:
    """An address from its JSON column."""
    return None if written is None else msgspec.convert(written, Address)
