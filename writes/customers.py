"""Customers: who buys, what they are called, and whose each email is. Their addresses have a file of their own."""

from typing import Any

import msgspec
import sqlalchemy as sa
from msgspec import UNSET, UnsetType

from shop import events, ids
from writes import people_tables as p
from writes import tables as t
from writes.refusals import Invalid, NotFound, Path, Taken
from writes.work import Done, Row, Work

_BY_REFERENCE = sa.select(t.customers.c.id).where(t.customers.c.external_ref == sa.bindparam("external_ref"))
_LONGEST_EMAIL = 320


class RegisterCustomer(msgspec.Struct, frozen=True):
    """Known by a reference that imported books have, by an email, or by both. No password: nobody signs in by this."""

    external_ref: str | None = None
    name: str | None = None
    email: str | None = None


class UpdateCustomer(msgspec.Struct, frozen=True):
    """An absent field stays as it is; a name may be cleared."""

    customer_id: str
    name: str | UnsetType | None = UNSET
    email: str | UnsetType | None = UNSET
    expected_version: int | None = None


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
        raise Taken("There is a customer with that reference already.", ["externalRef"])
    return Done([registered], {"customer_id": registered.customer_id})


def update_customer(work: Work, command: UpdateCustomer) -> Done:
    customer = load(work, command.customer_id, ["input", "customerId"])
    work.expect(customer.id, command.expected_version)
    was = {"name": customer.name, "email": customer.email}
    name = was["name"] if command.name is UNSET else _called(command.name)
    email = was["email"] if command.email is UNSET else _email(command.email, ["input", "email"])
    if {"name": name, "email": email} == was:
        return Done([], {"customer_id": customer.id})
    if email is not None and email != was["email"]:
        _take_email(work, customer.id, email, ["input", "email"])
    work.do(sa.update(t.customers).where(t.customers.c.id == customer.id).values(name=name, email=email))
    described = events.CustomerDescribed(customer_id=customer.id, name=name, email=email)
    return Done([described], {"customer_id": customer.id})


def load(work: Work, customer_id: str, path: Path | None = None) -> Row:
    """Load a customer and hold it, or refuse."""
    customer = work.one(t.customers, customer_id)
    if customer is None:
        raise NotFound(f"There is no customer {customer_id}.", path)
    return customer


def _register(work: Work, command: RegisterCustomer) -> events.CustomerRegistered | None:
    """Keep a customer and say so; None where the reference is another's."""
    if command.external_ref is not None and not command.external_ref.strip():
        raise Invalid("A customer's reference is not empty.", ["externalRef"])
    if command.external_ref is None and command.email is None:
        raise Invalid("A customer is known by a reference or by an email: give one of them.", ["email"])
    customer_id, email = ids.new("customer"), None if command.email is None else _email(command.email, ["email"])
    row: dict[str, Any] = {"external_ref": command.external_ref, "name": _called(command.name), "email": email}
    if email is not None and _holder(work, email) is not None:
        raise Taken(f"{email} belongs to another customer.", ["email"])
    if not work.added(t.customers, {"id": customer_id, **row}):
        return None
    if email is not None:
        _take_email(work, customer_id, email, ["email"])
    return events.CustomerRegistered(customer_id=customer_id, **row)


def _take_email(work: Work, customer_id: str, email: str, path: Path) -> None:
    """Make an email the customer's own, instead of the one before. Emails compare without case."""
    columns, folded = p.customer_emails.c, email.casefold()
    row = {"email_folded": folded, "customer_id": customer_id, "verified": False}
    if not work.added(p.customer_emails, row) and _holder(work, email) != customer_id:
        raise Taken(f"{email} belongs to another customer.", path)
    work.do(sa.delete(p.customer_emails).where(columns.customer_id == customer_id, columns.email_folded != folded))


def _holder(work: Work, email: str) -> str | None:
    """Whose an email is."""
    columns = p.customer_emails.c
    holder = sa.select(columns.customer_id).where(columns.email_folded == email.casefold())
    return work.connection.scalar(holder)


def _email(text: str | None, path: Path) -> str:
    """An email without the blanks around it, or a refusal. Whether it is anyone's only a mail can tell."""
    if text is None:
        raise Invalid("An email may be changed, not cleared.", path)
    name, at, domain = text.strip().rpartition("@")
    if not (name and at and domain) or any(one.isspace() for one in text.strip()) or len(text.casefold()) > _LONGEST_EMAIL:
        raise Invalid(f"{text!r} is no email address.", path)
    return text.strip()


def _called(name: str | None) -> str | None:
    """A name without the blanks around it; an empty one is none."""
    return (name or "").strip() or None
