"""A guest's cart becomes part of a customer's, when the guest turns out to be that customer."""

from typing import Any

import msgspec
import sqlalchemy as sa

from shop import events, ids
from writes import carts, checkout
from writes import people_tables as p
from writes import price_tables as q
from writes import tables as t
from writes.refusals import AboveLimit, NotAllowedFrom, NotFound, Path
from writes.work import Done, Work

_PATH: Path = ["guestCartToken"]
_LINES = (
    sa.select(t.cart_lines, t.variants.c.product_id)
    .join(t.variants, t.variants.c.id == t.cart_lines.c.variant_id)
    .where(t.cart_lines.c.cart_id == sa.bindparam("cart_id"))
    .order_by(t.cart_lines.c.id)
)


class MergeCarts(msgspec.Struct, frozen=True):
    """Who sends it has seen the token that proves the guest's cart. A second time it changes nothing."""

    guest_cart_id: str
    customer_id: str


def merge_carts(work: Work, command: MergeCarts) -> Done:
    """Quantities are summed, then capped. Nothing is left out: what is no longer sold comes along, with its problem.

    The guest's cart is held before the customer's, by all who hold both.
    """
    guest = work.one(t.carts, command.guest_cart_id)
    if guest is None or guest.customer_id is not None:
        raise NotFound("This token proves no guest's cart.", _PATH)
    if guest.status == "MERGED":
        return _merged_before(work, command)
    guest = carts.open_cart(work, guest.id, _PATH)
    into, happened = carts.of_customer(work, command.customer_id, guest.channel)
    happened += checkout.cancel_open(work, guest.id)
    expires_at = work.after(days=work.limits.cart_days)
    lines = _joined(work, guest.id, into)
    work.do(sa.update(t.carts).where(t.carts.c.id == into).values(expires_at=expires_at))
    work.do(sa.update(t.carts).where(t.carts.c.id == guest.id).values(status="MERGED"))
    work.add(p.merged_carts, {"cart_id": guest.id, "into_id": into})
    merged = events.CartsMerged(cart_id=into, guest_cart_id=guest.id, lines=lines, expires_at=expires_at)
    return Done([*happened, merged, *_joined_codes(work, guest.id, into, expires_at)], {"cart_id": into})


def _merged_before(work: Work, command: MergeCarts) -> Done:
    """Answer with the cart it was merged into; into another customer's, it is closed."""
    into = sa.select(t.carts.c.id, t.carts.c.customer_id).join(p.merged_carts, p.merged_carts.c.into_id == t.carts.c.id)
    [row] = work.all(into.where(p.merged_carts.c.cart_id == command.guest_cart_id))
    if row.customer_id != command.customer_id:
        raise NotAllowedFrom("The cart", "MERGED", [], _PATH)
    return Done([], {"cart_id": row.id})


def _joined(work: Work, guest_cart_id: str, into: str) -> list[events.MergedLine]:
    """Put the guest's lines to the customer's and tell each that is new or another than before."""
    mine = {line.variant_id: line for line in work.connection.execute(_LINES, {"cart_id": into})}
    theirs = work.connection.execute(_LINES, {"cart_id": guest_cart_id}).all()
    most = work.limits.lines_a_cart
    if len(mine.keys() | {line.variant_id for line in theirs}) > most:
        raise AboveLimit(f"Together they have more than {most} lines: remove some first.", most, _PATH)
    joined = [_line(work, line, mine.get(line.variant_id)) for line in theirs]
    known = {line.id for line in mine.values()}
    work.do_each(sa.insert(t.cart_lines), [_row(line, into) for line in joined if line.line_id not in known])
    changed = sa.update(t.cart_lines).where(t.cart_lines.c.id == sa.bindparam("line")).values(quantity=sa.bindparam("now"))
    work.do_each(changed, [{"line": line.line_id, "now": line.quantity} for line in joined if line.line_id in known])
    return joined


def _joined_codes(work: Work, guest_cart_id: str, into: str, expires_at: str) -> list[events.Event]:
    """Put the guest's codes to the customer's, as many as a cart may have. One that stopped applying gives nothing."""
    columns = q.cart_codes.c
    mine = set(work.connection.scalars(sa.select(columns.promotion_id).where(columns.cart_id == into)))
    theirs = sa.select(q.promotions.c.id, q.promotions.c.code).join(q.cart_codes, columns.promotion_id == q.promotions.c.id)
    found = work.all(theirs.where(columns.cart_id == guest_cart_id).order_by(q.promotions.c.id))
    new = [row for row in found if row.id not in mine][: max(0, work.limits.codes_a_cart - len(mine))]
    work.do_each(sa.insert(q.cart_codes), [{"cart_id": into, "promotion_id": row.id} for row in new])
    return [events.CodeApplied(cart_id=into, promotion_id=row.id, code=row.code, expires_at=expires_at) for row in new]


def _line(work: Work, guests: Any, mine: Any) -> events.MergedLine:
    together = guests.quantity + (0 if mine is None else mine.quantity)
    return events.MergedLine(
        line_id=ids.new("cart_line") if mine is None else mine.id,
        variant_id=guests.variant_id,
        product_id=guests.product_id,
        quantity=min(together, work.limits.units_a_line),
    )


def _row(line: events.MergedLine, cart_id: str) -> dict[str, Any]:
    return {"id": line.line_id, "cart_id": cart_id, "variant_id": line.variant_id, "quantity": line.quantity}
