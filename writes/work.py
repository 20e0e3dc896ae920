"""What a handler is given and what it gives back. No rule of the business lives here."""

import datetime as dt
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import msgspec
import sqlalchemy as sa

from shop import clock, log
from shop.events import Event
from shop.upsert import insert
from writes.providers import Provider, ProviderCall, open_ways
from writes.refusals import Refused, VersionConflict

Row = sa.Row[*tuple[Any, ...]]


class Limits(msgspec.Struct, frozen=True):
    """How much one may ask for, and how long things are kept and waited for. Quantities in units, times as they are named.

    `provider_seconds`: how long a provider's answer is waited for. `claim_seconds`: after which recovery asks again; it is
    longer than a call takes. `give_up_hours`: after which a charge that nobody can tell of counts as failed.
    """

    provider_seconds: float = 10
    claim_seconds: float = 20
    give_up_hours: float = 24
    units_a_line: int = 999
    lines_a_cart: int = 500
    codes_a_cart: int = 10
    reservation_minutes: int = 10
    reservation_minutes_most: int = 60
    cart_days: int = 30
    private_webhooks: bool = False
    addresses_a_customer: int = 100
    return_days: int = 30


class Work(msgspec.Struct, frozen=True):
    """One transaction as a handler sees it: an open connection, the moment it happens, and the shop's settings.

    `open_in` says which providers are open to the buyers of each channel; None opens all everywhere.
    """

    connection: sa.Connection
    now: dt.datetime
    limits: Limits
    providers: Mapping[str, Provider]
    open_in: Mapping[str, Sequence[str]] | None = None

    def ways_to_pay(self, channel: str) -> Mapping[str, Provider]:
        """The providers that are open in a channel, by code."""
        return open_ways(self.providers, self.open_in, channel)

    @property
    def at(self) -> str:
        """The moment as text, as tables and events keep it."""
        return clock.text(self.now)

    def after(self, **period: float) -> str:
        """A later moment as text: `after(minutes=10)`."""
        return clock.text(self.now + dt.timedelta(**period))

    def expect(self, stream: str, version: int | None) -> None:
        """Refuse with VersionConflict unless the stream is at `version`; None expects nothing."""
        if version is None:
            return
        current = log.version(self.connection, stream)
        if version != current:
            raise VersionConflict(current, version)

    def one(self, table: sa.Table, key: str) -> Row | None:
        """Load one row by its primary key and hold it against other writers until the transaction ends."""
        return self.connection.execute(_held(table), {"key": key}).first()

    def shared(self, table: sa.Table, key: str) -> Row | None:
        """Load one row by its primary key and keep it as it is until the transaction ends; others may do the same."""
        return self.connection.execute(_shared(table), {"key": key}).first()

    def seen(self, table: sa.Table, key: str) -> Row | None:
        """Load one row by its primary key and hold nothing: for what the command only refers to."""
        return self.connection.execute(_by_key(table), {"key": key}).first()

    def all(self, query: sa.Select[*tuple[Any, ...]]) -> Sequence[Row]:
        return self.connection.execute(query).all()

    def add(self, table: sa.Table, row: Mapping[str, Any]) -> None:
        self.connection.execute(_into(table), row)

    def added(self, table: sa.Table, row: Mapping[str, Any]) -> bool:
        """Insert a row unless something unique about it is taken; tell which."""
        return self.connection.execute(_unless_taken(table), row).first() is not None

    def do(self, change: sa.UpdateBase) -> sa.CursorResult[*tuple[Any, ...]]:
        return self.connection.execute(change)

    def do_each(self, change: sa.UpdateBase, rows: Sequence[Mapping[str, Any]]) -> None:
        """Execute a change once for each row; without rows, not at all."""
        if rows:
            self.connection.execute(change, rows)


# Statements that every command needs. One that is made once costs a third of one that is made anew.
@cache
def _into(table: sa.Table) -> sa.Insert:
    return sa.insert(table)


@cache
def _unless_taken(table: sa.Table) -> sa.UpdateBase:
    return insert(table).on_conflict_do_nothing().returning(next(iter(table.primary_key.columns)))


@cache
def _by_key(table: sa.Table) -> sa.Select[*tuple[Any, ...]]:
    column = next(iter(table.primary_key.columns))
    return sa.select(table).where(column == sa.bindparam("key"))


@cache
def _held(table: sa.Table) -> sa.Select[*tuple[Any, ...]]:
    return _by_key(table).with_for_update(key_share=True)  # who only refers to the row need not wait


@cache
def _shared(table: sa.Table) -> sa.Select[*tuple[Any, ...]]:
    return _by_key(table).with_for_update(read=True)


class Done(msgspec.Struct, frozen=True):
    """A handler's decision: the events to append and the ids to answer.

    `calls` are what a payment provider must be asked once this is committed. `refused` is told to the caller
    although events were written: only a payment that was tried and failed, or is not decided, is such a case.
    `seen` is a position that the answer is true at where nothing was written, for what it tells was written by another.
    """

    events: Sequence[Event] = ()
    answer: Mapping[str, Any] = {}
    calls: Sequence[ProviderCall] = ()
    refused: Refused | None = None
    seen: int | None = None
