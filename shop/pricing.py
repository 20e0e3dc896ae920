"""What a checkout costs. Line totals, codes, a shipping method and a tax rate go in, every amount comes out.

All is whole numbers of a currency's smallest units, and nothing is asked of anybody: carts are priced by it when they are
read, checkouts when they are written. The order of things is this: percentages first, then amounts, each kind by code, each
taken off what those before it left; then shipping, which costs nothing from a sum of goods after discount, or by a code;
then tax, rounded half-even, on each line after its discount and on the shipping.
"""

from collections.abc import Sequence

import msgspec

PERCENT = 10_000  # rates are counted in ten-thousandths of a percent
_WHOLE = 100 * PERCENT


class Code(msgspec.Struct, frozen=True):
    """A promotion as it stands. `percentage` counts as PERCENT does; `problem` is why it cannot apply, whatever is bought."""

    promotion_id: str
    code: str
    name: str
    kind: str
    percentage: int = 0
    amount: int = 0
    minimum: int = 0
    problem: str | None = None


class Applied(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a code gives here. With a `problem` it gives nothing; `missing` is what the subtotal lacks to its minimum."""

    promotion_id: str
    code: str
    name: str
    kind: str
    amount: int = 0
    problem: str | None = None
    missing: int = 0


class Method(msgspec.Struct, frozen=True):
    """A way to ship: free from so much for goods after discount. Weights in grams."""

    id: str
    name: str
    countries: list[str]
    price: int
    free_from: int | None = None
    max_weight_grams: int | None = None
    min_days: int | None = None
    max_days: int | None = None
    active: bool = True


class Quote(msgspec.Struct, frozen=True, omit_defaults=True):
    """A way to ship with its price for what is bought; its id is the method's."""

    id: str
    name: str
    price: int
    min_days: int | None = None
    max_days: int | None = None


class Rate(msgspec.Struct, frozen=True):
    """A tax rate, counted as PERCENT does. `inclusive` prices already contain it."""

    country: str
    rate: int
    inclusive: bool
    region: str | None = None


class TaxShare(msgspec.Struct, frozen=True, omit_defaults=True):
    """One rate's share: `rate` as a decimal text in percent, `taxable` without the tax itself."""

    country: str
    rate: str
    included: bool
    taxable: int
    amount: int
    region: str | None = None


class Pricing(msgspec.Struct, frozen=True):
    """All amounts. `discounts` and `taxes` are by line, in the order of the lines; `tax` is all of it, the shipping's too."""

    subtotal: int
    discounts: list[int]
    taxes: list[int]
    discount: int
    shipping: int
    shipping_tax: int
    tax: int
    tax_included: bool
    total: int
    codes: list[Applied]
    method: Quote | None
    tax_lines: list[TaxShare]


def priced(totals: Sequence[int], codes: Sequence[Code], method: Method | None, rate: Rate | None) -> Pricing:
    """Price lines of these totals, shipped by this method into this rate's country."""
    subtotal = sum(totals)
    discounts, applied = discounted(totals, codes)
    goods = [total - discount for total, discount in zip(totals, discounts, strict=True)]
    quote = None if method is None else quoted(method, sum(goods))
    shipping, applied = _shipped(quote, applied)
    taxes, shipping_tax = [_tax(net, rate) for net in goods], _tax(shipping, rate)
    tax, included = sum(taxes) + shipping_tax, rate is not None and rate.inclusive
    return Pricing(
        subtotal=subtotal,
        discounts=discounts,
        taxes=taxes,
        discount=sum(discounts),
        shipping=shipping,
        shipping_tax=shipping_tax,
        tax=tax,
        tax_included=included,
        total=sum(goods) + shipping + (0 if included else tax),
        codes=applied,
        method=quote,
        tax_lines=[] if rate is None else [_share(rate, sum(goods) + shipping, tax)],
    )


def discounted(totals: Sequence[int], codes: Sequence[Code]) -> tuple[list[int], list[Applied]]:
    """What codes take off each line, and what each code gives. Free shipping gives nothing yet: it waits for its price."""
    left, applied = list(totals), list[Applied]()
    ships_free = False
    for code in in_order(codes):
        problem, missing = _problem(code, sum(totals), ships_free=ships_free)
        amount = 0 if problem else _reduction(code, sum(left))
        left = [rest - part for rest, part in zip(left, allotted(amount, left), strict=True)]
        ships_free = ships_free or (problem is None and code.kind == "FREE_SHIPPING")
        applied.append(Applied(code.promotion_id, code.code, code.name, code.kind, amount, problem, missing))
    return [total - rest for total, rest in zip(totals, left, strict=True)], applied


def in_order(codes: Sequence[Code]) -> list[Code]:
    """Percentages, amounts, free shipping; each kind by code."""
    kinds = ("PERCENTAGE", "FIXED_AMOUNT", "FREE_SHIPPING")
    return sorted(codes, key=lambda code: (kinds.index(code.kind), code.code.casefold()))


def allotted(amount: int, weights: Sequence[int]) -> list[int]:
    """Cut an amount by weights, to the cent: rounded down, and what remains a unit each to those that lost most by it.

    Those that lost as much come in the order of the lines. An amount no greater than the sum gives no part above its weight.
    """
    whole = sum(weights)
    if whole == 0:
        return [0] * len(weights)
    parts = [amount * weight // whole for weight in weights]
    lost = sorted(range(len(weights)), key=lambda index: (-(amount * weights[index] % whole), index))
    for index in lost[: amount - sum(parts)]:
        parts[index] += 1
    return parts


def fits(method: Method, country: str | None, weight_grams: int) -> bool:
    """Tell whether a method serves a country and carries a weight. Nothing is shipped to nowhere."""
    carries = method.max_weight_grams is None or weight_grams <= method.max_weight_grams
    return method.active and country in method.countries and carries


def quoted(method: Method, goods: int) -> Quote:
    """What the method costs for goods of this worth, after discount."""
    free = method.free_from is not None and goods >= method.free_from
    return Quote(method.id, method.name, 0 if free else method.price, method.min_days, method.max_days)


def half_even(numerator: int, denominator: int) -> int:
    """Divide and round to the nearest whole number; a half goes to the even one."""
    quotient, rest = divmod(numerator, denominator)
    return quotient + (2 * rest > denominator or (2 * rest == denominator and quotient % 2 == 1))


def _problem(code: Code, subtotal: int, *, ships_free: bool) -> tuple[str | None, int]:
    if code.problem is not None:
        return code.problem, 0
    if subtotal < code.minimum:
        return "MINIMUM_NOT_MET", code.minimum - subtotal
    if ships_free and code.kind == "FREE_SHIPPING":
        return "NOT_COMBINABLE", 0
    return None, 0


def _reduction(code: Code, left: int) -> int:
    if code.kind == "PERCENTAGE":
        return half_even(left * code.percentage, _WHOLE)
    return min(code.amount, left) if code.kind == "FIXED_AMOUNT" else 0


def _shipped(quote: Quote | None, applied: list[Applied]) -> tuple[int, list[Applied]]:
    """What the shipping costs after codes, which now know what they give."""
    price = 0 if quote is None else quote.price
    frees = [one for one in applied if one.kind == "FREE_SHIPPING" and one.problem is None]
    if not frees:
        return price, applied
    return 0, [msgspec.structs.replace(one, amount=price) if one in frees else one for one in applied]


def _tax(net: int, rate: Rate | None) -> int:
    if rate is None:
        return 0
    return half_even(net * rate.rate, _WHOLE + rate.rate if rate.inclusive else _WHOLE)


def _share(rate: Rate, taxed: int, tax: int) -> TaxShare:
    taxable = taxed - tax if rate.inclusive else taxed
    return TaxShare(rate.country, percent(rate.rate), rate.inclusive, taxable, tax, rate.region)


def percent(units: int) -> str:
    """Write 70000 as "7", 82500 as "8.25"."""
    whole, part = divmod(units, PERCENT)
    return f"{whole}.{part:04d}".rstrip("0").rstrip(".")
