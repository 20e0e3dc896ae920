"""Books of the past: orders and credits that another system recorded, taken over as facts. No stock is touched.

What happened when is data here; an event's own time is when it was recorded.
"""

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec
import sqlalchemy as sa

from shop import clock, events, ids, money
from writes import customers, holding, ledger, order_lines, orders
from writes import tables as t
from writes.refusals import Invalid, NotFound, Path, Taken
from writes.work import Done, Work

PROVIDER = "books"

# Statements that imports send by the thousand. One that is made once costs a third of one that is made anew.
_BY_NUMBER = sa.select(t.orders).where(t.orders.c.number == sa.bindparam("number"))
_CURRENCY = sa.select(t.channels.c.currency).where(t.channels.c.code == sa.bindparam("code"))
_VARIANTS = sa.select(t.variants.c.sku_folded, t.variants.c.id, t.variants.c.product_id).where(
    t.variants.c.sku_folded.in_(sa.bindparam("skus", expanding=True))
)
_HIGHEST_PRICE = 10**10


class BookLine(msgspec.Struct, frozen=True):
    """A line of an invoice. `unit_price` is the exact decimal text; `quantity` is above zero, on a credit too."""

    sku: str
    name: str
    quantity: int
    unit_price: str


class RecordPastOrder(msgspec.Struct, frozen=True):
    """An invoice. Recording the same number again changes nothing."""

    number: str
    channel: str
    warehouse_id: str
    placed_at: str
    lines: list[BookLine]
    customer_ref: str | None = None


class RecordCredit(msgspec.Struct, frozen=True):
    """A credit invoice. It is held against what its customer bought; what is left becomes a credit of its own."""

    number: str
    channel: str
    credited_at: str
    lines: list[BookLine]
    customer_ref: str | None = None


class _Part(msgspec.Struct, frozen=True):
    """Units of one credit line that came back from one order line, and what they cost."""

    order_id: str
    line_id: str
    quantity: int
    amount: int


def record_past_order(work: Work, command: RecordPastOrder) -> Done:
    known = work.connection.execute(_BY_NUMBER, {"number": command.number}).first()
    if known is not None:
        if known.channel != command.channel:
            raise Taken(f"The order number {command.number} belongs to another channel.", ["number"])
        return Done(answer={"order_id": known.id})
    currency = _currency(work, command.channel)
    if work.seen(t.warehouses, command.warehouse_id) is None:
        raise NotFound(f"There is no warehouse {command.warehouse_id}.", ["warehouseId"])
    _check_lines(command.lines)
    customer_id, happened = _customer(work, command.customer_ref)
    order_id = ids.new("order")
    lines = _past_lines(work, command.lines, currency)
    total = sum(line.total for line in lines)
    about: dict[str, Any] = {"number": command.number, "channel": command.channel, "currency": currency}
    about |= {"customer_id": customer_id, "placed_at": _moment(command.placed_at, ["placedAt"]), "total": total}
    kept = {"status": "PLACED", "subtotal": total, "created_at": work.at}
    work.add(t.orders, {"id": order_id, **about, **kept})
    work.do_each(sa.insert(t.order_lines), [_line_row(order_id, n, line) for n, line in enumerate(lines)])
    recorded = events.PastOrderRecorded(
        order_id=order_id,
        lines=lines,
        payment_id=ids.new("payment"),
        entry_id=ids.new("ledger_entry"),
        fulfillment_id=ids.new("fulfillment"),
        warehouse_id=command.warehouse_id,
        **about,
    )
    _keep_payment(work, recorded)
    _keep_fulfillment(work, recorded)
    return Done([*happened, recorded], {"order_id": order_id})


def record_credit(work: Work, command: RecordCredit) -> Done:
    known = work.one(t.credit_invoices, command.number)
    if known is not None:
        if known.channel != command.channel:
            raise Taken(f"The credit number {command.number} belongs to another channel.", ["number"])
        return Done(answer=_known_credit(work, command.number))
    currency = _currency(work, command.channel)
    _check_lines(command.lines)
    customer_id, happened = _customer(work, command.customer_ref)
    at = _moment(command.credited_at, ["creditedAt"])
    invoice = {"number": command.number, "channel": command.channel, "customer_id": customer_id, "at": at}
    work.add(t.credit_invoices, invoice)
    if customer_id is not None:
        holding.orders_of_customer(work, customer_id)  # what is left to give back is nobody else's to change from here on
    refundable: dict[str, int] = {}
    parts: list[_Part] = []
    rest: list[events.CreditLine] = []
    for line in command.lines:
        bought = [] if customer_id is None else _bought(work, command.channel, customer_id, line.sku)
        matched, left = _match(work, bought, line, currency, refundable)
        parts += matched
        rest += [left] if left is not None else []
    for order_id, of_order in _by_order(parts).items():
        happened.append(_give_back(work, order_id, of_order, command.number, at))
    if not rest:
        return Done(happened, {})
    credit_id, amount = ids.new("credit"), sum(line.total for line in rest)
    work.do(sa.insert(t.credits).values(id=credit_id, number=command.number, amount=amount))
    rows = [{**msgspec.structs.asdict(line), "credit_id": credit_id, "ordinal": n} for n, line in enumerate(rest)]
    work.do_each(sa.insert(t.credit_lines), rows)
    credited = events.CreditRecorded(
        credit_id=credit_id,
        number=command.number,
        channel=command.channel,
        currency=currency,
        credited_at=at,
        lines=rest,
        amount=amount,
        customer_id=customer_id,
    )
    return Done([*happened, credited], {"credit_id": credit_id})


def _check_lines(lines: Sequence[BookLine]) -> None:
    if not lines:
        raise Invalid("Name one line at least.", ["lines"])
    for index, line in enumerate(lines):
        if line.quantity <= 0:
            raise Invalid(f"A quantity is 1 at least, not {line.quantity}.", ["lines", index, "quantity"])
        if not _is_price(line.unit_price):
            raise Invalid(f"{line.unit_price!r} is no price, such as 2.55.", ["lines", index, "unitPrice"])


def _is_price(text: str) -> bool:
    try:
        price = Decimal(text)
    except InvalidOperation:
        return False
    return price.is_finite() and 0 <= price <= _HIGHEST_PRICE


def _moment(text: str, path: Path) -> str:
    """Write a moment as tables and events keep it, so that moments of the books compare with all others."""
    try:
        return clock.text(clock.moment(text))
    except ValueError as error:
        raise Invalid(f"{error}.", path) from None


def _known_credit(work: Work, number: str) -> dict[str, str]:
    """The ids that were answered when the invoice was recorded: none where all of it was held against orders."""
    credit_id = work.connection.scalar(sa.select(t.credits.c.id).where(t.credits.c.number == number))
    return {} if credit_id is None else {"credit_id": credit_id}


def _past_lines(work: Work, lines: Sequence[BookLine], currency: str) -> list[events.PastLine]:
    wanted = {line.sku.casefold() for line in lines}
    variants = {row.sku_folded: row for row in work.connection.execute(_VARIANTS, {"skus": sorted(wanted)})}
    told = []
    for index, line in enumerate(lines):
        variant = variants.get(line.sku.casefold())
        if variant is None:
            raise NotFound(f"There is no variant with the SKU {line.sku}.", ["lines", index, "sku"])
        told.append(
            events.PastLine(
                line_id=ids.new("order_line"),
                variant_id=variant.id,
                product_id=variant.product_id,
                sku=line.sku,
                name=line.name,
                quantity=line.quantity,
                unit_price=line.unit_price,
                total=_cost(line, line.quantity, currency),
            )
        )
    return told


def _match(
    work: Work, candidates: Sequence[Any], line: BookLine, currency: str, refundable: dict[str, int]
) -> tuple[list[_Part], events.CreditLine | None]:
    """Find where the units of a credit line came from, first candidate first; return what stays unmatched as well.

    Amounts are cut from the line's own rounded total, so the parts add up to it. No order gives back more than
    `refundable` says it has left; the mapping is filled and lowered here, over all lines of one invoice.
    """
    parts: list[_Part] = []
    done = 0
    for bought in candidates:
        left = refundable.setdefault(bought.order_id, int(bought.refundable))
        most = min(line.quantity - done, bought.quantity_left)
        quantity = _affordable(line, done, most, left, currency)
        if quantity:
            amount = _cost(line, done + quantity, currency) - _cost(line, done, currency)
            refundable[bought.order_id] = left - amount
            parts.append(_Part(bought.order_id, bought.id, quantity, amount))
            _mark_returned(work, bought.id, quantity)
            done += quantity
    if done == line.quantity:
        return parts, None
    total = _cost(line, line.quantity, currency) - _cost(line, done, currency)
    return parts, events.CreditLine(line.sku, line.name, line.quantity - done, line.unit_price, total)


def _bought(work: Work, channel: str, customer_id: str, sku: str) -> Sequence[Any]:
    """The customer's order lines of one code that have units left to return, oldest order first."""
    lines, of = t.order_lines.c, t.orders.c
    money_left = (
        sa.select(sa.func.coalesce(sa.func.sum(t.payments.c.captured - t.payments.c.refunded), 0))
        .where(t.payments.c.order_id == of.id)
        .scalar_subquery()
    )
    return work.all(
        sa.select(
            lines.id, lines.order_id, (lines.shipped - lines.returned).label("quantity_left"), money_left.label("refundable")
        )
        .join(t.orders, of.id == lines.order_id)
        .join(t.variants, t.variants.c.id == lines.variant_id)
        .where(t.variants.c.sku_folded == sku.casefold(), of.customer_id == customer_id, of.channel == channel)
        .where(lines.shipped > lines.returned, of.placed_at.is_not(None))
        .order_by(of.placed_at, of.number, lines.ordinal)
    )


def _affordable(line: BookLine, done: int, most: int, left: int, currency: str) -> int:
    """The greatest quantity up to `most` whose cost, after `done` units of the line, is `left` at most (by halving)."""
    low, high, before = 0, max(most, 0), _cost(line, done, currency)
    while low < high:
        middle = (low + high + 1) // 2
        if _cost(line, done + middle, currency) - before <= left:
            low = middle
        else:
            high = middle - 1
    return low


def _cost(line: BookLine, quantity: int, currency: str) -> int:
    return money.rounded(Decimal(line.unit_price) * quantity, currency)


def _mark_returned(work: Work, line_id: str, quantity: int) -> None:
    columns = t.order_lines.c
    status = sa.case((columns.returned + quantity >= columns.quantity, "RETURNED"), else_=columns.status)
    returned = {"returned": columns.returned + quantity, "status": status}
    work.do(sa.update(t.order_lines).where(columns.id == line_id).values(returned))


def _by_order(parts: Sequence[_Part]) -> dict[str, list[events.ReturnedLine]]:
    """One return an order, one entry an order line, however many credit lines led there."""
    sums: dict[tuple[str, str], tuple[int, int]] = defaultdict(lambda: (0, 0))
    for part in parts:
        quantity, amount = sums[part.order_id, part.line_id]
        sums[part.order_id, part.line_id] = (quantity + part.quantity, amount + part.amount)
    lines: dict[str, list[events.ReturnedLine]] = defaultdict(list)
    for (order_id, line_id), (quantity, amount) in sums.items():
        lines[order_id].append(events.ReturnedLine(line_id, quantity, amount))
    return lines


def _give_back(work: Work, order_id: str, lines: list[events.ReturnedLine], number: str, at: str) -> events.PastReturnRecorded:
    order = orders.load(work, order_id, ["number"])
    payment = ledger.payments_of(work, order_id)[0]
    refunded = sum(line.amount for line in lines)
    work.do(sa.update(t.payments).where(t.payments.c.id == payment.id).values(refunded=payment.refunded + refunded))
    entry = {"payment_id": payment.id, "kind": "REFUND", "outcome": "SUCCESS", "at": at}
    entry |= {"amount": refunded, "goods": refunded}
    entry_id, return_id = ids.new("ledger_entry"), ids.new("return")
    work.add(t.ledger_entries, {"id": entry_id, "message": number, **entry})
    kept = {"state": "REFUNDED", "credit_number": number, "refunded": refunded, "created_at": at}
    work.add(t.returns, {"id": return_id, "order_id": order_id, **kept})
    rows = [
        {"return_id": return_id, "order_line_id": line.line_id, "quantity": line.quantity, "amount": line.amount}
        for line in lines
    ]
    work.do_each(sa.insert(t.return_lines), rows)
    return events.PastReturnRecorded(
        order_id=order_id,
        return_id=return_id,
        entry_id=entry_id,
        payment_id=payment.id,
        credit_number=number,
        channel=order.channel,
        currency=order.currency,
        returned_at=at,
        lines=lines,
        refunded=refunded,
        payment_status=ledger.payment_status(work, order_id),
        fulfillment_status=order_lines.fulfillment_status(orders.lines_of(work, order_id)),
        customer_id=order.customer_id,
    )


def _keep_payment(work: Work, recorded: events.PastOrderRecorded) -> None:
    paid = {"authorized": recorded.total, "captured": recorded.total, "state": "CAPTURED", "provider": PROVIDER}
    work.add(t.payments, {"id": recorded.payment_id, "order_id": recorded.order_id, **paid})
    entry = {"kind": "CAPTURE", "outcome": "SUCCESS", "amount": recorded.total, "at": recorded.placed_at}
    work.add(t.ledger_entries, {"id": recorded.entry_id, "payment_id": recorded.payment_id, **entry})


def _keep_fulfillment(work: Work, recorded: events.PastOrderRecorded) -> None:
    moments = {"created_at": recorded.placed_at, "shipped_at": recorded.placed_at}
    row = {"id": recorded.fulfillment_id, "order_id": recorded.order_id, "warehouse_id": recorded.warehouse_id}
    work.add(t.fulfillments, {**row, "state": "SHIPPED", **moments})
    lines = [
        {"fulfillment_id": recorded.fulfillment_id, "order_line_id": line.line_id, "quantity": line.quantity}
        for line in recorded.lines
    ]
    work.do_each(sa.insert(t.fulfillment_lines), lines)


def _line_row(order_id: str, ordinal: int, line: events.PastLine) -> dict[str, Any]:
    row = msgspec.structs.asdict(line) | {"id": line.line_id, "order_id": order_id, "ordinal": ordinal}
    del row["line_id"]
    return row | {"shipped": line.quantity, "status": "SHIPPED", "option_values": []}


def _currency(work: Work, channel: str) -> str:
    currency = work.connection.scalar(_CURRENCY, {"code": channel})
    if currency is None:
        raise NotFound(f"There is no channel {channel}.", ["channel"])
    return str(currency)


def _customer(work: Work, reference: str | None) -> tuple[str | None, list[events.Event]]:
    return (None, []) if reference is None else customers.known_as(work, reference)
