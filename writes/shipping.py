"""Shipping methods: where the shop ships to, by which way, at what price. What a checkout pays for it is said in quoting."""

import re
from typing import Any

import msgspec
import sqlalchemy as sa
from msgspec import UNSET, UnsetType

from shop import events, ids, money
from shop.money import Money
from shop.pricing import Method
from writes import channels
from writes import price_tables as p
from writes.naming import named
from writes.refusals import Invalid, NotFound, Path
from writes.work import Done, Work

COUNTRY = re.compile(r"[A-Z]{2}")


class CreateShippingMethod(msgspec.Struct, frozen=True):
    """`free_from` is what goods after discount must come to for the shipping to cost nothing. Weights in grams."""

    name: str
    countries: list[str]
    price: Money
    channel: str
    free_from: Money | None = None
    max_weight_grams: int | None = None
    min_days: int | None = None
    max_days: int | None = None
    active: bool = True


class UpdateShippingMethod(msgspec.Struct, frozen=True):
    """What is left out stays as it is, what is None is gone."""

    shipping_method_id: str
    name: str | UnsetType = UNSET
    countries: list[str] | UnsetType = UNSET
    price: Money | UnsetType = UNSET
    free_from: Money | UnsetType | None = UNSET
    max_weight_grams: int | UnsetType | None = UNSET
    min_days: int | UnsetType | None = UNSET
    max_days: int | UnsetType | None = UNSET
    active: bool | UnsetType = UNSET


def create_shipping_method(work: Work, command: CreateShippingMethod) -> Done:
    currency = channels.currency(work, command.channel, ["input", "channel"])
    given = {field: getattr(command, field) for field in _FIELDS}
    method_id, row = ids.new("shipping_method"), _checked(given, currency)
    work.add(p.shipping_methods, {"id": method_id, "channel": command.channel, **row})
    return Done([_defined(method_id, command.channel, currency, row)], {"shipping_method_id": method_id})


def update_shipping_method(work: Work, command: UpdateShippingMethod) -> Done:
    method = work.one(p.shipping_methods, command.shipping_method_id)
    if method is None:
        raise NotFound(f"There is no shipping method {command.shipping_method_id}.", ["id"])
    currency = channels.currency(work, method.channel, ["id"])
    given = {field: getattr(command, field) for field in _FIELDS if getattr(command, field) is not UNSET}
    was = {field: getattr(method, field) for field in _FIELDS}
    row = _checked(given, currency, was)
    if row == was:
        return Done([], {"shipping_method_id": method.id})
    work.do(sa.update(p.shipping_methods).where(p.shipping_methods.c.id == method.id).values(**row))
    return Done([_defined(method.id, method.channel, currency, row)], {"shipping_method_id": method.id})


def methods(work: Work, channel: str) -> list[Method]:
    """The methods that a channel ships by now."""
    columns = p.shipping_methods.c
    rows = work.all(sa.select(p.shipping_methods).where(columns.channel == channel, columns.active).order_by(columns.id))
    return [Method(row.id, **{field: getattr(row, field) for field in _FIELDS}) for row in rows]


def check_served(offered: list[Method], country: str | None, path: Path) -> None:
    """Refuse a country that none of a channel's methods serves. Where there are none, nothing is asked."""
    if offered and country is not None and not any(country in method.countries for method in offered):
        served = ", ".join(sorted({code for method in offered for code in method.countries}))
        raise Invalid(f"Nothing is shipped to {country}; served are {served}.", path)


_FIELDS = ("name", "countries", "price", "free_from", "max_weight_grams", "min_days", "max_days", "active")


def _checked(given: dict[str, Any], currency: str, was: dict[str, Any] | None = None) -> dict[str, Any]:
    """The row that a method becomes by what was given of it, or a refusal."""
    row = {**(was or {}), **given}
    for field in ("price", "free_from"):
        if isinstance(row[field], Money):
            row[field] = _amount(row[field], currency, ["input", field if field == "price" else "freeFrom"])
    row["name"] = named(row["name"])
    row["countries"] = list(dict.fromkeys(row["countries"]))
    if not row["countries"] or not all(COUNTRY.fullmatch(country) for country in row["countries"]):
        raise Invalid("Name the countries served by two capital letters each, such as DE.", ["input", "countries"])
    for field, shown in (("max_weight_grams", "maxWeightGrams"), ("min_days", "minDays"), ("max_days", "maxDays")):
        if row[field] is not None and row[field] < 0:
            raise Invalid(f"It cannot be below zero, as {row[field]} is.", ["input", shown])
    if row["min_days"] is not None and row["max_days"] is not None and row["min_days"] > row["max_days"]:
        raise Invalid("It takes no more days at least than at most.", ["input", "minDays"])
    return row


def _amount(given: Money, currency: str, path: Path) -> int:
    if given.currency != currency:
        raise Invalid(f"The channel is in {currency}, not in {given.currency}.", [*path, "currency"])
    try:
        amount = money.minor(given.amount, currency)
    except ValueError as error:
        raise Invalid(f"{error}.", [*path, "amount"]) from None
    if amount < 0:
        raise Invalid("Shipping costs nothing at least.", [*path, "amount"])
    return amount


def _defined(method_id: str, channel: str, currency: str, row: dict[str, Any]) -> events.ShippingMethodDefined:
    return events.ShippingMethodDefined(shipping_method_id=method_id, channel=channel, currency=currency, **row)
