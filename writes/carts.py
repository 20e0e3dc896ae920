"""Carts: what a buyer means to buy. A cart promises nothing; stock is held when its checkout starts."""

from collections.abc import Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from shop import events, ids
from writes import channels, customers
from writes import tables as t
from writes.refusals import AboveLimit, Invalid, NotAllowedFrom, NotFound, Path
from writes.work import Done, Row, Work


class LineIn(msgspec.Struct, frozen=True):
    variant_id: str
    quantity: int


class LineChange(msgspec.Struct, frozen=True):
    """A quantity of 0 removes the line."""

    line_id: str
    quantity: int


class CreateCart(msgspec.Struct, frozen=True):
    """A customer has one open cart in a channel: where there is one already, the lines are added to it."""

    channel: str
    lines: list[LineIn] = []
    customer_id: str | None = None


class AddCartLines(msgspec.Struct, frozen=True):
    cart_id: str
    lines: list[LineIn]


class UpdateCartLines(msgspec.Struct, frozen=True):
    cart_id: str
    lines: list[LineChange]
    expected_version: int | None = None


class ExpireCart(msgspec.Struct, frozen=True):
    cart_id: str


# Statements that are made once: what a cart has, and which of some variants a channel sells.
_VARIANTS, _PRICES, _CHANNEL = t.variants.c, t.variant_prices.c, sa.bindparam("channel", type_=sa.String)
_LINES = sa.select(t.cart_lines).where(t.cart_lines.c.cart_id == sa.bindparam("cart_id")).order_by(t.cart_lines.c.id)
_OF_CUSTOMER = sa.select(t.carts.c.id).where(
    t.carts.c.customer_id == sa.bindparam("customer_id"), t.carts.c.channel == _CHANNEL, t.carts.c.status == "OPEN"
)
_SOLD = (
    sa.select(_VARIANTS.id, _VARIANTS.product_id)
    .join(t.publications, t.publications.c.product_id == _VARIANTS.product_id)
    .join(t.variant_prices, sa.and_(_PRICES.variant_id == _VARIANTS.id, _PRICES.channel == _CHANNEL))
    .where(_VARIANTS.id.in_(sa.bindparam("variants", expanding=True)), _VARIANTS.discontinued.is_(False))
    .where(t.publications.c.channel == _CHANNEL)
)


def create_cart(work: Work, command: CreateCart) -> Done:
    owner, guest = command.customer_id, command.customer_id is None
    cart_id, happened = _made(work, command.channel, None) if owner is None else of_customer(work, owner, command.channel)
    expires_at = work.after(days=work.limits.cart_days)
    added = _add(work, cart_id, command.channel, command.lines, expires_at) if command.lines else []
    if added and not happened:  # to a cart that was there
        _changed(work, cart_id, added, expires_at)
    return Done([*happened, *added], {"cart_id": cart_id} | ({"guest_cart_id": cart_id} if guest else {}))


def of_customer(work: Work, customer_id: str, channel: str) -> tuple[str, list[events.Event]]:
    """Hold the customer's open cart in a channel; where there is none, one is made, and the event says so."""
    looked_for = {"customer_id": customer_id, "channel": channel}
    known = work.connection.scalar(_OF_CUSTOMER, looked_for)
    if known is None:
        customers.load(work, customer_id)  # held, so that of two at once the second finds the cart of the first
        known = work.connection.scalar(_OF_CUSTOMER, looked_for)
    return _made(work, channel, customer_id) if known is None else (open_cart(work, known, None).id, [])


def _made(work: Work, channel: str, customer_id: str | None) -> tuple[str, list[events.Event]]:
    cart_id, currency = ids.new("cart"), channels.currency(work, channel, ["channel"])
    told: dict[str, Any] = {
        "channel": channel,
        "customer_id": customer_id,
        "expires_at": work.after(days=work.limits.cart_days),
    }
    work.add(t.carts, {"id": cart_id, "status": "OPEN", **told})
    return cart_id, [events.CartCreated(cart_id=cart_id, currency=currency, **told)]


def add_cart_lines(work: Work, command: AddCartLines) -> Done:
    cart = open_cart(work, command.cart_id)
    if not command.lines:
        raise Invalid("Name one line at least.", ["lines"])
    expires_at = work.after(days=work.limits.cart_days)
    return _changed(work, cart.id, _add(work, cart.id, cart.channel, command.lines, expires_at), expires_at)


def update_cart_lines(work: Work, command: UpdateCartLines) -> Done:
    cart = open_cart(work, command.cart_id)
    work.expect(cart.id, command.expected_version)
    expires_at = work.after(days=work.limits.cart_days)
    lines = {line.id: line for line in _lines(work, cart.id)}
    happened: list[events.Event] = []
    for index, change in enumerate(command.lines):
        path: Path = ["lines", index]
        line = lines.pop(change.line_id, None)
        if line is None:
            raise NotFound(f"The cart has no line {change.line_id}, or it stands here twice.", [*path, "lineId"])
        happened += _set_quantity(work, line, change.quantity, expires_at, path)
    return _changed(work, cart.id, happened, expires_at)


def expire_cart(work: Work, command: ExpireCart) -> Done:
    cart = work.one(t.carts, command.cart_id)
    if cart is None or cart.status != "OPEN" or cart.expires_at > work.at or _paying(work, command.cart_id):
        return Done()
    work.do(sa.update(t.carts).where(t.carts.c.id == cart.id).values(status="EXPIRED"))
    return Done([events.CartExpired(cart_id=cart.id)], {"cart_id": cart.id})


def overdue_carts(connection: sa.Connection, at: str, limit: int) -> list[str]:
    """The open carts whose time is over: what the expiry duty asks to end."""
    due = sa.select(t.carts.c.id).where(t.carts.c.status == "OPEN", t.carts.c.expires_at <= at).limit(limit)
    return list(connection.scalars(due))


def open_cart(work: Work, cart_id: str, path: Path | None = ("cartId",)) -> Any:
    """Load a cart that may still be changed, or refuse."""
    cart = work.one(t.carts, cart_id)
    if cart is None:
        raise NotFound(f"There is no cart {cart_id}.", path)
    if cart.status != "OPEN":
        raise NotAllowedFrom("The cart", cart.status, [], path)
    if _paying(work, cart_id):
        raise NotAllowedFrom("The cart's checkout", "PAYMENT_PENDING", ["OPEN", "COMPLETED"], path)
    return cart


def _paying(work: Work, cart_id: str) -> bool:
    columns = t.checkouts.c
    paying = sa.select(columns.id).where(columns.cart_id == cart_id, columns.status == "PAYMENT_PENDING")
    return work.connection.scalar(paying) is not None


def _changed(work: Work, cart_id: str, happened: list[events.Event], expires_at: str) -> Done:
    """A cart that is changed lives on; one that only was looked at does not."""
    if happened:
        work.do(sa.update(t.carts).where(t.carts.c.id == cart_id).values(expires_at=expires_at))
    return Done(happened, {"cart_id": cart_id})


def _add(work: Work, cart_id: str, channel: str, lines: Sequence[LineIn], expires_at: str) -> list[events.Event]:
    present = {line.variant_id: line for line in _lines(work, cart_id)}
    wanted: dict[str, int] = {}
    first_at: dict[str, int] = {}
    for index, new in enumerate(lines):
        if new.quantity <= 0:
            raise Invalid(f"A quantity is 1 at least, not {new.quantity}.", ["lines", index, "quantity"])
        wanted[new.variant_id] = wanted.get(new.variant_id, 0) + new.quantity
        first_at.setdefault(new.variant_id, index)
    products = _sellable(work, channel, first_at)
    if len(present.keys() | wanted.keys()) > work.limits.lines_a_cart:
        raise AboveLimit(f"A cart has {work.limits.lines_a_cart} lines at most.", work.limits.lines_a_cart, ["lines"])
    happened: list[events.Event] = []
    for variant_id, quantity in wanted.items():
        path: Path = ["lines", first_at[variant_id]]
        if variant_id in present:
            line = present[variant_id]
            happened += _set_quantity(work, line, line.quantity + quantity, expires_at, path)
            continue
        _check_quantity(work, quantity, path)
        row: dict[str, Any] = {"variant_id": variant_id, "quantity": quantity, "cart_id": cart_id}
        line_id = ids.new("cart_line")
        work.add(t.cart_lines, {"id": line_id, **row})
        added = events.CartLineAdded(line_id=line_id, product_id=products[variant_id], expires_at=expires_at, **row)
        happened.append(added)
    return happened


def _sellable(work: Work, channel: str, variants: dict[str, int]) -> dict[str, str]:
    """Return each variant's product, or refuse the first that the channel does not sell. `variants` leads to its line."""
    sold = work.connection.execute(_SOLD, {"variants": list(variants), "channel": channel})
    products = {row.id: row.product_id for row in sold}
    for variant_id, index in variants.items():
        if variant_id not in products:
            raise NotFound(f"{channel} sells no variant {variant_id}.", ["lines", index, "variantId"])
    return products


def _set_quantity(work: Work, line: Any, quantity: int, expires_at: str, path: Path) -> list[events.Event]:
    if quantity < 0:
        raise Invalid(f"A quantity is not below zero, as {quantity} is.", [*path, "quantity"])
    if quantity == 0:
        work.do(sa.delete(t.cart_lines).where(t.cart_lines.c.id == line.id))
        return [events.CartLineRemoved(cart_id=line.cart_id, line_id=line.id, expires_at=expires_at)]
    _check_quantity(work, quantity, path)
    if quantity == line.quantity:
        return []
    work.do(sa.update(t.cart_lines).where(t.cart_lines.c.id == line.id).values(quantity=quantity))
    return [events.CartLineChanged(cart_id=line.cart_id, line_id=line.id, quantity=quantity, expires_at=expires_at)]


def _check_quantity(work: Work, quantity: int, path: Path) -> None:
    most = work.limits.units_a_line
    if quantity > most:
        raise AboveLimit(f"A line has {most} units at most, not {quantity}.", most, [*path, "quantity"])


def _lines(work: Work, cart_id: str) -> Sequence[Row]:
    return work.connection.execute(_LINES, {"cart_id": cart_id}).all()
