"""What buyers and staff may do about goods that come back, drawn at random."""

from typing import Any

from shop.events import LineQuantity
from writes import returns

_SENT = """
    SELECT l.order_id, l.id, l.quantity FROM order_lines l JOIN orders o ON o.id = l.order_id
    WHERE o.status IN ('PLACED', 'COMPLETED') AND l.shipped > l.returned
"""


class Returns:
    """Draws commands for a shop; None where there is nothing to draw from."""

    def __init__(self, shop: Any) -> None:
        self._shop = shop
        self._random = shop.random

    def draws(self) -> list[tuple[Any, int]]:
        """Each way to draw, and how often."""
        return [(self.request, 6), (self.decide, 6), (self.receive, 6)]

    def request(self) -> Any:
        """Of one order, mostly not more than may come back."""
        row = self._shop.one(_SENT)
        if row is None:
            return None
        sent = [one for one in self._shop.rows(_SENT) if one.order_id == row.order_id]
        some = self._random.sample(sent, self._random.randint(1, len(sent)))
        lines = [LineQuantity(one.id, self._random.randint(1, one.quantity + self._shop.chance(0.1))) for one in some]
        return returns.RequestReturn(row.order_id, lines, self._random.choice([None, "Too small"]))

    def decide(self) -> Any:
        """Mostly a yes."""
        row = self._shop.one("SELECT id, state FROM returns WHERE state IN ('REQUESTED', 'APPROVED')")
        if row is None:
            return None
        no = self._random.choice([returns.RejectReturn(row.id, "Worn"), returns.CancelReturn(row.id)])
        return no if self._shop.chance(0.25) else returns.ApproveReturn(row.id)

    def receive(self) -> Any:
        row = self._shop.one("SELECT id FROM returns WHERE state = 'APPROVED'")
        warehouse = self._shop.one("SELECT id FROM warehouses")
        how = {"restock": self._shop.chance(0.7), "refund": self._shop.chance(0.8)}
        return row and returns.ReceiveReturn(row.id, warehouse.id, **how)
