"""Checkouts: from a cart towards an order. Starting one takes the prices and holds the stock; `completing` places the order."""

from typing import Any

import msgspec
import sqlalchemy as sa

from shop import events, ids
from shop.events import Address, Attribute, Media, Priced
from writes import carts, holding, orders, quoting, stock
from writes import tables as t
from writes.refusals import Invalid, NotAllowedFrom, NotFound, Path
from writes.work import Done, Work


class StartCheckout(msgspec.Struct, frozen=True):
    cart_id: str
    email: str | None = None
    shipping_address: Address | None = None
    billing_address: Address | None = None
    metadata: Any = None


class CancelCheckout(msgspec.Struct, frozen=True):
    checkout_id: str


class ExpireCheckout(msgspec.Struct, frozen=True):
    """Asked for by the expiry duty, or by a buyer who needs the stock. Too early, or twice, it changes nothing."""

    checkout_id: str


def start_checkout(work: Work, command: StartCheckout) -> Done:
    cart = carts.open_cart(work, command.cart_id, ["input", "cartId"])
    happened = cancel_open(work, cart.id)
    checkout_id = ids.new("checkout")
    lines, weight = _price_lines(work, cart)
    currency = work.connection.scalar(sa.select(t.channels.c.currency).where(t.channels.c.code == cart.channel))
    told = {
        "email": command.email,
        "shipping_address": command.shipping_address,
        "billing_address": command.billing_address,
        "metadata": command.metadata,
    }
    address = None if command.shipping_address is None else msgspec.to_builtins(command.shipping_address)
    totals, path = [line.total for line in lines], ["input", "shippingAddress", "country"]
    pricing = quoting.first(work, cart, totals, address, path)
    until, most = work.limits.reservation_minutes, work.limits.reservation_minutes_most
    row = {"cart_id": cart.id, "channel": cart.channel, "subtotal": pricing.subtotal, "weight_grams": weight}
    row |= {"reserved_until": work.after(minutes=until)}
    kept = {"id": checkout_id, "status": "OPEN", "customer_id": cart.customer_id, **row, **msgspec.to_builtins(told)}
    kept |= {"extendable_until": work.after(minutes=most), **quoting.kept(pricing)}
    work.do(sa.insert(t.checkouts).values(**kept))
    lines = quoting.charged(lines, pricing)
    work.do_each(sa.insert(t.checkout_lines), [_line_row(checkout_id, n, line) for n, line in enumerate(lines)])
    demands = [stock.Demand(line.line_id, line.variant_id, line.quantity, ["input", "cartId"]) for line in lines]
    _, moves = stock.reserve(work, checkout_id, demands)
    about: dict[str, Any] = {"checkout_id": checkout_id, "customer_id": cart.customer_id, "currency": str(currency)}
    happened.append(events.CheckoutStarted(lines=lines, **about, **row, **told, **quoting.charges(pricing)))
    happened.append(events.StockReserved(checkout_id=checkout_id, moves=moves))
    return Done(happened, {"checkout_id": checkout_id})


def cancel_checkout(work: Work, command: CancelCheckout) -> Done:
    checkout = load(work, command.checkout_id, ["id"])
    if checkout.status != "OPEN":
        raise NotAllowedFrom("The checkout", checkout.status, [], ["id"])
    canceled = events.CheckoutCanceled(checkout_id=checkout.id, cart_id=checkout.cart_id)
    return Done(_end(work, checkout, "CANCELED", canceled), {"checkout_id": checkout.id})


def expire_checkout(work: Work, command: ExpireCheckout) -> Done:
    checkout = load(work, command.checkout_id, ["id"])
    if checkout.status not in {"OPEN", "PAYMENT_PENDING"} or checkout.reserved_until > work.at:
        return Done()
    expired = events.CheckoutExpired(checkout_id=checkout.id, cart_id=checkout.cart_id)
    return Done(_end(work, checkout, "EXPIRED", expired), {"checkout_id": checkout.id})


def overdue_checkouts(connection: sa.Connection, at: str, limit: int) -> list[str]:
    """The checkouts whose reservation has ended: what the expiry duty asks to end."""
    columns = t.checkouts.c
    due = sa.select(columns.id).where(columns.status.in_(["OPEN", "PAYMENT_PENDING"]), columns.reserved_until <= at)
    return list(connection.scalars(due.order_by(columns.reserved_until).limit(limit)))


def _price_lines(work: Work, cart: Any) -> tuple[list[Priced], int]:
    """Take each line's price as it is now, and what all weigh in grams. A line that can no longer be sold is refused."""
    lines, variants, prices = t.cart_lines.c, t.variants.c, t.variant_prices.c
    rows = work.all(
        sa.select(
            lines.id.label("line_id"), lines.quantity, variants.id, variants.product_id, variants.sku, variants.name,
            variants.option_values, variants.image, variants.discontinued, variants.weight_grams,
            prices.amount, t.publications.c.channel,
            t.products.c.name.label("product_name"),
        )
        .join(t.variants, variants.id == lines.variant_id)
        .join(t.products, t.products.c.id == variants.product_id)
        .outerjoin(t.variant_prices, sa.and_(prices.variant_id == variants.id, prices.channel == cart.channel))
        .outerjoin(
            t.publications,
            sa.and_(t.publications.c.product_id == variants.product_id, t.publications.c.channel == cart.channel),
        )
        .where(lines.cart_id == cart.id)
        .order_by(lines.id)
    )  # fmt: skip
    if not rows:
        raise Invalid("The cart is empty: add a line first.", ["input", "cartId"])
    for row in rows:
        if row.amount is None or row.channel is None or row.discontinued:
            raise Invalid(f"{row.sku} is no longer sold: remove its line from the cart.", ["input", "cartId"])
    return [_priced(row) for row in rows], sum((row.weight_grams or 0) * row.quantity for row in rows)


def _priced(row: Any) -> Priced:
    name = row.product_name if row.name == row.product_name else f"{row.product_name} - {row.name}"
    return Priced(
        line_id=ids.new("order_line"),
        variant_id=row.id,
        product_id=row.product_id,
        sku=row.sku,
        name=name,
        quantity=row.quantity,
        unit_price=row.amount,
        total=row.amount * row.quantity,
        option_values=msgspec.convert(row.option_values, list[Attribute]),
        image=None if row.image is None else msgspec.convert(row.image, Media),
    )


def _line_row(checkout_id: str, ordinal: int, line: Priced) -> dict[str, Any]:
    row = msgspec.structs.asdict(line) | {"id": line.line_id, "checkout_id": checkout_id, "ordinal": ordinal}
    del row["line_id"]
    return row | {"option_values": msgspec.to_builtins(line.option_values), "image": msgspec.to_builtins(line.image)}


def cancel_open(work: Work, cart_id: str) -> list[events.Event]:
    """A cart has one living checkout: a new one cancels the one before, and so does the end of the cart."""
    columns = t.checkouts.c
    earlier = work.all(sa.select(t.checkouts).where(columns.cart_id == cart_id, columns.status == "OPEN"))
    happened: list[events.Event] = []
    for checkout in earlier:
        canceled = events.CheckoutCanceled(checkout_id=checkout.id, cart_id=cart_id)
        happened += _end(work, checkout, "CANCELED", canceled)
    return happened


def _end(work: Work, checkout: Any, status: str, ended: events.Event) -> list[events.Event]:
    """Close a checkout without a sale: its stock is free again, and an order that waited for its payment is canceled."""
    work.do(sa.update(t.checkouts).where(t.checkouts.c.id == checkout.id).values(status=status))
    happened = [ended]
    released = stock.release(work, checkout.id)
    if released:
        happened.append(events.StockReleased(checkout_id=checkout.id, moves=released))
    waiting = order_of(work, checkout.id)
    if waiting is not None and waiting.status == "PENDING_PAYMENT":
        happened += orders.give_up(work, waiting.id, f"checkout {status.lower()}")
    return happened


def order_of(work: Work, checkout_id: str) -> Any:
    """The order that a checkout has made, or none."""
    return work.connection.execute(sa.select(t.orders).where(t.orders.c.checkout_id == checkout_id)).first()


def load(work: Work, checkout_id: str, path: Path) -> Any:
    """Load a checkout and hold its sale, or refuse."""
    holding.sale_of_checkout(work, checkout_id)
    row = work.one(t.checkouts, checkout_id)
    if row is None:
        raise NotFound(f"There is no checkout {checkout_id}.", path)
    return row
