"""What an order's lines and its shipping cost the buyer, and what of it the shop earned. Pure rules over rows.

A line's `total` is its unit price times its quantity. Its discount is taken off that; its tax is added, or is part of it
where the order's prices include tax.
"""

from collections.abc import Sequence
from typing import Any


def cost(order: Any, *, total: int, discount: int, tax: int) -> int:
    """What these parts of a price cost the buyer together."""
    return total - discount + (0 if order.tax_included else tax)


def of_line(order: Any, line: Any) -> int:
    """What a line costs the buyer."""
    return cost(order, total=line.total, discount=line.discount, tax=line.tax)


def of_part(line: Any, quantity: int) -> dict[str, int]:
    """Total, discount and tax of so many units of a line, each rounded down; the rest of the line keeps the rest."""
    return {name: getattr(line, name) * quantity // line.quantity for name in ("total", "discount", "tax")}


def of_units(order: Any, line: Any, quantity: int) -> int:
    """What so many units cost the buyer when they are cut off a line."""
    return cost(order, **of_part(line, quantity))


def of_shipping(order: Any) -> int:
    """What the shipping cost the buyer."""
    cost: int = order.shipping + (0 if order.tax_included else order.shipping_tax)
    return cost


def revenue(order: Any, line: Any) -> int:
    """What the shop earned on a line: after discount, without tax."""
    earned: int = line.total - line.discount - (line.tax if order.tax_included else 0)
    return earned


def goods(order: Any, lines: Sequence[Any], *, refunded: int, told: int, amount: int) -> int:
    """The part of a refund that gives back revenue: its share of what all of the order cost.

    `refunded` was given back before, and `told` of it was goods: so all refunds of a whole order give back all its revenue.
    """
    cost = sum(of_line(order, line) for line in lines) + of_shipping(order)
    earned = sum(revenue(order, line) for line in lines)
    if cost == 0:
        return 0
    return min(amount, max(0, earned * (refunded + amount) // cost - told))
