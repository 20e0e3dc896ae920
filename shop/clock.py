"""Time, as everything here tells it: UTC, whole milliseconds, RFC 3339 with a Z."""

import datetime as dt
from collections.abc import Callable

Clock = Callable[[], dt.datetime]


def utc_now() -> dt.datetime:
    """Return the present moment in UTC, cut to milliseconds so that it survives every store unchanged."""
    now = dt.datetime.now(dt.UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


def text(moment: dt.datetime) -> str:
    """Write a UTC moment as RFC 3339 with milliseconds: fixed width, so texts compare as moments do."""
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def moment(written: str) -> dt.datetime:
    """Read what `text` wrote, or any RFC 3339 moment. A text without an offset is a ValueError."""
    read = dt.datetime.fromisoformat(written)
    if read.tzinfo is None:
        raise ValueError(f"{written!r} has no offset: write it as RFC 3339, such as 2026-01-31T12:00:00Z")
    return read.astimezone(dt.UTC)
