"""What buyers and staff may do about goods that come back, or never leave, drawn at random."""

from typing import Any

from shop.events import LineQuantity
from writes import cancels, charging, returns

_SENT = """
    SELECT l.order_id, l.id, l.quantity FROM order_lines l JOIN orders o ON o.id = l.order_id
    WHERE o.status IN ('PLACED', 'COMPLETED') AND l.shipped > l.returned
"""
_PAID = "AND o.id IN (SELECT order_id FROM payments WHERE captured > refunded AND provider <> 'books')"
_OF_PAID = _PAID.replace("AND o.id", " AND o.order_id")
_SENT_UNPAID = """
    SELECT p.id FROM payments p JOIN order_lines l ON l.order_id = p.order_id
    WHERE l.shipped > 0 AND p.state IN ('CREATED', 'AUTHORIZED')
"""
_WAITING = """
    SELECT l.order_id, l.id, l.quantity FROM order_lines l JOIN orders o ON o.id = l.order_id
    WHERE o.status = 'PLACED' AND l.status IN ('BACKORDERED', 'ALLOCATED', 'PICKING')
"""


class Returns:
    """Draws commands for a shop; None where there is nothing to draw from."""

    def __init__(self, shop: Any) -> None:
        self._shop = shop
        self._random = shop.random

    def draws(self) -> list[tuple[Any, int]]:
        """Each way to draw, and how often."""
        return [
            (self.request, 6), (self.decide, 6), (self.receive, 6), (self.cancel_lines, 3), (self.take_money, 3),
            (self.pay_back, 2),
        ]  # fmt: skip

    def request(self) -> Any:
        """Of one order, mostly not more than may come back."""
        row = (self._shop.one(_SENT + _PAID) if self._shop.chance(0.7) else None) or self._shop.one(_SENT)
        if row is None:
            return None
        sent = [one for one in self._shop.rows(_SENT) if one.order_id == row.order_id]
        some = self._random.sample(sent, self._random.randint(1, len(sent)))
        lines = [LineQuantity(one.id, self._random.randint(1, one.quantity + self._shop.chance(0.1))) for one in some]
        return returns.RequestReturn(row.order_id, lines, self._random.choice([None, "Too small"]))

    def decide(self) -> Any:
        """Mostly a yes."""
        opened = "SELECT o.id FROM returns o WHERE o.state IN ('REQUESTED', 'APPROVED')"
        row = (self._shop.one(opened + _OF_PAID) if self._shop.chance(0.5) else None) or self._shop.one(opened)
        if row is None:
            return None
        no = self._random.choice([returns.RejectReturn(row.id, "Worn"), returns.CancelReturn(row.id)])
        return no if self._shop.chance(0.25) else returns.ApproveReturn(row.id)

    def receive(self) -> Any:
        allowed = "SELECT o.id FROM returns o WHERE o.state = 'APPROVED'"
        row = self._shop.one(allowed + _OF_PAID) or self._shop.one(allowed)
        warehouse = self._shop.one("SELECT id FROM warehouses")
        how = {"restock": self._shop.chance(0.7), "refund": self._shop.chance(0.8)}
        return row and returns.ReceiveReturn(row.id, warehouse.id, **how)

    def take_money(self) -> Any:
        """Of an order that has left in part, so that there is something to give back."""
        row = self._shop.one(_SENT_UNPAID)
        return row and charging.CapturePayment(row.id)

    def pay_back(self) -> Any:
        """What came back without its money."""
        row = self._shop.one(f"SELECT o.id, o.order_id FROM returns o WHERE o.state = 'RECEIVED' {_OF_PAID}")
        if row is None:
            return None
        lines = self._shop.rows(f"SELECT order_line_id, quantity FROM return_lines WHERE return_id = '{row.id}'")
        payment = self._shop.one(f"SELECT id FROM payments WHERE order_id = '{row.order_id}' AND captured > refunded")
        return charging.RefundPayment(payment.id, lines=[LineQuantity(*line) for line in lines])

    def cancel_lines(self) -> Any:
        """Of one order, some units of each of some lines."""
        row = self._shop.one(_WAITING)
        if row is None:
            return None
        waiting = [one for one in self._shop.rows(_WAITING) if one.order_id == row.order_id]
        some = self._random.sample(waiting, self._random.randint(1, len(waiting)))
        lines = [LineQuantity(one.id, self._random.randint(1, one.quantity)) for one in some]
        reason = self._random.choice([None, "Sold out"])
        return cancels.CancelOrderLines(row.order_id, lines, reason, refund=self._shop.chance(0.8))
