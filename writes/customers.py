"""Customers: who buys. For now those that imported books know by a reference of their own."""

import msgspec
import sqlalchemy as sa

from shop import events, ids
from writes.refusals import Invalid, Taken
from writes.tables import customers
from writes.work import Done, Work

_BY_REFERENCE = sa.select(customers.c.id).where(customers.c.external_ref == sa.bindparam("external_ref"))


class RegisterCustomer(msgspec.Struct, frozen=True):
    external_ref: str
    name: str | None = None


def known_as(work: Work, external_ref: str) -> tuple[str, list[events.Event]]:
    """Return the customer with that reference; one who is not known yet is registered, and the event says so."""
    known = work.connection.scalar(_BY_REFERENCE, {"external_ref": external_ref})
    if known is not None:
        return str(known), []
    registered = _register(work, RegisterCustomer(external_ref))
    if registered is None:  # by another command, a moment ago
        return str(work.connection.scalar(_BY_REFERENCE, {"external_ref": external_ref})), []
    return registered.customer_id, [registered]


def register_customer(work: Work, command: RegisterCustomer) -> Done:
    registered = _register(work, command)
    if registered is None:
        raise Taken(f"There is a customer {command.external_ref} already.", ["externalRef"])
    return Done([registered], {"customer_id": registered.customer_id})


def _register(work: Work, command: RegisterCustomer) -> events.CustomerRegistered | None:
    """Keep a customer and say so; None where the reference is another's."""
    if not command.external_ref.strip():
        raise Invalid("A customer's reference is not empty.", ["externalRef"])
    customer_id = ids.new("customer")
    row = {"id": customer_id, "external_ref": command.external_ref, "name": command.name}
    if not work.added(customers, row):
        return None
    return events.CustomerRegistered(customer_id=customer_id, external_ref=command.external_ref, name=command.name)
