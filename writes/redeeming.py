"""Uses of promotions: claimed in the transaction that makes an order, given back where that order is never placed.

Whoever claims holds the promotions first (`promotions.hold`) and touches them before any stock: none waits in a circle.
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from shop import events
from writes import price_tables as p
from writes.work import Work


def claim(work: Work, order_id: str, customer_id: str | None, applied: Sequence[dict[str, Any]]) -> list[events.Event]:
    """Count a use of each code that gave something. The table's own limit is the last guard."""
    given = sorted((one for one in applied if one.get("amount")), key=lambda one: str(one["promotion_id"]))
    for one in given:
        _count(work, one["promotion_id"], 1)
        row = {"promotion_id": one["promotion_id"], "order_id": order_id, "customer_id": customer_id}
        work.add(p.promotion_uses, row)
    return [
        events.PromotionRedeemed(order_id=order_id, promotion_id=one["promotion_id"], code=one["code"], amount=one["amount"])
        for one in given
    ]


def give_back(work: Work, order_id: str) -> list[events.Event]:
    """The order will never be placed: its uses count no more."""
    columns = p.promotion_uses.c
    uses = work.do(sa.delete(p.promotion_uses).where(columns.order_id == order_id).returning(columns.promotion_id))
    promotion_ids = sorted(uses.scalars())
    for promotion_id in promotion_ids:
        _count(work, promotion_id, -1)
    return [events.PromotionReleased(order_id=order_id, promotion_id=one) for one in promotion_ids]


def _count(work: Work, promotion_id: str, step: int) -> None:
    columns = p.promotions.c
    work.do(sa.update(p.promotions).where(columns.id == promotion_id).values(used=columns.used + step))
