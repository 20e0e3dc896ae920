"""The addresses that a customer keeps, and which are taken where none is said. Orders keep copies of their own."""

from typing import Any

import msgspec
import sqlalchemy as sa

from shop import events, ids
from shop.events import Address
from writes import customers
from writes import people_tables as p
from writes.refusals import AboveLimit, Invalid, NotFound
from writes.work import Done, Row, Work


class SaveAddress(msgspec.Struct, frozen=True):
    """A new address, or with `address_id` one that is there as it shall be.

    A flag makes it the default of its kind; without it defaults stay as they are.
    """

    customer_id: str
    address: Address
    address_id: str | None = None
    default_shipping: bool = False
    default_billing: bool = False


class RemoveAddress(msgspec.Struct, frozen=True):
    customer_id: str
    address_id: str


def save_address(work: Work, command: SaveAddress) -> Done:
    customers.load(work, command.customer_id)
    _check(command.address)
    kept = {row.id: row for row in work.all(sa.select(p.addresses).where(p.addresses.c.customer_id == command.customer_id))}
    if command.address_id is not None and command.address_id not in kept:
        raise NotFound(f"You have no address {command.address_id}.", ["input", "id"])
    address_id = command.address_id or ids.new("address")
    was = kept.get(address_id)
    if was is None and len(kept) >= work.limits.addresses_a_customer:
        most = work.limits.addresses_a_customer
        raise AboveLimit(f"A customer keeps {most} addresses at most: remove one first.", most, ["input"])
    row = _row(command, was)
    answer: dict[str, Any] = {"customer_id": command.customer_id, "address_id": address_id}
    if was is not None and row == {name: getattr(was, name) for name in row}:
        return Done([], answer)
    _keep(work, command.customer_id, address_id, row, new=was is None)
    told = {**answer, "address": command.address, **{name: row[name] for name in ("default_shipping", "default_billing")}}
    return Done([events.AddressSaved(**told)], answer)


def remove_address(work: Work, command: RemoveAddress) -> Done:
    customers.load(work, command.customer_id)
    columns = p.addresses.c
    mine = sa.delete(p.addresses).where(columns.id == command.address_id, columns.customer_id == command.customer_id)
    if work.do(mine.returning(columns.id)).first() is None:
        raise NotFound(f"You have no address {command.address_id}.", ["id"])
    removed = events.AddressRemoved(customer_id=command.customer_id, address_id=command.address_id)
    return Done([removed], {"customer_id": command.customer_id, "address_id": command.address_id})


def _row(command: SaveAddress, was: Row | None) -> dict[str, Any]:
    return {
        "address": msgspec.to_builtins(command.address),
        "default_shipping": command.default_shipping or (was is not None and was.default_shipping),
        "default_billing": command.default_billing or (was is not None and was.default_billing),
    }


def _keep(work: Work, customer_id: str, address_id: str, row: dict[str, Any], *, new: bool) -> None:
    """Write the row; a default takes that from the one before."""
    columns = p.addresses.c
    for name in ("default_shipping", "default_billing"):
        if row[name]:
            others = (columns.customer_id == customer_id, columns[name], columns.id != address_id)
            work.do(sa.update(p.addresses).where(*others).values({name: False}))
    if new:
        work.add(p.addresses, {"id": address_id, "customer_id": customer_id, **row})
    else:
        work.do(sa.update(p.addresses).where(columns.id == address_id).values(**row))


def _check(address: Address) -> None:
    for name in ("name", "line1", "city"):
        if not getattr(address, name).strip():
            raise Invalid(f"An address has a {name}.", ["input", "address", name])
