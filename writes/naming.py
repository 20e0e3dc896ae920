"""What a name and a slug must be, whatever bears them."""

from writes import channels
from writes.refusals import Invalid


def named(name: str) -> str:
    """A name without the blanks around it; an empty one is refused."""
    if not name.strip():
        raise Invalid("A name is not empty.", ["input", "name"])
    return name.strip()


def check_slug(slug: str) -> None:
    if not channels.CODE.fullmatch(slug):
        raise Invalid(f"{slug!r} is no slug: use a-z, 0-9 and single dashes.", ["input", "slug"])
