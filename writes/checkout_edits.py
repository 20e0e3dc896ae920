"""What a buyer changes of a checkout on the way to its order: who, where, and the way to ship.

Each change holds the stock for longer, up to a limit.
"""

from typing import Any

import msgspec
import sqlalchemy as sa
from msgspec import UNSET, UnsetType

from shop import events
from shop.events import Address
from writes import checkout as checkouts
from writes import quoting, shipping
from writes import tables as t
from writes.refusals import Invalid, NotAllowedFrom, ReservationExpired
from writes.work import Done, Work

_MENDED = ("email", "shipping_address", "billing_address", "metadata")


class UpdateCheckout(msgspec.Struct, frozen=True):
    """What is left out stays as it is, what is None is gone."""

    checkout_id: str
    email: str | UnsetType | None = UNSET
    shipping_address: Address | UnsetType | None = UNSET
    billing_address: Address | UnsetType | None = UNSET
    metadata: Any | UnsetType = UNSET


class SelectShipping(msgspec.Struct, frozen=True):
    """A quote's id is that of its method."""

    checkout_id: str
    quote_id: str


def update_checkout(work: Work, command: UpdateCheckout) -> Done:
    checkout = _open(work, command.checkout_id)
    given = {name: getattr(command, name) for name in _MENDED}
    before = {name: getattr(checkout, name) for name in _MENDED}
    after = {name: before[name] if value is UNSET else msgspec.to_builtins(value) for name, value in given.items()}
    if after["email"] is not None and "@" not in after["email"]:
        raise Invalid(f"{after['email']!r} is no email address.", ["input", "email"])
    if isinstance(command.shipping_address, Address):
        offered = shipping.methods(work, checkout.channel)
        shipping.check_served(offered, command.shipping_address.country, ["input", "shippingAddress", "country"])
    happened: list[events.Event] = []
    if after != before:
        work.do(sa.update(t.checkouts).where(t.checkouts.c.id == checkout.id).values(**after))
        about = {"checkout_id": checkout.id, "cart_id": checkout.cart_id}
        happened.append(msgspec.convert({**about, **after}, events.CheckoutAddressed))
        checkout = work.one(t.checkouts, checkout.id)
    return _quoted(work, checkout, checkout.shipping_method and checkout.shipping_method["id"], happened)


def select_shipping(work: Work, command: SelectShipping) -> Done:
    checkout = _open(work, command.checkout_id)
    if checkout.shipping_address is None:
        raise Invalid("Where does it go? Give the checkout a shipping address first: checkoutUpdate.", ["id"])
    if quoting.fitting(work, checkout, command.quote_id) is None:
        raise Invalid(f"{command.quote_id} is no way to ship this: choose one of shippingMethods.", ["quoteId"])
    return _quoted(work, checkout, command.quote_id, [])


def requoted(work: Work, checkout: Any) -> list[events.Event]:
    """Quote a checkout with the way to ship that it has, after something that it depends on has changed."""
    return list(_quoted(work, checkout, checkout.shipping_method and checkout.shipping_method["id"], []).events)


def _open(work: Work, checkout_id: str) -> Any:
    """Load a checkout that may be changed, or refuse. One whose order waits for its money is to be paid as it is."""
    checkout = checkouts.load(work, checkout_id, ["id"])
    if checkout.status == "EXPIRED":
        raise ReservationExpired("The checkout's time is over: start a new one from the cart.", ["id"])
    if checkout.status != "OPEN":
        raise NotAllowedFrom("The checkout", checkout.status, [], ["id"])
    if checkouts.order_of(work, checkout.id) is not None:
        raise NotAllowedFrom("The checkout's order", "PENDING_PAYMENT", ["PLACED", "CANCELED"], ["id"])
    return checkout


def _quoted(work: Work, checkout: Any, method_id: str | None, happened: list[events.Event]) -> Done:
    _, priced = quoting.anew(work, checkout, method_id)
    return Done([*happened, *priced, *_extended(work, checkout)], {"checkout_id": checkout.id})


def _extended(work: Work, checkout: Any) -> list[events.Event]:
    """Hold the stock for as long as at the start, counted from now, up to the longest that a checkout may have."""
    until = min(work.after(minutes=work.limits.reservation_minutes), checkout.extendable_until or checkout.reserved_until)
    if until <= checkout.reserved_until:
        return []
    work.do(sa.update(t.checkouts).where(t.checkouts.c.id == checkout.id).values(reserved_until=until))
    return [events.ReservationExtended(checkout_id=checkout.id, cart_id=checkout.cart_id, reserved_until=until)]
