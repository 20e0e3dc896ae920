"""Carts and checkouts. A cart keeps what was put in; a checkout keeps the prices that were taken."""

from collections.abc import Iterable

from projections.charges import shown_codes, shown_quote, shown_tax
from projections.projection import Entry, Projection, replace
from shop import events, views
from shop.log import Recorded
from shop.money import money
from shop.views import Cart, CartLine, Checkout

cart = Projection(Cart)
checkout = Projection(Checkout)


def _of_cart(document: Cart) -> Iterable[Entry]:
    """A customer's open cart is found by the customer and the channel."""
    if document.customer_id is not None and document.status == "OPEN":
        yield views.LOOKUP, views.member(f"customer={document.customer_id}:{document.channel}", document.id), 0


cart.entries = _of_cart


@cart.starts(events.CartCreated, lambda e: [e.cart_id])
def cart_created(event: events.CartCreated, _: Recorded) -> Cart:
    return Cart(
        id=event.cart_id,
        channel=event.channel,
        currency=event.currency,
        expires_at=event.expires_at,
        customer_id=event.customer_id,
    )


@cart.on(events.CartLineAdded, lambda e: [e.cart_id])
def cart_line_added(view: Cart, event: events.CartLineAdded, _: Recorded) -> Cart:
    line = CartLine(id=event.line_id, variant_id=event.variant_id, product_id=event.product_id, quantity=event.quantity)
    return replace(view, lines=[*view.lines, line], expires_at=event.expires_at)


@cart.on(events.CartLineChanged, lambda e: [e.cart_id])
def cart_line_changed(view: Cart, event: events.CartLineChanged, _: Recorded) -> Cart:
    lines = [replace(line, quantity=event.quantity) if line.id == event.line_id else line for line in view.lines]
    return replace(view, lines=lines, expires_at=event.expires_at)


@cart.on(events.CartLineRemoved, lambda e: [e.cart_id])
def cart_line_removed(view: Cart, event: events.CartLineRemoved, _: Recorded) -> Cart:
    return replace(view, lines=[line for line in view.lines if line.id != event.line_id], expires_at=event.expires_at)


@cart.on(events.CodeApplied, lambda e: [e.cart_id])
def code_applied(view: Cart, event: events.CodeApplied, _: Recorded) -> Cart:
    return replace(view, promotion_ids=[*view.promotion_ids, event.promotion_id], expires_at=event.expires_at)


@cart.on(events.CodeRemoved, lambda e: [e.cart_id])
def code_removed(view: Cart, event: events.CodeRemoved, _: Recorded) -> Cart:
    left = [one for one in view.promotion_ids if one != event.promotion_id]
    return replace(view, promotion_ids=left, expires_at=event.expires_at)


@cart.on(events.CartsMerged, lambda e: [e.cart_id, e.guest_cart_id])
def carts_merged(view: Cart, event: events.CartsMerged, recorded: Recorded) -> Cart:
    if view.id == event.guest_cart_id:
        return replace(view, status="MERGED", updated_at=recorded.at)
    merged = {line.line_id: _merged(line) for line in event.lines}
    lines = [merged.pop(line.id, line) for line in view.lines]
    return replace(view, lines=[*lines, *merged.values()], expires_at=event.expires_at)


def _merged(line: events.MergedLine) -> CartLine:
    return CartLine(id=line.line_id, variant_id=line.variant_id, product_id=line.product_id, quantity=line.quantity)


@cart.on(events.CartClosed, lambda e: [e.cart_id])
def cart_closed(view: Cart, _event: events.CartClosed, _: Recorded) -> Cart:
    return replace(view, status="ORDERED")


@cart.on(events.CartExpired, lambda e: [e.cart_id])
def cart_expired(view: Cart, _event: events.CartExpired, _: Recorded) -> Cart:
    return replace(view, status="EXPIRED")


@cart.on(events.CheckoutStarted, lambda e: [e.cart_id])
def cart_checkout_started(view: Cart, event: events.CheckoutStarted, _: Recorded) -> Cart:
    return replace(view, checkout_id=event.checkout_id)


def _cart_checkout_ended(view: Cart, event: events.CheckoutCanceled | events.CheckoutExpired, _: Recorded) -> Cart:
    return replace(view, checkout_id=None) if view.checkout_id == event.checkout_id else view


cart.on(events.CheckoutCanceled, lambda e: [e.cart_id])(_cart_checkout_ended)
cart.on(events.CheckoutExpired, lambda e: [e.cart_id])(_cart_checkout_ended)


@checkout.starts(events.CheckoutStarted, lambda e: [e.checkout_id])
def checkout_started(event: events.CheckoutStarted, _: Recorded) -> Checkout:
    return Checkout(
        id=event.checkout_id,
        cart_id=event.cart_id,
        channel=event.channel,
        reserved_until=event.reserved_until,
        subtotal=money(event.subtotal, event.currency),
        discount=money(event.discount, event.currency),
        shipping=money(event.shipping, event.currency),
        tax=money(event.tax, event.currency),
        total=money(event.total, event.currency),
        email=event.email,
        shipping_address=event.shipping_address,
        billing_address=event.billing_address,
        metadata=event.metadata,
        lines=[priced_line(line, event.currency) for line in event.lines],
        weight_grams=event.weight_grams,
        tax_lines=shown_tax(event.tax_lines, event.currency),
        tax_included=event.tax_included,
        applied_codes=shown_codes(event.codes, event.currency),
    )


@checkout.on(events.CheckoutAddressed, lambda e: [e.checkout_id])
def checkout_addressed(view: Checkout, event: events.CheckoutAddressed, _: Recorded) -> Checkout:
    names = ("email", "shipping_address", "billing_address", "metadata")
    return replace(view, **{name: getattr(event, name) for name in names})


@checkout.on(events.ShippingSelected, lambda e: [e.checkout_id])
def shipping_selected(view: Checkout, event: events.ShippingSelected, _: Recorded) -> Checkout:
    return replace(view, shipping_method=shown_quote(event.method, view.total.currency))


@checkout.on(events.CheckoutPriced, lambda e: [e.checkout_id])
def checkout_priced(view: Checkout, event: events.CheckoutPriced, _: Recorded) -> Checkout:
    charges, currency = {line.line_id: line for line in event.lines}, event.currency
    sums = {name: money(getattr(event, name), currency) for name in ("discount", "shipping", "tax", "total")}
    lines = [_charged(line, charges[line.id], currency) for line in view.lines]
    told = {"tax_lines": shown_tax(event.tax_lines, currency), "tax_included": event.tax_included}
    told |= {"applied_codes": shown_codes(event.codes, currency)}
    return replace(view, lines=lines, **sums, **told)


@checkout.on(events.ReservationExtended, lambda e: [e.checkout_id])
def reservation_extended(view: Checkout, event: events.ReservationExtended, _: Recorded) -> Checkout:
    return replace(view, reserved_until=event.reserved_until)


@checkout.on(events.CheckoutCanceled, lambda e: [e.checkout_id])
def checkout_canceled(view: Checkout, _event: events.CheckoutCanceled, _: Recorded) -> Checkout:
    return replace(view, status="CANCELED")


@checkout.on(events.CheckoutExpired, lambda e: [e.checkout_id])
def checkout_expired(view: Checkout, _event: events.CheckoutExpired, _: Recorded) -> Checkout:
    return replace(view, status="EXPIRED")


@checkout.on(events.CheckoutErased, lambda e: [e.checkout_id])
def checkout_erased(view: Checkout, _event: events.CheckoutErased, _: Recorded) -> Checkout:
    return replace(view, **dict.fromkeys(("email", "shipping_address", "billing_address", "metadata")))


@checkout.on(events.CheckoutReopened, lambda e: [e.checkout_id])
def checkout_reopened(view: Checkout, _event: events.CheckoutReopened, _: Recorded) -> Checkout:
    return replace(view, status="OPEN")


@checkout.on(events.OrderCreated, lambda e: [e.checkout_id])
def checkout_order_created(view: Checkout, event: events.OrderCreated, recorded: Recorded) -> Checkout:
    return replace(view, order_id=event.order_id, updated_at=recorded.at)


@checkout.on(events.PaymentStarted, lambda e: [] if e.checkout_id is None else [e.checkout_id])
def checkout_payment_started(view: Checkout, _event: events.PaymentStarted, recorded: Recorded) -> Checkout:
    return replace(view, status="PAYMENT_PENDING", updated_at=recorded.at)


@checkout.on(events.OrderPlaced, lambda e: [e.checkout_id])
def checkout_order_placed(view: Checkout, _event: events.OrderPlaced, recorded: Recorded) -> Checkout:
    return replace(view, status="COMPLETED", updated_at=recorded.at)


def _charged(line: views.Line, charges: events.LineCharges, currency: str) -> views.Line:
    return replace(line, discount=money(charges.discount, currency), tax=money(charges.tax, currency))


def priced_line(line: events.Priced, currency: str) -> views.Line:
    """A line with its money as clients see it."""
    return views.Line(
        id=line.line_id,
        variant_id=line.variant_id,
        product_id=line.product_id,
        sku=line.sku,
        name=line.name,
        quantity=line.quantity,
        unit_price=money(line.unit_price, currency),
        discount=money(line.discount, currency),
        tax=money(line.tax, currency),
        total=money(line.total, currency),
        option_values=line.option_values,
        image=line.image,
    )
