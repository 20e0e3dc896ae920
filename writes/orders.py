"""Orders: placed, mended, noted on, canceled, given up. Their goods are moved in fulfillment, their money in the ledger."""

from typing import Any

import msgspec
import sqlalchemy as sa
from msgspec import UNSET, UnsetType

from shop import events
from shop.events import Address
from writes import backorders, costs, holding, ledger, redeeming, stock
from writes import tables as t
from writes.refusals import AboveLimit, Invalid, NotAllowedFrom, NotFound
from writes.work import Done, Work

_LONGEST_NOTE = 5000


class CancelOrder(msgspec.Struct, frozen=True):
    """`restock` puts the goods back on sale; `refund` voids or refunds what was paid."""

    order_id: str
    reason: str
    restock: bool = True
    refund: bool = True
    expected_version: int | None = None


class UpdateOrder(msgspec.Struct, frozen=True):
    """What is left out stays as it is, what is None is gone."""

    order_id: str
    email: str | UnsetType | None = UNSET
    shipping_address: Address | UnsetType | None = UNSET
    billing_address: Address | UnsetType | None = UNSET
    metadata: Any | UnsetType = UNSET
    expected_version: int | None = None


class AddOrderNote(msgspec.Struct, frozen=True):
    order_id: str
    note: str
    visible_to_customer: bool = False


def update_order(work: Work, command: UpdateOrder) -> Done:
    order = load(work, command.order_id, ["id"])
    work.expect(order.id, command.expected_version)
    given = {name: getattr(command, name) for name in ("email", "shipping_address", "billing_address", "metadata")}
    before = {name: getattr(order, name) for name in given}
    after = {name: before[name] if value is UNSET else msgspec.to_builtins(value) for name, value in given.items()}
    if after["email"] is not None and "@" not in after["email"]:
        raise Invalid(f"{after['email']!r} is no email address.", ["input", "email"])
    moved = after["shipping_address"] != before["shipping_address"]
    if moved and any(line.shipped for line in lines_of(work, order.id)):
        raise NotAllowedFrom("The order, partly shipped,", order.status, [], ["input", "shippingAddress"])
    if after == before:
        return Done([], {"order_id": order.id})
    work.do(sa.update(t.orders).where(t.orders.c.id == order.id).values(**after))
    return Done([msgspec.convert({"order_id": order.id, **after}, events.OrderDescribed)], {"order_id": order.id})


def add_order_note(work: Work, command: AddOrderNote) -> Done:
    order = load(work, command.order_id, ["id"])
    if not command.note.strip():
        raise Invalid("Say what there is to note.", ["note"])
    if len(command.note) > _LONGEST_NOTE:
        raise AboveLimit(f"A note has {_LONGEST_NOTE} characters at most.", _LONGEST_NOTE, ["note"])
    noted = events.OrderNoted(order_id=order.id, note=command.note, visible_to_customer=command.visible_to_customer)
    return Done([noted], {"order_id": order.id})


def cancel_order(work: Work, command: CancelOrder) -> Done:
    order = load(work, command.order_id, ["id"])
    work.expect(order.id, command.expected_version)
    if not command.reason.strip():
        raise Invalid("Say why the order is canceled.", ["input", "reason"])
    if order.status not in {"PENDING_PAYMENT", "PLACED"}:
        raise NotAllowedFrom("The order", order.status, [], ["id"])
    if is_paying(work, order.id):
        raise NotAllowedFrom("A payment of the order", "PENDING", ["SUCCESS", "FAILURE"], ["id"])
    if any(line.shipped for line in lines_of(work, order.id)):
        raise NotAllowedFrom("The order, partly shipped,", order.status, ["COMPLETED"], ["id"])
    return cancel(work, order, command.reason, restock=command.restock, refund=command.refund)


def cancel(work: Work, order: Any, reason: str, *, restock: bool, refund: bool) -> Done:
    """Cancel an order of which nothing has left, and whose money is not being moved."""
    happened = [*_cancel(work, order, reason, restock=restock), *_end_checkout(work, order)]
    reversed_, calls = ledger.reverse(work, order) if refund else ([], [])
    return Done([*happened, *reversed_], {"order_id": order.id}, calls)


def place(work: Work, order_id: str) -> list[events.Event]:
    """The order counts as a sale from now on; its checkout and its cart are done."""
    order = work.connection.execute(sa.select(t.orders).where(t.orders.c.id == order_id)).one()
    cart_id = work.connection.scalar(sa.select(t.checkouts.c.cart_id).where(t.checkouts.c.id == order.checkout_id))
    work.do(sa.update(t.orders).where(t.orders.c.id == order_id).values(status="PLACED", placed_at=work.at))
    work.do(sa.update(t.checkouts).where(t.checkouts.c.id == order.checkout_id).values(status="COMPLETED"))
    work.do(sa.update(t.carts).where(t.carts.c.id == cart_id).values(status="ORDERED"))
    placed = events.OrderPlaced(
        order_id=order_id,
        checkout_id=order.checkout_id,
        cart_id=str(cart_id),
        channel=order.channel,
        currency=order.currency,
        customer_id=order.customer_id,
        placed_at=work.at,
        sold=_sold(work, order),
    )
    return [placed, events.CartClosed(cart_id=str(cart_id))]


def give_up(work: Work, order_id: str, reason: str) -> list[events.Event]:
    """Cancel an order that was never paid, because its checkout ended."""
    return _cancel(work, load(work, order_id, ["id"]), reason, restock=True)


def load(work: Work, order_id: str, path: list[str | int]) -> Any:
    """Load an order and hold it, or refuse."""
    holding.sale_of_order(work, order_id)
    order = work.one(t.orders, order_id)
    if order is None:
        raise NotFound(f"There is no order {order_id}.", path)
    return order


def lines_of(work: Work, order_id: str) -> list[Any]:
    columns = t.order_lines.c
    return list(work.all(sa.select(t.order_lines).where(columns.order_id == order_id).order_by(columns.ordinal)))


def is_paying(work: Work, order_id: str) -> bool:
    """Whether a provider is being asked about an order right now."""
    return in_flight(work, sa.select(t.orders.c.id).where(t.orders.c.id == order_id)) is not None


def in_flight(work: Work, some: sa.Select[tuple[str]]) -> str | None:
    """Return one of the orders that a provider is being asked about right now; what a person records by hand never is."""
    called = [code for code, provider in work.providers.items() if not provider.by_hand]
    pending = (
        sa.select(t.payments.c.order_id)
        .join(t.ledger_entries, t.ledger_entries.c.payment_id == t.payments.c.id)
        .where(t.payments.c.order_id.in_(some), t.ledger_entries.c.outcome == "PENDING")
        .where(t.payments.c.provider.in_(called))
        .limit(1)
    )
    return work.connection.scalar(pending)


def _cancel(work: Work, order: Any, reason: str, *, restock: bool) -> list[events.Event]:
    unused = redeeming.give_back(work, order.id) if order.status == "PENDING_PAYMENT" else []
    held = stock.held_for(work, [line.id for line in lines_of(work, order.id)])
    moves = stock.deallocate(work, held, restock=restock)
    columns = t.order_lines.c
    canceled = {"status": "CANCELED", "canceled": columns.quantity}
    work.do(sa.update(t.order_lines).where(columns.order_id == order.id).values(canceled))
    work.do(sa.update(t.orders).where(t.orders.c.id == order.id).values(status="CANCELED"))
    status = ledger.payment_status(work, order.id)
    happened: list[events.Event] = [*_unpack(work, order.id)]
    happened.append(events.OrderCanceled(order_id=order.id, reason=reason, payment_status=status))
    if moves:
        happened.append(events.StockDeallocated(order_id=order.id, moves=moves, restocked=restock))
        happened += backorders.served(work, [move.variant_id for move in moves])
    return [*happened, *unused]


def _unpack(work: Work, order_id: str) -> list[events.Event]:
    """Goods that were packed and have not left will not leave."""
    columns = t.fulfillments.c
    waiting = sa.and_(columns.order_id == order_id, columns.state == "PENDING")
    ended = work.do(sa.update(t.fulfillments).where(waiting).values(state="CANCELED").returning(columns.id))
    return [events.FulfillmentCanceled(order_id=order_id, fulfillment_id=one) for one in sorted(ended.scalars())]


def _end_checkout(work: Work, order: Any) -> list[events.Event]:
    """An order canceled before it was placed takes its checkout with it."""
    columns = t.checkouts.c
    living = sa.and_(columns.id == order.checkout_id, columns.status.in_(["OPEN", "PAYMENT_PENDING"]))
    ended = work.do(sa.update(t.checkouts).where(living).values(status="CANCELED").returning(columns.id, columns.cart_id))
    return [events.CheckoutCanceled(checkout_id=row.id, cart_id=row.cart_id) for row in ended]


def _sold(work: Work, order: Any) -> list[events.Sold]:
    sums: dict[str, tuple[int, int]] = {}
    for line in lines_of(work, order.id):
        units, revenue = sums.get(line.product_id, (0, 0))
        sums[line.product_id] = (units + line.quantity, revenue + costs.revenue(order, line))
    return [events.Sold(product_id, *sums[product_id]) for product_id in sorted(sums)]
