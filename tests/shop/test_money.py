"""Money is whole smallest units: nothing is rounded that is not asked to be, nothing is lost."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shop import money
from shop.money import Money

CURRENCIES = st.sampled_from(["USD", "JPY", "KWD", "GBP"])


@given(st.integers(-(10**12), 10**12), CURRENCIES)
def test_what_is_written_is_read_back(units, currency):
    assert units == money.units(money.money(units, currency))


@given(st.integers(-(10**12), 10**12), st.integers(-(10**12), 10**12), CURRENCIES)
def test_adding_is_exact(first, second, currency):
    assert money.money(first + second, currency) == money.plus(money.money(first, currency), second)


@pytest.mark.parametrize(
    ("units", "currency", "amount"),
    [(1990, "USD", "19.90"), (5, "USD", "0.05"), (-5, "USD", "-0.05"), (1990, "JPY", "1990"), (1990, "KWD", "1.990")],
)
def test_an_amount_has_the_decimals_of_its_currency(units, currency, amount):
    assert Money(amount, currency) == money.money(units, currency)


@pytest.mark.parametrize(("exact", "units"), [("2.345", 234), ("2.355", 236), ("0.005", 0), ("-2.345", -234)])
def test_rounding_is_half_even(exact, units):
    assert units == money.rounded(Decimal(exact), "GBP")


@pytest.mark.parametrize("text", ["1.999", "abc", "", "NaN", "Infinity", "1e30"])
def test_what_is_no_amount_is_refused(text):
    with pytest.raises(ValueError, match=r"amount|decimals"):
        money.minor(text, "USD")


def test_an_exact_price_is_written_as_its_rounded_units_are():
    for exact in ["2.55", "1.125", "12", "-0.005", ".5"]:
        assert money.money(money.rounded(Decimal(exact), "GBP"), "GBP") == money.nearest(exact, "GBP")
