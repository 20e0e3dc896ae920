"""Stored events become the events of this program. Those of an older shape are brought up to date when they are read.

What is stored is never rewritten: a changed shape is a new `schema_version` of its event and one step in UPCASTERS.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from shop.events.base import Event

Upcaster = Callable[[dict[str, Any]], dict[str, Any]]

# By an event's name and the version that was stored: makes that version's JSON object into the next version's.
UPCASTERS: Mapping[tuple[str, int], Upcaster] = {}


class UnknownEventError(Exception):
    """A newer Tradewind wrote this event. Nothing here knows what it means, so nothing may pass it by."""

    def __init__(self, type_name: str, schema_version: int) -> None:
        super().__init__(
            f"the log has events {type_name} of version {schema_version}, which this process does not know: "
            "a newer Tradewind wrote them, and this process must be updated"
        )


class StoredEvents:
    """Reads events of every version that was ever stored, up to the version that each kind has now."""

    def __init__(self, kinds: Iterable[type[Event]], upcasters: Mapping[tuple[str, int], Upcaster]) -> None:
        """Take the kinds as they are now, and a step for each version before. A step too few or too many is a ValueError."""
        self._kinds = {kind.__name__: kind for kind in kinds}
        self._upcasters = upcasters
        self._decoders = {(name, kind.schema_version): msgspec.json.Decoder(kind).decode for name, kind in self._kinds.items()}
        _check_steps(self._kinds.values(), upcasters.keys())

    def decode(self, type_name: str, schema_version: int, data: bytes | str) -> Event:
        """Turn stored JSON back into its event, in the shape it has now.

        A name or a version that is not known yet is an UnknownEventError, another shape a msgspec.ValidationError.
        """
        try:
            of_now = self._decoders[type_name, schema_version]
        except KeyError:
            return self._upcast(type_name, schema_version, data)
        return of_now(data)

    def _upcast(self, type_name: str, schema_version: int, data: bytes | str) -> Event:
        kind = self._kinds.get(type_name)
        if kind is None or not 0 < schema_version < kind.schema_version:
            raise UnknownEventError(type_name, schema_version)
        told = msgspec.json.decode(data)
        for version in range(schema_version, kind.schema_version):
            told = self._upcasters[type_name, version](told)
        return msgspec.convert(told, kind)


def _check_steps(kinds: Iterable[type[Event]], given: Iterable[tuple[str, int]]) -> None:
    needed = {(kind.__name__, version) for kind in kinds for version in range(1, kind.schema_version)}
    for name, version in sorted(needed.symmetric_difference(given)):
        problem = "is missing" if (name, version) in needed else "leads nowhere"
        raise ValueError(f"the upcaster of {name} from version {version} to {version + 1} {problem}")
