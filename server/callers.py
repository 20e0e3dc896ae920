"""Who the caller of a request is. Until there is sign-in, in production a guest: a header that says more is not read."""

from collections.abc import Mapping
from dataclasses import replace

from schema.proofs import Caller

DEV_CUSTOMER = "tradewind-dev-customer"  # a customer's id
DEV_STAFF = "tradewind-dev-staff"  # any text


def caller(headers: Mapping[str, str], *, dev: bool) -> Caller:
    """Read who asks from a request's headers. Only `--dev` believes who says to be a customer or staff."""
    guest = Caller(
        cart_token=headers.get("tradewind-cart-token") or None, order_token=headers.get("tradewind-order-token") or None
    )
    if not dev:
        return guest
    return replace(guest, customer_id=headers.get(DEV_CUSTOMER) or None, staff=bool(headers.get(DEV_STAFF)))


def told_on_connecting(before: Caller, params: Mapping[str, object]) -> Caller:
    """Add what a socket's connection_init says: `cartToken`."""
    token = params.get("cartToken")
    return replace(before, cart_token=token) if isinstance(token, str) and token else before
