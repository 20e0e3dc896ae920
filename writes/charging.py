"""What staff ask of a payment: capture it, void it, refund it. Each claims the payment before its provider is called.

The claim is the PENDING ledger entry, written while the sale is held: while one step is open no other begins, and the
answer of a provider is recorded by payments, as that of a checkout is. What is kept by hand is recorded at once.
"""

from collections.abc import Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from shop import events, money
from shop.events import LineQuantity
from shop.money import Money
from writes import costs, ledger, orders, payments, refunds
from writes import tables as t
from writes.providers import ProviderCall, ProviderResult
from writes.refusals import Invalid, NotAllowedFrom, NotFound, Path
from writes.work import Done, Work

_NEXT = {
    "CREATED": ("ACTION_REQUIRED", "AUTHORIZED", "CAPTURED", "FAILED"),
    "ACTION_REQUIRED": ("AUTHORIZED", "CAPTURED", "FAILED"),
    "AUTHORIZED": ("CAPTURED", "VOIDED"),
    "CAPTURED": (),
    "VOIDED": (),
    "FAILED": (),
}


class CapturePayment(msgspec.Struct, frozen=True):
    """Take what was promised, or an `amount` of it. Of a payment by hand: what is there was seen on the account."""

    payment_id: str
    amount: Money | None = None


class VoidPayment(msgspec.Struct, frozen=True):
    """Give up what was promised. Nothing of it may have been captured."""

    payment_id: str


class RefundPayment(msgspec.Struct, frozen=True):
    """Give money back: `amount`, else what the lines and, if asked, the shipping cost, else all that is left."""

    payment_id: str
    amount: Money | None = None
    reason: str | None = None
    lines: list[LineQuantity] | None = None
    shipping: bool = False


def capture_payment(work: Work, command: CapturePayment) -> Done:
    order, payment = _claimable(work, command.payment_id)
    if order.status == "CANCELED":
        raise NotAllowedFrom("The order", order.status, [], ["id"])
    happened: list[events.Event] = []
    if payment.state == "CREATED":  # by hand: that the money came means that it was promised
        happened += _promised(work, order, payment)
        payment = work.one(t.payments, payment.id)
    left = payment.authorized - payment.captured
    if payment.state not in {"AUTHORIZED", "CAPTURED"} or left == 0:
        raise NotAllowedFrom("The payment", payment.state, _NEXT[payment.state], ["id"])
    owed = left if command.amount else min(left, _owed(work, order))  # lines may have been canceled since it was promised
    if owed <= 0:
        raise NotAllowedFrom("The order's payment", "PAID", [], ["id"])
    return _ask(work, order, payment, "CAPTURE", _amount(command.amount, owed, order.currency), happened=happened)


def _owed(work: Work, order: Any) -> int:
    """What the order costs beyond what was captured."""
    return int(order.total) - sum(int(payment.captured) for payment in ledger.payments_of(work, order.id))


def void_payment(work: Work, command: VoidPayment) -> Done:
    order, payment = _claimable(work, command.payment_id)
    if payment.state != "AUTHORIZED":
        raise NotAllowedFrom("The payment", payment.state, _NEXT[payment.state], ["id"])
    return _ask(work, order, payment, "VOID", payment.authorized)


def refund_payment(work: Work, command: RefundPayment) -> Done:
    order, payment = _claimable(work, command.payment_id)
    left = ledger.left_of(work, payment)
    if left == 0:
        raise NotAllowedFrom("The payment", payment.state, _NEXT[payment.state], ["id"])
    cut = [] if command.lines is None else _cut(work, order, command.lines)
    asked = _asked(order, command, cut, left)
    if command.amount is not None:  # it is the caller's own figure: no unit of a line counts as given back
        cut, asked = [], _amount(command.amount, left, order.currency)
    if not 0 < asked <= left:
        raise Invalid(f"{_said(left, order.currency)} is left to refund.", ["input", "lines"])
    return _ask(work, order, payment, "REFUND", asked, message=command.reason, cut=cut)


def give_back(work: Work, order: Any, wanted: Sequence[tuple[Any, int]], reason: str, most: int | None = None) -> Done:
    """Refund what units of lines cost the buyer, `most` in all: as far as there is money that was captured and is not back."""
    happened: list[events.Event] = []
    calls: list[ProviderCall] = []
    for payment in ledger.payments_of(work, order.id):
        left = ledger.left_of(work, payment) if payment.provider in work.providers else 0
        left = left if most is None else min(left, most)
        cut = refunds.parts(work, order, wanted, left)
        amount = sum(one.amount for one in cut)
        if amount:
            done = _ask(work, order, payment, "REFUND", amount, message=reason, cut=cut)
            happened += done.events
            calls += done.calls
            most = None if most is None else most - amount
    return Done(happened, calls=calls)


def _asked(order: Any, command: RefundPayment, cut: Sequence[refunds.Part], left: int) -> int:
    """What is to be refunded where no amount is said: lines and, if asked, the shipping; without either, all that is left."""
    if command.lines is None and not command.shipping:
        return left
    return sum(one.amount for one in cut) + (costs.of_shipping(order) if command.shipping else 0)


def _claimable(work: Work, payment_id: str) -> tuple[Any, Any]:
    """Load a payment and its order and hold both; refuse while a step of it is open."""
    order_id = work.connection.scalar(sa.select(t.payments.c.order_id).where(t.payments.c.id == payment_id))
    if order_id is None:
        raise NotFound(f"There is no payment {payment_id}.", ["id"])
    order = orders.load(work, order_id, ["id"])
    payment: Any = work.one(t.payments, payment_id)
    if payment.provider not in work.providers:
        raise Invalid(f"{payment.provider} is no provider that this shop can ask.", ["id"])
    if any(entry.kind != "AUTHORIZE" or not _by_hand(work, payment) for entry in _open_entries(work, payment_id)):
        raise NotAllowedFrom("A step of the payment", "PENDING", ["SUCCESS", "FAILURE"], ["id"])
    return order, payment


def _open_entries(work: Work, payment_id: str) -> Sequence[Any]:
    columns = t.ledger_entries.c
    return work.all(sa.select(t.ledger_entries).where(columns.payment_id == payment_id, columns.outcome == "PENDING"))


def _by_hand(work: Work, payment: Any) -> bool:
    return work.providers[payment.provider].by_hand


def _promised(work: Work, order: Any, payment: Any) -> list[events.Event]:
    return [event for entry in _open_entries(work, payment.id) for event in _done_by_hand(work, order.id, payment.id, entry.id)]


def _done_by_hand(work: Work, order_id: str, payment_id: str, entry_id: str) -> Sequence[events.Event]:
    done = ProviderResult(succeeded=True, reference=entry_id)
    return payments.record_payment_result(work, payments.RecordPaymentResult(order_id, payment_id, entry_id, done)).events


def _ask(
    work: Work,
    order: Any,
    payment: Any,
    kind: str,
    amount: int,
    *,
    message: str | None = None,
    happened: Sequence[events.Event] = (),
    cut: Sequence[refunds.Part] = (),
) -> Done:
    """Open a step of the payment; the provider is asked once this is committed. `cut` is what a refund gives back for lines."""
    about: dict[str, Any] = {"kind": kind, "amount": amount, "currency": order.currency, "message": message}
    started, call = ledger.ask(work, order.id, payment.id, payment.provider, **about)
    refunds.keep(work, call.entry_id, cut)
    answer = {"order_id": order.id, "payment_id": payment.id}
    if not _by_hand(work, payment):
        return Done([*happened, started], answer, [call])
    return Done([*happened, started, *_done_by_hand(work, order.id, payment.id, call.entry_id)], answer)


def _amount(given: Money | None, left: int, currency: str) -> int:
    """The amount asked for in smallest units; all that is left where none is."""
    if given is None:
        return left
    if given.currency != currency:
        raise Invalid(f"The payment is in {currency}, not in {given.currency}.", ["input", "amount", "currency"])
    path: Path = ["input", "amount", "amount"]
    try:
        amount = money.minor(given.amount, currency)
    except ValueError as error:
        raise Invalid(f"{error}.", path) from None
    if not 0 < amount <= left:
        raise Invalid(f"{_said(left, currency)} is left: ask for no more, and for more than nothing.", path)
    return amount


def _cut(work: Work, order: Any, wanted: list[LineQuantity]) -> list[refunds.Part]:
    """What so many units of these lines cost the buyer, none of them given back before."""
    if len({one.line_id for one in wanted}) < len(wanted):
        raise Invalid("A line stands here twice: put its quantities into one.", ["input", "lines"])
    lines = {line.id: line for line in orders.lines_of(work, order.id)}
    before = refunds.given(work, lines)
    cut = []
    for index, one in enumerate(wanted):
        line = lines.get(one.line_id)
        if line is None:
            raise NotFound(f"The order has no line {one.line_id}.", ["input", "lines", index, "lineId"])
        was = before.get(line.id, refunds.Given())
        if not 0 < one.quantity <= line.quantity - was.units:
            left = f"The line has {line.quantity}, and {was.units} of them are given back."
            raise Invalid(left, ["input", "lines", index, "quantity"])
        cut.append(refunds.part(order, line, one.quantity, was))
    return cut


def _said(units: int, currency: str) -> str:
    return f"{money.money(units, currency).amount} {currency}"
