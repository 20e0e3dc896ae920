"""Money as clients see it."""

from collections.abc import Iterable

import msgspec
import strawberry

from schema.scalars import CurrencyCode, Decimal
from shop import money


@strawberry.type
class Money:
    amount: Decimal
    currency: CurrencyCode


@strawberry.type
class PriceRange:
    min: Money
    max: Money


@strawberry.input
class MoneyInput:
    amount: Decimal
    currency: CurrencyCode


class Range(msgspec.Struct, frozen=True):
    """The source of a PriceRange."""

    min: money.Money
    max: money.Money


def span(prices: Iterable[money.Money | None]) -> Range | None:
    """Return the lowest and the highest of prices in one currency; None where there are none."""
    known = sorted((price for price in prices if price is not None), key=money.units)
    return Range(known[0], known[-1]) if known else None


def of_units(units: int, currency: str) -> Money:
    shown = money.money(units, currency)
    return Money(amount=Decimal(shown.amount), currency=CurrencyCode(shown.currency))
