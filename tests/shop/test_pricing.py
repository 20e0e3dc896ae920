"""Whatever is bought with whatever codes, methods and rates: sums add to the cent, and nothing is below zero."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shop.pricing import PERCENT, Code, Method, Rate, allotted, fits, half_even, percent, priced, quoted

amounts, percentages = st.integers(0, 10**9), st.integers(0, 100 * PERCENT)
lines = st.lists(amounts, min_size=1, max_size=8)
problems = st.sampled_from([None, None, None, "EXPIRED", "USED_UP"])
codes = st.lists(
    st.builds(
        Code,
        promotion_id=st.uuids().map(str),
        code=st.sampled_from(["SPRING", "ahoy", "TEN", "Q"]),
        name=st.just("a promotion"),
        kind=st.sampled_from(["PERCENTAGE", "FIXED_AMOUNT", "FREE_SHIPPING"]),
        percentage=percentages,
        amount=amounts,
        minimum=st.sampled_from([0, 0, 10_000]),
        problem=problems,
    ),
    max_size=5,
)
free_from = st.none() | amounts
methods = st.none() | st.builds(Method, st.just("ship_1"), st.just("Post"), st.just(["GB"]), amounts, free_from)
rates = st.none() | st.builds(Rate, st.just("GB"), percentages, st.booleans())


@given(lines, codes, methods, rates)
def test_all_that_makes_a_total_adds_up_to_it(totals, codes, method, rate):
    made = priced(totals, codes, method, rate)

    assert sum(totals) == made.subtotal
    assert made.discount == sum(made.discounts)
    assert made.tax == sum(made.taxes) + made.shipping_tax
    assert made.total == sum(totals) - made.discount + made.shipping + (0 if made.tax_included else made.tax)


@given(lines, codes, methods, rates)
def test_no_amount_is_below_zero_and_no_line_gives_more_than_it_costs(totals, codes, method, rate):
    made = priced(totals, codes, method, rate)

    assert min(made.shipping, made.shipping_tax, made.total, *made.discounts, *made.taxes) >= 0
    assert all(discount <= total for discount, total in zip(made.discounts, totals, strict=True))


@given(lines, codes, methods, rates)
def test_what_codes_give_is_the_discount_and_what_the_shipping_lost(totals, codes, method, rate):
    made = priced(totals, codes, method, rate)
    by_kind = {kind: sum(one.amount for one in made.codes if (one.kind == "FREE_SHIPPING") == kind) for kind in (True, False)}

    assert made.discount == by_kind[False]
    assert by_kind[True] + made.shipping == (0 if made.method is None else made.method.price)
    assert all(one.amount == 0 for one in made.codes if one.problem)


@given(lines, codes, methods, rates)
def test_a_rates_share_is_the_tax_and_its_base_is_the_rest(totals, codes, method, rate):
    made = priced(totals, codes, method, rate)

    assert made.tax == sum(one.amount for one in made.tax_lines)
    if rate is not None:
        assert made.total == made.tax_lines[0].taxable + made.tax


@given(lines, codes, methods, rates, st.randoms())
def test_the_order_in_which_codes_were_given_does_not_matter(totals, codes, method, rate, random):
    unlike = list({code.code: code for code in codes}.values())
    shuffled = random.sample(unlike, len(unlike))

    assert priced(totals, unlike, method, rate) == priced(totals, shuffled, method, rate)


@given(lines, st.data())
def test_an_amount_is_cut_to_the_cent_and_no_part_is_above_its_weight(weights, data):
    amount = data.draw(st.integers(0, sum(weights)))
    parts = allotted(amount, weights)

    assert sum(parts) == (amount if sum(weights) else 0)
    assert all(0 <= part <= weight for part, weight in zip(parts, weights, strict=True))


def test_the_last_cent_goes_to_the_line_that_lost_most_by_rounding():
    assert [33, 34, 33] == allotted(100, [199, 201, 199])
    assert [34, 33, 33] == allotted(100, [5, 5, 5])  # all lost as much: the first


def test_percentages_come_first_then_amounts_each_off_what_is_left():
    ten, five = Code("p1", "TEN", "Ten", "PERCENTAGE", 10 * PERCENT), Code("p2", "AFIVE", "Five", "FIXED_AMOUNT", amount=500)
    half = Code("p3", "HALF", "Half", "PERCENTAGE", 50 * PERCENT)
    made = priced([10_000], [five, ten, half], None, None)

    assert [("HALF", 5000), ("TEN", 500), ("AFIVE", 500)] == [(one.code, one.amount) for one in made.codes]
    assert 4000 == made.total


def test_an_amount_above_what_is_left_takes_what_is_left():
    made = priced([700, 300], [Code("p", "BIG", "Big", "FIXED_AMOUNT", amount=5000)], None, None)

    assert ([700, 300], 0) == (made.discounts, made.total)


def test_a_minimum_is_of_the_subtotal_and_what_is_missing_is_told():
    made = priced([700], [Code("p", "BIG", "Big", "PERCENTAGE", 50 * PERCENT, minimum=1000)], None, None)

    assert [("MINIMUM_NOT_MET", 300, 0)] == [(one.problem, one.missing, one.amount) for one in made.codes]


def test_shipping_is_free_once_and_a_second_code_says_so():
    post = Method("ship_1", "Post", ["GB"], 450)
    made = priced([700], [Code("a", "A", "A", "FREE_SHIPPING"), Code("b", "B", "B", "FREE_SHIPPING")], post, None)

    assert [("A", 450, None), ("B", 0, "NOT_COMBINABLE")] == [(one.code, one.amount, one.problem) for one in made.codes]
    assert (0, 700) == (made.shipping, made.total)


def test_free_from_is_of_the_goods_after_discount():
    post = Method("ship_1", "Post", ["GB"], 450, free_from=5000)

    assert (0, 450) == (quoted(post, 5000).price, quoted(post, 4999).price)
    assert 450 == priced([5000], [Code("p", "ONE", "One", "FIXED_AMOUNT", amount=1)], post, None).shipping


@pytest.mark.parametrize(
    ("country", "weight", "does"), [("GB", 500, True), ("GB", 501, False), ("FR", 1, False), (None, 0, False)]
)
def test_a_method_serves_its_countries_up_to_its_weight(country, weight, does):
    assert does == fits(Method("ship_1", "Post", ["GB"], 450, max_weight_grams=500), country, weight)


def test_a_method_that_is_switched_off_serves_nobody():
    assert not fits(Method("ship_1", "Post", ["GB"], 450, active=False), "GB", 0)


def test_tax_is_added_or_is_part_of_the_price():
    added = priced([1000], [], Method("s", "Post", ["GB"], 500), Rate("GB", 20 * PERCENT, inclusive=False))
    part = priced([1200], [], Method("s", "Post", ["GB"], 600), Rate("GB", 20 * PERCENT, inclusive=True))

    assert ([200], 100, 1800, False) == (added.taxes, added.shipping_tax, added.total, added.tax_included)
    assert ([200], 100, 1800, True) == (part.taxes, part.shipping_tax, part.total, part.tax_included)


def test_tax_is_rounded_half_even_line_by_line():
    made = priced([25, 75], [], None, Rate("GB", 10 * PERCENT, inclusive=False))

    assert [2, 8] == made.taxes  # 2.5 and 7.5
    assert [0, 2, 2, 4] == [half_even(number, 2) for number in (1, 3, 5, 7)]


def test_rates_are_written_without_idle_zeros():
    assert ["7", "8.25", "0", "0.0001"] == [percent(units) for units in (70_000, 82_500, 0, 1)]
