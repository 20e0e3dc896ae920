"""Orders, one document each, and the indexes that staff and customers page through.

Here stand the folds of the order itself and of its lines; of its money in `payments`, its parcels in `parcels`, what comes
back in `returns`.
"""

from collections.abc import Callable, Iterable
from typing import Any

from projections.carts import priced_line
from projections.charges import shown_codes, shown_quote, shown_tax
from projections.projection import Entry, Projection, replace
from shop import events, views
from shop.log import Recorded
from shop.money import Money, money, plus
from shop.views import Allocation, Fulfillment, MovedLine, Order, OrderLine, Payment, Return

order = Projection(Order)


def _id(event: Any) -> list[str]:
    return [event.order_id]


@order.starts(events.OrderCreated, _id)
def order_created(event: events.OrderCreated, recorded: Recorded) -> Order:
    nothing = money(0, event.currency)
    lines = [
        OrderLine(status="ALLOCATED", **{f: getattr(line, f) for f in line.__struct_fields__})
        for line in (priced_line(line, event.currency) for line in event.lines)
    ]
    return Order(
        id=event.order_id,
        number=event.number,
        channel=event.channel,
        created_at=recorded.at,
        checkout_id=event.checkout_id,
        customer_id=event.customer_id,
        email=event.email,
        shipping_address=event.shipping_address,
        billing_address=event.billing_address,
        metadata=event.metadata,
        subtotal=money(event.subtotal, event.currency),
        discount=money(event.discount, event.currency),
        shipping=money(event.shipping, event.currency),
        tax=money(event.tax, event.currency),
        total=money(event.total, event.currency),
        paid=nothing,
        refunded=nothing,
        lines=lines,
        shipping_method=shown_quote(event.shipping_method, event.currency),
        tax_lines=shown_tax(event.tax_lines, event.currency),
        tax_included=event.tax_included,
        applied_codes=shown_codes(event.codes, event.currency),
    )


@order.on(events.StockAllocated, _id)
def stock_allocated(view: Order, event: events.StockAllocated, _: Recorded) -> Order:
    held: dict[str | None, list[Allocation]] = {}
    for move in event.moves:
        held.setdefault(move.line_id, []).append(Allocation(move.warehouse_id, move.quantity))
    return _each_line(view, lambda line: replace(line, allocations=held[line.id]) if line.id in held else line)


def _stock_left(view: Order, event: events.StockDeallocated | events.StockShipped, _: Recorded) -> Order:
    lines = {move.line_id for move in event.moves}
    gone = {(move.line_id, move.warehouse_id): move.quantity for move in event.moves}

    def lowered(line: OrderLine) -> OrderLine:
        if line.id not in lines:
            return line
        left = [Allocation(a.warehouse_id, a.quantity - gone.get((line.id, a.warehouse_id), 0)) for a in line.allocations]
        return replace(line, allocations=[allocation for allocation in left if allocation.quantity])

    return _each_line(view, lowered)


order.on(events.StockDeallocated, _id)(_stock_left)
order.on(events.StockShipped, _id)(_stock_left)


@order.on(events.OrderPlaced, _id)
def order_placed(view: Order, event: events.OrderPlaced, _: Recorded) -> Order:
    return replace(view, status="PLACED", placed_at=event.placed_at)


@order.on(events.OrderCanceled, _id)
def order_canceled(view: Order, event: events.OrderCanceled, _: Recorded) -> Order:
    canceled = _each_line(view, lambda line: replace(line, status="CANCELED", quantity_canceled=line.quantity))
    return replace(canceled, status="CANCELED", payment_status=event.payment_status)


@order.on(events.OrderLinesCanceled, _id)
def order_lines_canceled(view: Order, event: events.OrderLinesCanceled, _: Recorded) -> Order:
    gone = {line.line_id: line.quantity for line in event.lines}
    lines = [replace(line, quantity_canceled=gone.get(line.id, line.quantity_canceled)) for line in view.lines]
    status = {"payment_status": event.payment_status, "fulfillment_status": event.fulfillment_status}
    totals = {name: _at(view.total, getattr(event, name)) for name in ("subtotal", "discount", "tax", "total")}
    taxed = {"tax_lines": shown_tax(event.tax_lines, view.total.currency)} if event.tax_lines else {}
    return replace(view, lines=lines, **status, **totals, **taxed)


@order.on(events.OrderLineMoved, _id)
def order_line_moved(view: Order, event: events.OrderLineMoved, _: Recorded) -> Order:
    if event.split is None:
        return _each_line(view, lambda line: replace(line, status=event.status) if line.id == event.line_id else line)
    return _split(view, event, event.split)


@order.on(events.OrderCompleted, _id)
def order_completed(view: Order, _event: events.OrderCompleted, _: Recorded) -> Order:
    return replace(view, status="COMPLETED")


@order.on(events.OrderDescribed, _id)
def order_described(view: Order, event: events.OrderDescribed, _: Recorded) -> Order:
    names = ("email", "shipping_address", "billing_address", "metadata")
    return replace(view, **{name: getattr(event, name) for name in names})


@order.on(events.OrderErased, _id)
def order_erased(view: Order, _event: events.OrderErased, _: Recorded) -> Order:
    """What the shop did and what it was paid stands; of whom, and what was said of it, is gone."""
    untold = [_untold(one) for one in view.payments]
    sent = [replace(one, tracking_number=None, tracking_url=None) for one in view.fulfillments]
    back = [one if _is_of_books(view, one) else replace(one, reason=None) for one in view.returns]
    nobody = dict.fromkeys(("email", "shipping_address", "billing_address", "metadata"))
    return replace(view, payments=untold, fulfillments=sent, returns=back, **nobody)


def _untold(payment: Payment) -> Payment:
    """A payment without what was said of it; what imported books say is a number of theirs."""
    if payment.provider == "books":
        return payment
    return replace(payment, ledger=[replace(entry, message=None) for entry in payment.ledger])


def _is_of_books(view: Order, back: Return) -> bool:
    """What imported books say of a return is a number of theirs, and tells of nobody."""
    return view.checkout_id is None and (back.reason or "").startswith("Credit invoice ")


@order.on(events.OrderNoted, _id)
def order_noted(view: Order, _event: events.OrderNoted, _: Recorded) -> Order:
    """A note stands in the timeline; the order itself has only changed its version."""
    return replace(view)


def _use_counted(view: Order, _event: events.PromotionRedeemed | events.PromotionReleased, _: Recorded) -> Order:
    """What a code gave is in the order since it was made; it has only changed its version."""
    return replace(view)


order.on(events.PromotionRedeemed, _id)(_use_counted)
order.on(events.PromotionReleased, _id)(_use_counted)


def _each_line(view: Order, change: Callable[[OrderLine], OrderLine]) -> Order:
    return replace(view, lines=[change(line) for line in view.lines])


def _split(view: Order, event: events.OrderLineMoved, split: events.Split) -> Order:
    """Cut a line in two, as the event says what went with the new one. What came back stays, as far as it can."""
    line = next(line for line in view.lines if line.id == event.line_id)
    shipped = min(line.quantity_shipped, event.quantity)
    returned = max(0, line.quantity_returned - (line.quantity_shipped - shipped))
    new = replace(
        line,
        id=split.line_id,
        status=event.status,
        quantity=event.quantity,
        quantity_shipped=shipped,
        quantity_returned=returned,
        total=_at(line.total, split.total),
        discount=_at(line.discount, split.discount),
        tax=_at(line.tax, split.tax),
        allocations=[Allocation(share.of, share.quantity) for share in split.allocations],
    )
    kept = replace(
        line,
        quantity=line.quantity - event.quantity,
        quantity_shipped=line.quantity_shipped - shipped,
        quantity_returned=line.quantity_returned - returned,
        total=plus(line.total, -split.total),
        discount=plus(line.discount, -split.discount),
        tax=plus(line.tax, -split.tax),
        allocations=_less(line.allocations, split.allocations),
    )
    lines = [kept if one.id == line.id else one for one in view.lines]
    cut = {share.of: share.quantity for share in (*split.fulfillments, *split.returns)}

    def recut(whole: Fulfillment | Return) -> list[MovedLine]:
        return _recut(whole.lines, line.id, cut.get(whole.id, 0), split.line_id)

    sent = [replace(one, lines=recut(one)) for one in view.fulfillments]
    coming = [replace(one, lines=recut(one)) for one in view.returns]
    return replace(view, lines=[*lines, new], fulfillments=sent, returns=coming)


def _at(amount: Money, smallest_units: int) -> Money:
    return money(smallest_units, amount.currency)


def _less(held: list[Allocation], cut: list[events.Share]) -> list[Allocation]:
    gone = {share.of: share.quantity for share in cut}
    left = [Allocation(one.warehouse_id, one.quantity - gone.get(one.warehouse_id, 0)) for one in held]
    return [one for one in left if one.quantity]


def _recut(lines: list[MovedLine], line_id: str, cut: int, new_id: str) -> list[MovedLine]:
    """Hand the cut units that a fulfillment carried, or a return is to bring, to the new line."""
    if not cut:
        return lines
    kept = [MovedLine(one.line_id, one.quantity - (cut if one.line_id == line_id else 0)) for one in lines]
    return [*(one for one in kept if one.quantity), MovedLine(new_id, cut)]


def _entries(document: Order) -> Iterable[Entry]:
    yield views.LOOKUP, views.member(f"number={document.number}", document.id), 0
    for back in document.returns:
        yield views.LOOKUP, views.member(f"return={back.id}", document.id), 0
        yield views.returns_in(back.state), views.member(f"{back.created_at} {back.id}", document.id), 0
    for word in views.order_words(document):
        yield views.SEARCH, views.member(word, document.id), 0
    keys = {sort: views.member(key, document.id) for sort, key in views.order_sort_keys(document).items()}
    for axis, value in views.order_axes(document):
        for sort in keys if axis in views.SORTED_AXES else ("PLACED_AT",):
            yield views.orders_by(axis, value, sort), keys[sort], 0


order.entries = _entries
