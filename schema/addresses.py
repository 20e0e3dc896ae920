"""Postal addresses, as they were given."""

from typing import Any

import strawberry
from strawberry import Parent

from schema.scalars import CountryCode


@strawberry.type(description="`postalCode` is empty where a country has none.")
class Address:
    name: str
    company: str | None
    line1: str
    line2: str | None
    city: str
    region: str | None
    postal_code: str
    country: CountryCode
    phone: str | None

    @strawberry.field
    @staticmethod
    def id(address: Parent[Any]) -> strawberry.ID | None:
        """Of an address that a customer keeps; the copy of an order has none."""
        return getattr(address, "id", None)


@strawberry.input
class AddressInput:
    name: str
    company: str | None = strawberry.UNSET
    line1: str
    line2: str | None = strawberry.UNSET
    city: str
    region: str | None = strawberry.UNSET
    postal_code: str = ""
    country: CountryCode
    phone: str | None = strawberry.UNSET
