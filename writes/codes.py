"""Codes on carts: applied, taken off, and what they make of a checkout that is on its way."""

from typing import Any

import msgspec
import sqlalchemy as sa

from shop import events
from shop.pricing import Applied, discounted
from writes import carts, channels, checkout_edits, promotions
from writes import price_tables as p
from writes import tables as t
from writes.checkout import order_of
from writes.refusals import AboveLimit, CodeNotApplicable, NotFound
from writes.work import Done, Work


class ApplyCode(msgspec.Struct, frozen=True):
    cart_id: str
    code: str


class RemoveCode(msgspec.Struct, frozen=True):
    cart_id: str
    code: str


def apply_code(work: Work, command: ApplyCode) -> Done:
    """Use is counted only when an order is placed; a code that is on the cart already changes nothing."""
    cart = carts.open_cart(work, command.cart_id)
    currency = channels.currency(work, cart.channel, ["cartId"])
    row = next(iter(promotions.found(work, command.code)), None)
    if row is None:
        raise CodeNotApplicable("UNKNOWN", f"There is no code {command.code.strip()}.")
    on_cart = promotions.codes_of(work, cart.id, cart.customer_id, currency)
    if any(code.promotion_id == row.id for code in on_cart):
        return Done([], {"cart_id": cart.id})
    most = work.limits.codes_a_cart
    if len(on_cart) >= most:
        raise AboveLimit(f"A cart has {most} codes at most.", most, ["code"])
    mine = promotions.standing(work, row, cart.customer_id, currency)
    _, applied = discounted(_totals(work, cart), [*on_cart, mine])
    _check(applied, row.id, currency, others=[code for code in on_cart if code.problem is None])
    work.add(p.cart_codes, {"cart_id": cart.id, "promotion_id": row.id})
    expires_at = work.after(days=work.limits.cart_days)
    put = events.CodeApplied(cart_id=cart.id, promotion_id=row.id, code=row.code, expires_at=expires_at)
    return _changed(work, cart, put)


def remove_code(work: Work, command: RemoveCode) -> Done:
    cart = carts.open_cart(work, command.cart_id)
    currency = channels.currency(work, cart.channel, ["cartId"])
    folded = command.code.strip().casefold()
    on_cart = promotions.codes_of(work, cart.id, cart.customer_id, currency)
    code = next((one for one in on_cart if one.code.casefold() == folded), None)
    if code is None:
        raise NotFound(f"The cart has no code {command.code.strip()}.", ["code"])
    columns = p.cart_codes.c
    work.do(sa.delete(p.cart_codes).where(columns.cart_id == cart.id, columns.promotion_id == code.promotion_id))
    expires_at = work.after(days=work.limits.cart_days)
    off = events.CodeRemoved(cart_id=cart.id, promotion_id=code.promotion_id, code=code.code, expires_at=expires_at)
    return _changed(work, cart, off)


def _check(applied: list[Applied], promotion_id: str, currency: str, *, others: list[Any]) -> None:
    """Refuse a code that would give nothing here, or that takes its place from one that is there."""
    mine = next(one for one in applied if one.promotion_id == promotion_id)
    if mine.problem is not None:
        said = _SAID[mine.problem].format(code=mine.code)
        raise CodeNotApplicable(mine.problem, said, mine.missing or None, currency)
    well = {code.promotion_id for code in others}
    if any(one.problem == "NOT_COMBINABLE" for one in applied if one.promotion_id in well):
        raise CodeNotApplicable("NOT_COMBINABLE", _SAID["NOT_COMBINABLE"].format(code=mine.code))


_SAID = {
    "UNKNOWN": "There is no code {code} here.",
    "NOT_STARTED": "The code {code} is not valid yet.",
    "EXPIRED": "The code {code} has ended.",
    "USED_UP": "The code {code} was used as often as it may be.",
    "MINIMUM_NOT_MET": "The code {code} needs more in the cart.",
    "SIGN_IN_REQUIRED": "The code {code} is for customers who are signed in.",
    "NOT_COMBINABLE": "The code {code} does not go with those that are there.",
}


def _changed(work: Work, cart: Any, happened: events.CodeApplied | events.CodeRemoved) -> Done:
    """Keep the cart for longer; a checkout of it that is open is quoted anew."""
    work.do(sa.update(t.carts).where(t.carts.c.id == cart.id).values(expires_at=happened.expires_at))
    columns = t.checkouts.c
    living = work.all(sa.select(t.checkouts).where(columns.cart_id == cart.id, columns.status == "OPEN"))
    quoted = [event for one in living if order_of(work, one.id) is None for event in checkout_edits.requoted(work, one)]
    return Done([happened, *quoted], {"cart_id": cart.id})


def _totals(work: Work, cart: Any) -> list[int]:
    """What the cart's lines cost now. What is no longer sold costs nothing."""
    lines, prices = t.cart_lines.c, t.variant_prices.c
    here = sa.and_(prices.variant_id == lines.variant_id, prices.channel == cart.channel)
    found = sa.select(lines.quantity, prices.amount).outerjoin(t.variant_prices, here).where(lines.cart_id == cart.id)
    return [row.quantity * (row.amount or 0) for row in work.all(found.order_by(lines.id))]
