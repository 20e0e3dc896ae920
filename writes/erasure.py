"""Erasing a person: a customer with all its orders, or the guest of an order. Numbers, goods and sums stand.

Here the rows forget, in one transaction, and the ids of the person's keys are left in `erasures`. Destroying the keys, and
what files, dumps and Redis still hold, follows after the commit (server.erasing): until then nothing reads it any more.
"""

from typing import Any

import msgspec
import sqlalchemy as sa

from shop import events, ids, log, sealing
from writes import books, holding, orders
from writes import people_tables as p
from writes import tables as t
from writes.refusals import Invalid, NotAllowedFrom, NotFound
from writes.work import Done, Work

_CONTACT = ("email", "shipping_address", "billing_address", "metadata")
_CALLED = ("external_ref", "email", "name")

Ids = sa.Select[tuple[str]]


class EraseCustomer(msgspec.Struct, frozen=True):
    """What was told since an erasure is erased by another; else another changes nothing."""

    customer_id: str


class EraseOrder(msgspec.Struct, frozen=True):
    """A guest's order, with whatever else the same cart led to."""

    order_id: str


class Traces(msgspec.Struct, frozen=True):
    """Where a person is told of, as queries of ids."""

    checkouts: Ids
    orders: Ids


def erase_customer(work: Work, command: EraseCustomer) -> Done:
    holding.sales_of_customer(work, command.customer_id)
    if work.one(t.customers, command.customer_id) is None:
        raise NotFound(f"There is no customer {command.customer_id}.", ["id"])
    work.all(sa.select(log.subject_ids).where(log.subject_ids.c.id == command.customer_id).with_for_update())
    traces = _of_customer(command.customer_id)
    _refuse_in_flight(work, traces)
    happened, key_ids = _forgotten(work, traces)
    told, of_customer = _told(work, t.customers, sa.select(t.customers.c.id).where(_is(command.customer_id)), _CALLED)
    if told:
        work.do(sa.update(t.customers).where(_is(command.customer_id)).values(dict.fromkeys(_CALLED)))
        for kept in (p.customer_emails, p.addresses):
            work.do(sa.delete(kept).where(kept.c.customer_id == command.customer_id))
        reviews = _unsaid(work, command.customer_id)
        happened.append(events.CustomerErased(customer_id=command.customer_id, review_ids=reviews))
    return _done(work, happened, key_ids | of_customer, {"customer_id": command.customer_id})


def _unsaid(work: Work, customer_id: str) -> list[str]:
    """Of a customer's reviews the rating stands, not what was said; return their ids."""
    mine = sa.update(p.reviews).where(p.reviews.c.customer_id == customer_id).values(title=None, body=None)
    return sorted(work.do(mine.returning(p.reviews.c.id)).scalars())


def erase_order(work: Work, command: EraseOrder) -> Done:
    order = orders.load(work, command.order_id, ["id"])
    if order.customer_id is not None:
        raise Invalid(f"The order is of customer {order.customer_id}: erase the customer.", ["id"])
    traces = _of_guest(order)
    _refuse_in_flight(work, traces)
    happened, key_ids = _forgotten(work, traces)
    return _done(work, happened, key_ids, {"order_id": order.id})


def _of_customer(customer_id: str) -> Traces:
    carts = holding.carts_of_customer(customer_id)
    checkouts = sa.select(t.checkouts.c.id).where(t.checkouts.c.cart_id.in_(carts))
    columns = t.orders.c
    return Traces(
        checkouts, sa.select(columns.id).where(sa.or_(columns.customer_id == customer_id, columns.checkout_id.in_(checkouts)))
    )


def _of_guest(order: Any) -> Traces:
    """One cart may have had several checkouts, and orders that came to nothing."""
    columns = t.checkouts.c
    cart = sa.select(columns.cart_id).where(columns.id == order.checkout_id)
    checkouts = sa.select(columns.id).where(columns.cart_id.in_(cart), columns.customer_id.is_(None))
    either = sa.or_(t.orders.c.id == order.id, t.orders.c.checkout_id.in_(checkouts))
    return Traces(checkouts, sa.select(t.orders.c.id).where(either, t.orders.c.customer_id.is_(None)))


def _refuse_in_flight(work: Work, traces: Traces) -> None:
    """While a provider is being asked, its answer must find whom it concerns."""
    asked = orders.in_flight(work, traces.orders)
    if asked is not None:
        raise NotAllowedFrom(f"A payment of order {asked}", "PENDING", ["SUCCESS", "FAILURE"], ["id"])


def _forgotten(work: Work, traces: Traces) -> tuple[list[events.Event], set[str]]:
    """Make checkouts and orders forget whose they are; return an event for each that knew, and the keys of those."""
    told_orders, order_keys = _told(work, t.orders, traces.orders, _CONTACT)
    told_checkouts, checkout_keys = _told(work, t.checkouts, traces.checkouts, _CONTACT)
    _forget_payments_and_ways(work, traces.orders)
    for table, some in ((t.orders, traces.orders), (t.checkouts, traces.checkouts)):
        work.do(sa.update(table).where(table.c.id.in_(some)).values(dict.fromkeys(_CONTACT)))
    happened: list[events.Event] = [events.OrderErased(order_id=one) for one in told_orders]
    happened += [events.CheckoutErased(checkout_id=one) for one in told_checkouts]
    return happened, order_keys | checkout_keys


def _forget_payments_and_ways(work: Work, of_orders: Ids) -> None:
    """Free texts of payments and returns, and what leads to a name and an address at a carrier."""
    said = t.payments.c.provider != books.PROVIDER  # what books say of a payment is a number of theirs
    payments = sa.select(t.payments.c.id).where(t.payments.c.order_id.in_(of_orders), said)
    work.do(sa.update(t.ledger_entries).where(t.ledger_entries.c.payment_id.in_(payments)).values(message=None))
    parcels = sa.select(t.fulfillments.c.id).where(t.fulfillments.c.order_id.in_(of_orders))
    back = sa.select(t.returns.c.id).where(t.returns.c.order_id.in_(of_orders))
    work.do(sa.delete(t.return_reasons).where(t.return_reasons.c.return_id.in_(back)))
    gone = {"tracking_number": None, "tracking_url": None}
    work.do(sa.update(t.tracking).where(t.tracking.c.fulfillment_id.in_(parcels)).values(gone))


def _told(work: Work, table: sa.Table, some: Ids, names: tuple[str, ...]) -> tuple[list[str], set[str]]:
    """Which rows tell of a person, or have events that do, in the order of their ids; and the keys of those events."""
    known = log.subject_ids.c
    tells = sa.or_(known.key_id.is_not(None), *(table.c[name].is_not(None) for name in names))
    from_both = sa.outerjoin(table, log.subject_ids, known.id == table.c.id)
    query = sa.select(table.c.id, known.key_id).select_from(from_both).where(table.c.id.in_(some), tells)
    found = work.all(query.order_by(table.c.id))
    return [row.id for row in found], {row.key_id for row in found if row.key_id is not None}


def _done(work: Work, happened: list[events.Event], key_ids: set[str], answer: dict[str, str]) -> Done:
    """Let go of the keys, so that what is told from now on has another, and have them destroyed after the commit."""
    if happened:
        work.do(sa.delete(log.subject_ids).where(log.subject_ids.c.key_id.in_(key_ids)))
        sealing.strip(work.connection, [event.stream for event in happened])
        work.add(t.erasures, {"id": ids.new("erasure"), "at": work.at, "key_ids": sorted(key_ids)})
    return Done(happened, answer)


def _is(customer_id: str) -> sa.ColumnElement[bool]:
    return t.customers.c.id == customer_id
