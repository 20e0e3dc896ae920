"""The codes of a cart, with what speaks against each now: promotions are read with the cart, and the clock is looked at.

A customer's earlier uses are known to the write side alone: a code that may be used once is found used up by the checkout.
"""

from collections.abc import Sequence
from decimal import Decimal

from reads.reading import Reading
from shop import clock
from shop.money import Money, money, units
from shop.pricing import PERCENT, Applied, Code
from shop.views import AppliedCode, Cart, Promotion


async def on(reading: Reading, cart: Cart, currency: str) -> list[Code]:
    """The codes of a cart as they stand now."""
    found = await reading.many(Promotion, cart.promotion_ids) if cart.promotion_ids else []
    now = clock.text(clock.utc_now())
    return [_code(one, _problem(one, cart, currency, now)) for one in found if one is not None]


def shown(applied: Sequence[Applied], currency: str) -> list[AppliedCode]:
    """What codes give, as clients see it."""
    return [
        AppliedCode(
            code=one.code,
            name=one.name,
            kind=one.kind,
            amount=money(one.amount, currency),
            problem=one.problem,
            missing=money(one.missing, currency) if one.missing else None,
        )
        for one in applied
    ]


def _problem(one: Promotion, cart: Cart, currency: str, now: str) -> str | None:
    if any(amount.currency != currency for amount in (one.amount, one.minimum_subtotal) if amount is not None):
        return "UNKNOWN"
    if one.starts_at is not None and one.starts_at > now:
        return "NOT_STARTED"
    if not one.active or (one.ends_at is not None and one.ends_at <= now):
        return "EXPIRED"
    if one.usage_limit is not None and one.used >= one.usage_limit:
        return "USED_UP"
    return "SIGN_IN_REQUIRED" if one.once_per_customer and cart.customer_id is None else None


def _code(one: Promotion, problem: str | None) -> Code:
    rate = int(Decimal(one.percentage or 0) * PERCENT)
    return Code(one.id, one.code, one.name, one.kind, rate, _units(one.amount), _units(one.minimum_subtotal), problem)


def _units(amount: Money | None) -> int:
    return 0 if amount is None else units(amount)
