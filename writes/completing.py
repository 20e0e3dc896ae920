"""Completing a checkout: its order is made, its stock allocated, its money asked for, and the sale placed.

It has three phases where a provider moves money: prepare (the order exists, its stock is allocated, the ledger says
PENDING) and commit; call the provider; record the result. Nothing is called inside a transaction.
"""

from typing import Any

import msgspec
import sqlalchemy as sa

from shop import events, ids, money
from writes import backorders, ledger, orders, promotions, quoting, redeeming, stock
from writes import checkout as checkouts
from writes import tables as t
from writes.refusals import Invalid, NotAllowedFrom, PriceChanged, ReservationExpired
from writes.work import Done, Work

# What a line of an order takes over from the checkout's.
_SAME = (
    "ordinal", "variant_id", "product_id", "sku", "name", "option_values", "image", "quantity", "total", "discount", "tax",
)  # fmt: skip


class CompleteCheckout(msgspec.Struct, frozen=True):
    """`expected_total` guards the buyer: another total is refused. Nothing to pay needs no provider."""

    checkout_id: str
    expected_total: str
    expected_currency: str
    payment_provider: str | None = None
    payment_token: str | None = None
    capture: bool = False
    return_url: str | None = None


def complete_checkout(work: Work, command: CompleteCheckout) -> Done:
    checkout = checkouts.load(work, command.checkout_id, ["input", "checkoutId"])
    if checkout.status == "EXPIRED":
        raise ReservationExpired("The checkout's time is over: start a new one from the cart.", ["input", "checkoutId"])
    if checkout.status != "OPEN":
        raise NotAllowedFrom("The checkout", checkout.status, [], ["input", "checkoutId"])
    order, happened = checkouts.order_of(work, checkout.id), list[events.Event]()
    if order is None:
        checkout = _as_of_now(work, checkout, happened)
    currency = _check_total(work, checkout, command)
    provider = _provider(work, checkout, command)
    order_id = str(order.id) if order is not None else _create_order(work, checkout, currency, happened)
    answer = {"order_id": order_id, "checkout_id": checkout.id}
    answer |= {"guest_order_id": order_id} if checkout.customer_id is None else {}
    if provider is None or work.providers[provider].by_hand:
        if provider is not None:
            started, _ = ledger.start(work, order_id, provider, kind="AUTHORIZE", amount=checkout.total, currency=currency)
            happened.append(started)
        happened += orders.place(work, order_id)
        return Done(happened, answer)
    work.do(sa.update(t.checkouts).where(t.checkouts.c.id == checkout.id).values(status="PAYMENT_PENDING"))
    wanted: dict[str, Any] = {"kind": "CAPTURE" if command.capture else "AUTHORIZE", "amount": checkout.total}
    wanted |= {"token": command.payment_token, "return_url": command.return_url}
    started, call = ledger.start(work, order_id, provider, currency=currency, **wanted)
    started = msgspec.structs.replace(started, checkout_id=checkout.id)
    return Done([*happened, started], answer, [call])


def _as_of_now(work: Work, checkout: Any, happened: list[events.Event]) -> Any:
    """The checkout as it is quoted now: a method, a rate or a code may have changed since, and then the total is another."""
    promotions.hold(work, checkout.cart_id)
    pricing, quoted = quoting.anew(work, checkout, checkout.shipping_method and checkout.shipping_method["id"])
    quoting.check_shipped(work, checkout, pricing.method)
    happened += quoted
    return work.one(t.checkouts, checkout.id) if quoted else checkout


def _check_total(work: Work, checkout: Any, command: CompleteCheckout) -> str:
    currency = str(work.connection.scalar(sa.select(t.channels.c.currency).where(t.channels.c.code == checkout.channel)))
    if command.expected_currency != currency:
        wrong = f"The checkout is in {currency}, not in {command.expected_currency}."
        raise Invalid(wrong, ["input", "expectedTotal", "currency"])
    try:
        expected = money.minor(command.expected_total, currency)
    except ValueError as error:
        raise Invalid(f"{error}.", ["input", "expectedTotal", "amount"]) from None
    if expected != checkout.total:
        raise PriceChanged(expected, checkout.total, currency)
    return currency


def _provider(work: Work, checkout: Any, command: CompleteCheckout) -> str | None:
    """Return the provider that is asked for the money; None where there is nothing to pay."""
    if checkout.total == 0:
        return None
    ways = work.ways_to_pay(checkout.channel)
    if command.payment_provider is None or command.payment_provider not in ways:
        known = ", ".join(sorted(ways)) or "none"
        raise Invalid(f"{command.payment_provider!r} is no way to pay here; open: {known}.", ["input", "paymentProvider"])
    if not ways[command.payment_provider].accepts(command.payment_token):
        raise Invalid("This is no token of that provider.", ["input", "paymentToken"])
    return command.payment_provider


def _create_order(work: Work, checkout: Any, currency: str, happened: list[events.Event]) -> str:
    """Make the order of a checkout and turn its reservation into allocation; add the events of both."""
    order_id = ids.new("order")
    row = {
        name: getattr(checkout, name)
        for name in (
            "channel", "customer_id", "email", "shipping_address", "billing_address", "metadata",
            "subtotal", "discount", "shipping", "tax", "total", "shipping_method", "tax_included",
        )
    }  # fmt: skip
    row |= {"number": _number(work, order_id), "currency": currency, "checkout_id": checkout.id}
    codes = [one for one in checkout.applied_codes or [] if not one.get("problem")]
    unsaid = {"shipping_tax": checkout.shipping_tax, "tax_lines": checkout.tax_lines, "applied_codes": codes or None}
    work.do(sa.insert(t.orders).values(id=order_id, status="PENDING_PAYMENT", created_at=work.at, **row, **unsaid))
    redeemed = redeeming.claim(work, order_id, checkout.customer_id, codes)
    priced = quoting.lines_of(work, checkout.id)
    order_line = {line.id: ids.new("order_line") for line in priced}
    work.do_each(sa.insert(t.order_lines), [_order_line(line, order_id, order_line[line.id], currency) for line in priced])
    moves = stock.allocate_reserved(work, checkout.id, order_line)
    told = [{**_same(line), "line_id": order_line[line.id], "unit_price": line.unit_price} for line in priced]
    told_of = {"order_id": order_id, "lines": told, "tax_lines": checkout.tax_lines or [], "codes": codes}
    happened.append(msgspec.convert({**told_of, **row}, events.OrderCreated))
    happened += [events.StockAllocated(order_id=order_id, moves=moves), *redeemed]
    happened += backorders.owed(work, order_id, moves)
    return order_id


def _order_line(line: Any, order_id: str, line_id: str, currency: str) -> dict[str, Any]:
    unit_price = money.money(line.unit_price, currency).amount
    return {**_same(line), "id": line_id, "order_id": order_id, "status": "ALLOCATED", "unit_price": unit_price}


def _same(line: Any) -> dict[str, Any]:
    return {name: getattr(line, name) for name in _SAME}


def _number(work: Work, order_id: str) -> str:
    """Give out the next order number. Its T keeps it apart from imported books; where they have a T too, it is skipped."""
    while True:
        added = work.do(sa.insert(t.order_numbers).values(order_id=order_id).returning(t.order_numbers.c.serial))
        number = f"T{100_000 + int(added.scalar_one())}"
        if work.connection.scalar(sa.select(t.orders.c.id).where(t.orders.c.number == number)) is None:
            return number
