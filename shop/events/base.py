"""What an event is: a frozen business fact that names its stream and every document it changes."""

from typing import ClassVar

import msgspec


class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A fact that happened. Stored as JSON under its class's name and schema version; never rewritten."""

    schema_version: ClassVar[int] = 1

    @property
    def stream(self) -> str:
        """The id of the one thing whose history this event belongs to."""
        raise NotImplementedError(type(self).__name__)

    def roots(self) -> set[str]:
        """The ids of all root documents that this event changes; the stream's own, unless overridden."""
        return {self.stream}


class Attribute(msgspec.Struct, frozen=True):
    """A key and its value: an option of a variant (Size: M) or a property of a product."""

    key: str
    value: str


class Media(msgspec.Struct, frozen=True, omit_defaults=True):
    """A picture by its address; sizes in pixels."""

    url: str
    alt: str | None = None
    width: int | None = None
    height: int | None = None


class Place(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where a product stands in a collection's list, counted from 0; null when it was taken off."""

    product_id: str
    place: int | None = None


class Price(msgspec.Struct, frozen=True, omit_defaults=True):
    """A variant's price in one channel, in the currency's smallest units."""

    channel: str
    currency: str
    amount: int
    compare_at: int | None = None


class Address(msgspec.Struct, frozen=True, omit_defaults=True):
    """A postal address as it was given."""

    name: str
    line1: str
    city: str
    country: str
    postal_code: str = ""
    company: str | None = None
    line2: str | None = None
    region: str | None = None
    phone: str | None = None
