"""Customers: who buys. For now those that imported books know by a reference of their own."""

import msgspec
import sqlalchemy as sa

from shop import events, ids
from shop.upsert import insert
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
    done = register_customer(work, RegisterCustomer(external_ref))
    return str(done.answer["customer_id"]), list(done.events)


def register_customer(work: Work, command: RegisterCustomer) -> Done:
    if not command.external_ref.strip():
        raise Invalid("A customer's reference is not empty.", ["externalRef"])
    customer_id = ids.new("customer")
    row = {"id": customer_id, "external_ref": command.external_ref, "name": command.name}
    if work.do(insert(customers).values(**row).on_conflict_do_nothing().returning(customers.c.id)).first() is None:
        raise Taken(f"There is a customer {command.external_ref} already.", ["externalRef"])
    registered = events.CustomerRegistered(customer_id=customer_id, external_ref=command.external_ref, name=command.name)
    return Done([registered], {"customer_id": customer_id})
