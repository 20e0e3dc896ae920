"""Customers and their credits."""

import re
from collections.abc import Iterable
from typing import Any

import msgspec

from projections.projection import Entry, Projection, replace
from shop import events, views
from shop.log import Recorded
from shop.money import Money, money, nearest, plus
from shop.views import Credit, CreditLine, Customer, KeptAddress

customer = Projection(Customer)
credit = Projection(Credit)


def _id(event: Any) -> list[str]:
    return [] if event.customer_id is None else [event.customer_id]


@customer.starts(events.CustomerRegistered, _id)
def customer_registered(event: events.CustomerRegistered, _: Recorded) -> Customer:
    return Customer(id=event.customer_id, external_ref=event.external_ref, email=event.email, name=event.name)


@customer.on(events.CustomerDescribed, _id)
def customer_described(view: Customer, event: events.CustomerDescribed, _: Recorded) -> Customer:
    """Another email is not verified; the same one in other letters still is."""
    same = (view.email or "").casefold() == (event.email or "").casefold()
    return replace(view, name=event.name, email=event.email, email_verified=view.email_verified and same)


@customer.on(events.AddressSaved, _id)
def address_saved(view: Customer, event: events.AddressSaved, _: Recorded) -> Customer:
    if event.address is None:  # the customer was erased
        return _without(view, event.address_id)
    kept = KeptAddress(id=event.address_id, **msgspec.structs.asdict(event.address))
    known = any(one.id == kept.id for one in view.addresses)
    addresses = [kept if one.id == kept.id else one for one in view.addresses] if known else [*view.addresses, kept]
    shipping = kept.id if event.default_shipping else view.default_shipping_id
    billing = kept.id if event.default_billing else view.default_billing_id
    return replace(view, addresses=addresses, default_shipping_id=shipping, default_billing_id=billing)


@customer.on(events.AddressRemoved, _id)
def address_removed(view: Customer, event: events.AddressRemoved, _: Recorded) -> Customer:
    return _without(view, event.address_id)


def _without(view: Customer, address_id: str) -> Customer:
    return replace(
        view,
        addresses=[one for one in view.addresses if one.id != address_id],
        default_shipping_id=None if view.default_shipping_id == address_id else view.default_shipping_id,
        default_billing_id=None if view.default_billing_id == address_id else view.default_billing_id,
    )


@customer.on(events.CustomerErased, _id)
def customer_erased(view: Customer, _event: events.CustomerErased, _: Recorded) -> Customer:
    nobody = replace(view, external_ref=None, email=None, name=None, email_verified=False)
    return replace(nobody, addresses=[], default_shipping_id=None, default_billing_id=None)


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
