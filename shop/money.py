"""Money is a whole number of a currency's smallest units. No float ever touches it, and currencies are never mixed."""

from decimal import ROUND_HALF_EVEN, Decimal
from functools import lru_cache

import msgspec

# ISO 4217 gives two decimals to nearly every currency; these are the ones that differ.
_NO_DECIMALS = frozenset([
    "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF",
])  # fmt: skip
_THREE_DECIMALS = frozenset(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"])
_LARGEST = 10**15


class Money(msgspec.Struct, frozen=True, gc=False):
    """An amount as clients see it: a decimal text such as "19.90", and an ISO 4217 code.

    Views hold it by the hundred thousand. It refers to nothing but texts, so the garbage collector need not look at it.
    """

    amount: str
    currency: str


def decimals(currency: str) -> int:
    """Return how many decimals the currency has."""
    if currency in _NO_DECIMALS:
        return 0
    return 3 if currency in _THREE_DECIMALS else 2


def is_currency(code: str) -> bool:
    """Tell whether the text has the form of an ISO 4217 code: three capital letters."""
    return len(code) == 3 and code.isascii() and code.isalpha() and code.isupper()


def minor(amount: str | Decimal, currency: str) -> int:
    """Read "19.90" as 1990. More decimals than the currency has, or no number at all, is a ValueError."""
    try:
        exact = Decimal(amount).scaleb(decimals(currency))
    except ArithmeticError:  # no number, or one beyond all bounds
        raise ValueError(f"{amount!r} is not an amount of money") from None
    if not exact.is_finite() or abs(exact) > _LARGEST:
        raise ValueError(f"{amount!r} is not an amount of money")
    if exact != exact.to_integral_value():
        raise ValueError(f"{amount} has more decimals than {currency} has: {decimals(currency)}")
    return int(exact)


def rounded(amount: Decimal, currency: str) -> int:
    """Round an exact amount half-even to the currency's smallest unit: 2.345 GBP gives 234."""
    return int(amount.scaleb(decimals(currency)).to_integral_value(rounding=ROUND_HALF_EVEN))


def money(units: int, currency: str) -> Money:
    """Write 1990 GBP as Money("19.90", "GBP")."""
    places = decimals(currency)
    if places == 0:
        return Money(str(units), currency)
    digits = str(units).zfill(places + 1 + (units < 0))  # zeros go behind the sign
    return Money(f"{digits[:-places]}.{digits[-places:]}", currency)


@lru_cache(maxsize=10_000)
def nearest(exact: str, currency: str) -> Money:
    """Write an exact decimal text, rounded half-even: "1.125" GBP gives Money("1.12", "GBP").

    Books name the same price line after line, so the last ones are remembered.
    """
    return money(rounded(Decimal(exact), currency), currency)


def units(amount: Money) -> int:
    """Read Money("19.90", "GBP") as 1990. It is as `money` writes it, with all of its currency's decimals."""
    return int(amount.amount.replace(".", ""))


def plus(amount: Money, more: int) -> Money:
    """Add smallest units of the same currency; a negative number takes away."""
    return money(units(amount) + more, amount.currency)
