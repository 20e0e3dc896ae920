"""The contract's own scalars and the enums that several nouns share. Views hold scalars as the texts that clients see."""

import datetime as dt
import enum
import re
from decimal import Decimal as Exact
from decimal import InvalidOperation
from typing import Any, NewType

import strawberry

from shop import clock

Decimal = NewType("Decimal", str)
CurrencyCode = NewType("CurrencyCode", str)
CountryCode = NewType("CountryCode", str)
LogPosition = NewType("LogPosition", str)
JSON = NewType("JSON", object)

_COUNTRY = re.compile(r"[A-Z]{2}")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")


@strawberry.enum(description="What a query does when the views do not reach its position in time.")
class StalePolicy(enum.StrEnum):
    ERROR = "ERROR"
    STALE = "STALE"


@strawberry.enum
class SortDirection(enum.StrEnum):
    ASC = "ASC"
    DESC = "DESC"


def _text(given: Any) -> str:
    if not isinstance(given, str):
        raise ValueError("Write it as a string.")  # noqa: TRY004  GraphQL expects a ValueError of a bad value
    return given


def _decimal(given: Any) -> str:
    """Keep the text as it was given: the write side reads it exactly."""
    try:
        finite = Exact(_text(given)).is_finite()
    except InvalidOperation:
        finite = False
    if not finite:
        raise ValueError("Write it as a decimal number in a string, such as 19.90.")
    return str(given)


def _country(given: Any) -> str:
    if not _COUNTRY.fullmatch(_text(given)):
        raise ValueError("Write it as two capital letters (ISO 3166-1 alpha-2), such as DE.")
    return str(given)


def _date(given: Any) -> dt.date:
    if not _DAY.fullmatch(_text(given)):
        raise ValueError("Write it as a calendar date, such as 2026-01-31.")
    return dt.date.fromisoformat(given)


def _moment(given: Any) -> dt.datetime:
    return clock.moment(_text(given))


SCALARS: dict[object, Any] = {
    dt.datetime: strawberry.scalar(
        name="DateTime", description="RFC 3339, UTC, ends in Z.", serialize=str, parse_value=_moment
    ),
    dt.date: strawberry.scalar(name="Date", description="ISO 8601 calendar date.", serialize=str, parse_value=_date),
    Decimal: strawberry.scalar(
        name="Decimal", description='A JSON string, never a float: "19.90".', serialize=str, parse_value=_decimal
    ),
    CurrencyCode: strawberry.scalar(name="CurrencyCode", description="ISO 4217.", serialize=str, parse_value=_text),
    CountryCode: strawberry.scalar(name="CountryCode", description="ISO 3166-1 alpha-2.", serialize=str, parse_value=_country),
    LogPosition: strawberry.scalar(
        name="LogPosition",
        description="epoch.position.ordinal in fixed width: within an epoch, texts compare as positions do. Opaque to clients.",
        serialize=str,
        parse_value=_text,
    ),
    JSON: strawberry.scalar(name="JSON", description="Any JSON value."),
}
