"""Channels: where the shop sells, each in one currency."""

import re

import msgspec
import sqlalchemy as sa

from shop import events, money
from writes import tables as t
from writes.refusals import Invalid, NotFound, Path, Taken
from writes.work import Done, Work

CODE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")

_CURRENCY = sa.select(t.channels.c.currency).where(t.channels.c.code == sa.bindparam("code"))


class CreateChannel(msgspec.Struct, frozen=True):
    code: str
    name: str
    currency: str


def create_channel(work: Work, command: CreateChannel) -> Done:
    if not CODE.fullmatch(command.code):
        raise Invalid(f"{command.code!r} is no code: use a-z, 0-9 and single dashes, such as retail-eu.", ["code"])
    if not money.is_currency(command.currency):
        raise Invalid(f"{command.currency!r} is no ISO 4217 currency code, such as EUR.", ["currency"])
    if not command.name.strip():
        raise Invalid("A name is not empty.", ["name"])
    row = {"code": command.code, "name": command.name.strip(), "currency": command.currency}
    if not work.added(t.channels, row):
        raise Taken(f"There is a channel {command.code} already.", ["code"])
    return Done([events.ChannelCreated(**row)], {"channel": command.code})


def currency(work: Work, code: str, path: Path) -> str:
    """Return the currency of a channel, or refuse a code that is no channel's."""
    currency = work.connection.scalar(_CURRENCY, {"code": code})
    if currency is None:
        raise NotFound(f"There is no channel {code}.", path)
    return str(currency)
