"""Comparing what must be in Redis with what is there, line by line. What no table tells is written down here, once."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import msgspec

from shop import views
from verify.expected import Expected
from verify.found import Found

# Fields of views that no table tells, each with why. They are left out of the comparison.
NOT_IN_SQL: Mapping[tuple[type[msgspec.Struct], str], str] = {
    (views.Document, "folded_position"): "a place in the log",
    (views.Document, "folded_ordinal"): "a place in the log",
    (views.Document, "updated_at"): "the moment of the last event; index entries by it are held against the document's own",
    (views.Checkout, "version"): "its stream also counts the stock it holds and releases, which the view does not show",
    (views.Variant, "updated_at"): "the moment of the last event",
}
# Lists whose order no table tells, or only by moments that are often the same: they are compared as sets.
UNORDERED = {
    (views.Product, "category_ids"),
    (views.Product, "variants"),
    (views.Product, "former_slugs"),
    (views.Cart, "lines"),
    (views.Cart, "promotion_ids"),
    (views.Order, "payments"),
    (views.Order, "fulfillments"),
    (views.Order, "returns"),
    (views.OrderLine, "allocations"),
    (views.Payment, "ledger"),
    (views.Fulfillment, "lines"),
    (views.Return, "lines"),
    (views.Customer, "credit_ids"),
}
# Beyond fields, no table tells: the day of a refund that a provider confirmed after midnight (the ledger has the moment
# it was asked for), and whether a stock level of zeros was ever moved (see Expected.level_is_shown).

_INSIDE: Mapping[type, tuple[str, ...]] = {
    views.Order: ("lines", "payments", "fulfillments", "returns"),
    views.Product: ("variants",),
    views.Timeline: ("entries",),
}
# What events tell of a person is sealed in the log: these names are left out of what a timeline tells.
_SEALED = (
    "email", "shipping_address", "billing_address", "metadata", "note", "reason", "message", "action", "tracking_number",
    "tracking_url",
)  # fmt: skip


class Difference(msgspec.Struct, frozen=True):
    """Where what is there is another than what must be: a key, a member if it is an index, and all of it as a line."""

    key: str
    member: str | None
    line: str


def compared(expected: Expected, found: Found) -> list[Difference]:
    """Every difference, in a line that names the key, the field, what was expected and what was found."""
    return [
        *(Difference(key, None, f"{key}: expected no such key, found it") for key in found.strange),
        *_documents(expected.documents, found.documents),
        *_indexes(expected.indexes, found.indexes),
    ]


def _documents(expected: Mapping[str, msgspec.Struct], found: Mapping[str, msgspec.Struct]) -> Iterator[Difference]:
    for key in sorted(expected.keys() | found.keys()):
        if key not in found:
            yield Difference(key, None, f"{key}: expected a document, found none")
        elif key not in expected:
            yield Difference(key, None, f"{key}: expected no document, found one")
        else:
            yield from _fields(key, comparable(expected[key]), comparable(found[key]))


def _fields(key: str, expected: msgspec.Struct, found: msgspec.Struct) -> Iterator[Difference]:
    if expected == found:
        return
    should, does = dict(_leaves(expected)), dict(_leaves(found))
    for field in sorted(should.keys() | does.keys()):
        left, right = should.get(field, "nothing"), does.get(field, "nothing")
        if left != right:
            yield Difference(key, None, f"{key} {field}: expected {left!r}, found {right!r}")


def _indexes(expected: Mapping[str, dict[str, float]], found: Mapping[str, dict[str, float]]) -> Iterator[Difference]:
    for key in sorted(expected.keys() | found.keys()):
        should, does = expected.get(key, {}), found.get(key, {})
        if should == does:
            continue
        for member in sorted(should.keys() | does.keys()):
            left, right = should.get(member, "no entry"), does.get(member, "no entry")
            if left != right:
                yield Difference(key, member, f"{key} {member!r}: expected {left}, found {right}")


def comparable(thing: Any) -> Any:
    """Blank in place what no table tells, and sort what has no order there: by its text, which begins with its id."""
    kind: type = type(thing)
    blank, unordered, inside = _treated(kind)
    for name in blank:
        setattr(thing, name, None)
    if isinstance(thing, views.TimelineEntry):
        thing.data = {name: value for name, value in thing.data.items() if name not in _SEALED}
    for name in unordered:
        if len(parts := getattr(thing, name)) > 1:
            setattr(thing, name, sorted(parts, key=str))
    for name in inside:
        for part in getattr(thing, name):
            comparable(part)
    return thing


@cache
def _treated(kind: type) -> tuple[list[str], list[str], tuple[str, ...]]:
    """The fields of a kind that are blanked, those that are sorted, and those that are looked into."""
    blank = [name for owner, name in NOT_IN_SQL if issubclass(kind, owner)]
    return blank, [name for owner, name in UNORDERED if owner is kind], _INSIDE.get(kind, ())


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Each plain value inside, by its path; an empty list or mapping is a value."""
    if isinstance(value, msgspec.Struct):
        inside = [(f"{path}.{name}".lstrip("."), getattr(value, name)) for name in value.__struct_fields__]
    elif isinstance(value, dict) and value:
        inside = [(f"{path}[{name}]", part) for name, part in value.items()]
    elif isinstance(value, list) and value:
        inside = [(f"{path}[{number}]", part) for number, part in enumerate(value)]
    else:
        yield path, value
        return
    for name, part in inside:
        yield from _leaves(part, name)
