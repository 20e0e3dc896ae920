"""From GraphQL inputs to commands: both sides use the same names, so a command is made of what was given."""

import dataclasses
import enum
from typing import Any, TypeVar

import msgspec
import strawberry
from strawberry.utils.str_converters import to_camel_case

C = TypeVar("C", bound=msgspec.Struct)


def command(kind: type[C], data: Any, **more: Any) -> C:
    """Make a command, or a part of one, of an input; what was not given, or null, keeps the command's default.

    `more` is said beside the input, and instead of what it says.
    """
    return msgspec.convert({**given(data), **more}, kind)


def given(data: Any) -> dict[str, Any]:
    """Return what an input says, as plain values under its own names."""
    said = {field.name: getattr(data, field.name) for field in dataclasses.fields(data)}
    return {name: _plain(value) for name, value in said.items() if value is not None and value is not strawberry.UNSET}


def api_names(said: Any) -> Any:
    """Write what `given` says under the names that clients know, all the way down."""
    if isinstance(said, list):
        return [api_names(one) for one in said]
    if not isinstance(said, dict):
        return said
    return {to_camel_case(name.rstrip("_")): api_names(value) for name, value in said.items()}


def cleared(data: Any) -> list[str]:
    """Return the names of the fields that an input sets to null."""
    return [field.name for field in dataclasses.fields(data) if getattr(data, field.name) is None]


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if isinstance(value, enum.Enum):
        return value.value
    return given(value) if dataclasses.is_dataclass(value) else value
