"""What lists of several nouns are narrowed by: texts and moments."""

import datetime as dt

import strawberry


@strawberry.input
class StringWhere:
    eq: str | None = strawberry.UNSET
    in_: list[str] | None = strawberry.field(name="in", default=strawberry.UNSET)


@strawberry.input
class DateTimeWhere:
    gte: dt.datetime | None = strawberry.UNSET
    lt: dt.datetime | None = strawberry.UNSET
