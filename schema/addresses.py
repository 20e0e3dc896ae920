"""Postal addresses, as they were given."""

import strawberry

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
