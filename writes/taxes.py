"""Tax rates: one a country, or a region of it that overrides the country's. What they make of a checkout is in quoting."""

from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec
import sqlalchemy as sa

from shop import events, ids
from shop.pricing import PERCENT, Rate, percent
from shop.upsert import insert
from writes import price_tables as p
from writes.refusals import Invalid, Path
from writes.shipping import COUNTRY
from writes.work import Done, Work

_LONGEST_REGION = 40


class SetTaxRate(msgspec.Struct, frozen=True):
    """`rate` in percent, as an exact decimal text; where `inclusive`, the prices already contain it."""

    country: str
    rate: str
    region: str | None = None
    inclusive: bool = False


def set_tax_rate(work: Work, command: SetTaxRate) -> Done:
    if not COUNTRY.fullmatch(command.country):
        raise Invalid("Name the country by two capital letters, such as DE.", ["input", "country"])
    region = None if command.region is None else _region(command.region)
    rate = percent(percentage(command.rate, ["input", "rate"]))
    about: dict[str, Any] = {"country": command.country, "region": region, "rate": rate, "inclusive": command.inclusive}
    answer = {"tax_rate_id": ids.tax_rate(command.country, region)}
    key = {"country": command.country, "region_folded": (region or "").casefold()}
    was = work.connection.execute(_of(**key)).first()
    if was is not None and {name: getattr(was, name) for name in about} == about:
        return Done([], answer)
    change = insert(p.tax_rates).values({**about, **key})
    work.do(change.on_conflict_do_update(index_elements=list(key), set_=about))
    return Done([events.TaxRateSet(**about)], answer)


def rate_at(work: Work, address: dict[str, Any] | None) -> Rate | None:
    """The rate where goods go: the region's, else the country's, else none."""
    if address is None:
        return None
    region = (address.get("region") or "").strip().casefold()
    here = p.tax_rates.c.country == address["country"], p.tax_rates.c.region_folded.in_({region, ""})
    rows = work.all(sa.select(p.tax_rates).where(*here).order_by(p.tax_rates.c.region_folded.desc()))
    if not rows:
        return None
    row = max(rows, key=lambda one: len(one.region_folded))
    return Rate(row.country, percentage(row.rate, []), row.inclusive, row.region)


def percentage(text: str, path: Path) -> int:
    """Read "8.25" as a whole number of ten-thousandths of a percent: 0 to 100, four decimals at most."""
    try:
        units = Decimal(text).scaleb(4)
    except InvalidOperation:
        raise Invalid(f"{text!r} is no number.", path) from None
    if not units.is_finite() or not 0 <= units <= 100 * PERCENT or units != units.to_integral_value():
        raise Invalid("A percentage is 0 to 100, with four decimals at most.", path)
    return int(units)


def _region(given: str) -> str:
    region = given.strip()
    if not region or len(region) > _LONGEST_REGION or any(one in region for one in ":\0"):
        raise Invalid(f"A region has 1 to {_LONGEST_REGION} characters and no colon.", ["input", "region"])
    return region


def _of(country: str, region_folded: str) -> sa.Select[Any]:
    columns = p.tax_rates.c
    return sa.select(p.tax_rates).where(columns.country == country, columns.region_folded == region_folded).with_for_update()
