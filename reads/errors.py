"""Why a read cannot be answered now. Each says what the caller may do; `code` is the API's `extensions.code`."""

from collections.abc import Mapping


class ReadError(Exception):
    """The base: `code` for programs, the text for people."""

    code = "INTERNAL"

    details: Mapping[str, int | str] = {}  # more for programs: what `extensions` has beside the code


class ViewBehind(ReadError):  # noqa: N818 - named for the fact, as the API names it
    """The views have not reached the position asked for within the time allowed."""

    code = "VIEW_BEHIND"

    def __init__(self, wanted: str, reached: str, waited_ms: int) -> None:
        super().__init__(f"The views are at {reached} and {wanted} was asked for: waited {waited_ms} ms. Try again.")


class PositionUnknown(ReadError):  # noqa: N818
    """The position is of another log, or beyond the end of this one: it will never be reached."""

    code = "POSITION_UNKNOWN"

    def __init__(self, wanted: str) -> None:
        super().__init__(f"{wanted} is no position of this log: drop it and read anew.")


class ViewRebuilding(ReadError):  # noqa: N818
    """A view is being made, and nothing can answer in its place: `applied` of `total` events are in it."""

    code = "VIEW_REBUILDING"

    def __init__(self, applied: int, total: int) -> None:
        super().__init__(f"The views are being made: {applied:,} of {total:,} events are in them. Try again in a moment.")
        self.details = {"applied": applied, "total": total}


class FeedBroken(ReadError):  # noqa: N818
    """The change feed has a gap, or is of another log now: a live view cannot go on, and is to be resumed."""

    code = "VIEW_REBUILDING"

    def __init__(self) -> None:
        super().__init__("The views were made anew: subscribe again, `after` the last position you have.")


class Lagged(ReadError):  # noqa: N818
    """A subscriber reads more slowly than the log grows: nothing is lost, it goes on after `position`."""

    code = "LAGGED"

    def __init__(self, position: str) -> None:
        super().__init__(f"Events came faster than they were read: subscribe again, `after` {position}.")
        self.details = {"position": position}


class BadCursor(ReadError):  # noqa: N818
    """A cursor or a page's size that this list never gave."""

    code = "BAD_USER_INPUT"
