"""Erasing a person: a customer with all its orders, or the guest of an order. Numbers, goods and sums stand.

Here the rows forget, in one transaction, and the ids of the person's keys are left in `erasures`. Destroying the keys, and
what files, dumps and Redis still hold, follows after the commit (server.erasing): until then nothing reads it any more.
"""

from collections.abc import Callable, Mapping

import msgspec
import sqlalchemy as sa

from shop import events, ids, log, sealing
from shop.keyring import subject_keys
from writes import books, holding, orders
from writes import people_tables as p
from writes import tables as t
from writes.refusals import Invalid, NotAllowedFrom, NotFound
from writes.work import Done, Work

_CONTACT = ("email", "shipping_address", "billing_address", "metadata")
_CALLED = ("external_ref", "email", "name")

_AT_ONCE = 1000  # keys named in one statement

Ids = sa.Select[tuple[str]]


class EraseCustomer(msgspec.Struct, frozen=True):
    """What was told since an erasure is erased by another; else another changes nothing."""

    customer_id: str


class EraseOrder(msgspec.Struct, frozen=True):
    """A guest's order, with whatever else the same cart led to."""

    order_id: str


class EraseCheckout(msgspec.Struct, frozen=True):
    """The guest of a checkout that no order came of: asked for where a restored database remembers one that was erased."""

    checkout_id: str


Command = EraseCustomer | EraseOrder | EraseCheckout

_ERASED_BY: Mapping[str, Callable[[str], Command]] = {"cus": EraseCustomer, "ord": EraseOrder, "chk": EraseCheckout}


class FinishErasure(msgspec.Struct, frozen=True):
    """Said by the duty that followed an erasure up: keys, files, views and Redis have nothing of it any more."""

    erasure_id: str


class Unfinished(msgspec.Struct, frozen=True):
    id: str
    key_ids: list[str]


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
    traces = _of_guest(order.checkout_id, order.id)
    _refuse_in_flight(work, traces)
    happened, key_ids = _forgotten(work, traces)
    return _done(work, happened, key_ids, {"order_id": order.id})


def erase_checkout(work: Work, command: EraseCheckout) -> Done:
    holding.sale_of_checkout(work, command.checkout_id)
    traces = _of_guest(command.checkout_id, None)
    _refuse_in_flight(work, traces)
    happened, key_ids = _forgotten(work, traces)
    return _done(work, happened, key_ids, {"checkout_id": command.checkout_id})


def finish_erasure(work: Work, command: FinishErasure) -> Done:
    columns = t.erasures.c
    work.do(sa.update(t.erasures).where(columns.id == command.erasure_id, columns.done_at.is_(None)).values(done_at=work.at))
    return Done()


def unfinished(connection: sa.Connection) -> list[Unfinished]:
    """Erasures that are committed and not yet followed up everywhere, the oldest first."""
    columns = t.erasures.c
    rows = connection.execute(sa.select(columns.id, columns.key_ids).where(columns.done_at.is_(None)).order_by(columns.id))
    return [Unfinished(row.id, row.key_ids) for row in rows]


def _of_customer(customer_id: str) -> Traces:
    carts = holding.carts_of_customer(customer_id)
    checkouts = sa.select(t.checkouts.c.id).where(t.checkouts.c.cart_id.in_(carts))
    columns = t.orders.c
    return Traces(
        checkouts, sa.select(columns.id).where(sa.or_(columns.customer_id == customer_id, columns.checkout_id.in_(checkouts)))
    )


def remembered(connection: sa.Connection) -> list[Command]:
    """What a database asks for that was put back from before an erasure: to erase again whose keys are destroyed.

    The connection must see the keyring, as readers of the log do.
    """
    named = log.subject_ids.c
    of_destroyed = sa.select(named.id).join(subject_keys, subject_keys.c.id == named.key_id)
    found = connection.scalars(of_destroyed.where(subject_keys.c.destroyed_at.is_not(None)).order_by(named.id)).all()
    return [command(one) for prefix, command in _ERASED_BY.items() for one in found if ids.prefix(one) == prefix]


def revived(connection: sa.Connection) -> list[str]:
    """Keys that an erasure destroyed and a keyring of before it has brought back."""
    erased = sorted({key_id for row in connection.execute(sa.select(t.erasures.c.key_ids)) for key_id in row.key_ids})
    alive = sa.select(subject_keys.c.id).where(subject_keys.c.key.is_not(None))
    parts = [erased[start : start + _AT_ONCE] for start in range(0, len(erased), _AT_ONCE)]
    return [key_id for part in parts for key_id in connection.scalars(alive.where(subject_keys.c.id.in_(part)))]


def _of_guest(checkout_id: str | None, order_id: str | None) -> Traces:
    """One cart may have had several checkouts, and orders that came to nothing."""
    columns = t.checkouts.c
    cart = sa.select(columns.cart_id).where(columns.id == checkout_id)
    checkouts = sa.select(columns.id).where(columns.cart_id.in_(cart), columns.customer_id.is_(None))
    either = sa.or_(t.orders.c.id == order_id, t.orders.c.checkout_id.in_(checkouts))
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
