"""Customers and their credits."""

import re
from collections.abc import Iterable
from typing import Any

from projections.projection import Entry, Projection, replace
from shop import events, views
from shop.log import Recorded
from shop.money import Money, money, nearest, plus
from shop.views import Credit, CreditLine, Customer

customer = Projection(Customer)
credit = Projection(Credit)


def _id(event: Any) -> list[str]:
    return [] if event.customer_id is None else [event.customer_id]


@customer.starts(events.CustomerRegistered, _id)
def customer_registered(event: events.CustomerRegistered, _: Recorded) -> Customer:
    return Customer(id=event.customer_id, external_ref=event.external_ref, email=event.email, name=event.name)


@customer.on(events.CustomerErased, _id)
def customer_erased(view: Customer, _event: events.CustomerErased, _: Recorded) -> Customer:
    return replace(view, external_ref=None, email=None, name=None)


@customer.on(events.OrderPlaced, _id)
def order_placed(view: Customer, _event: events.OrderPlaced, _: Recorded) -> Customer:
    return replace(view, order_count=view.order_count + 1)


@customer.on(events.PastOrderRecorded, _id)
def past_order_recorded(view: Customer, event: events.PastOrderRecorded, _: Recorded) -> Customer:
    return replace(view, total_spent=_spent(view, event.total, event.currency), order_count=view.order_count + 1)


@customer.on(events.PastReturnRecorded, _id)
def past_return_recorded(view: Customer, event: events.PastReturnRecorded, _: Recorded) -> Customer:
    return replace(view, total_spent=_spent(view, -event.refunded, event.currency))


@customer.on(events.PaymentCaptured, _id)
def payment_captured(view: Customer, event: events.PaymentCaptured, _: Recorded) -> Customer:
    return replace(view, total_spent=_spent(view, event.amount, event.currency))


@customer.on(events.PaymentRefunded, _id)
def payment_refunded(view: Customer, event: events.PaymentRefunded, _: Recorded) -> Customer:
    return replace(view, total_spent=_spent(view, -event.amount, event.currency))


@customer.on(events.CreditRecorded, _id)
def customer_credited(view: Customer, event: events.CreditRecorded, _: Recorded) -> Customer:
    return replace(view, credit_ids=[*view.credit_ids, event.credit_id])


@credit.starts(events.CreditRecorded, lambda e: [e.credit_id])
def credit_recorded(event: events.CreditRecorded, _: Recorded) -> Credit:
    return Credit(
        id=event.credit_id,
        number=event.number,
        at=event.credited_at,
        channel=event.channel,
        amount=money(event.amount, event.currency),
        customer_id=event.customer_id,
        lines=[_line(line, event.currency) for line in event.lines],
    )


def _line(line: events.CreditLine, currency: str) -> CreditLine:
    unit_price = nearest(line.unit_price, currency)
    return CreditLine(line.sku, line.name, line.quantity, unit_price, money(line.total, currency))


def _spent(view: Customer, amount: int, currency: str) -> list[Money]:
    spent = {money.currency: money for money in view.total_spent}
    spent[currency] = plus(spent[currency], amount) if currency in spent else money(amount, currency)
    return [spent[code] for code in sorted(spent)]


def _of_customer(document: Customer) -> Iterable[Entry]:
    """Each word one may search for leads to the customer; `every` pages through all by reference, then name."""
    yield views.EVERY, views.member(views.customer_sort_key(document), document.id), 0
    words = re.findall(r"\w+", f"{document.external_ref or ''} {document.name or ''}".casefold())
    for word in {*words, (document.email or "").casefold()} - {""}:
        yield views.SEARCH, views.member(word, document.id), 0


def _of_credit(document: Credit) -> Iterable[Entry]:
    yield views.EVERY, views.member(document.at, document.id), 0
    yield views.LOOKUP, views.member(f"number={document.number}", document.id), 0


customer.entries = _of_customer
credit.entries = _of_credit
