"""The one lock of a sale: its cart. Whoever changes a checkout or an order holds the cart first.

So no two commands of one sale decide at the same time, and none waits for another in a circle. Where several rows of other
kinds are touched, each kind is touched in the order of its keys.
"""

import sqlalchemy as sa

from writes import people_tables as p
from writes import tables as t
from writes.work import Work

_OF_CHECKOUT = (
    sa.select(t.carts.c.id)
    .join(t.checkouts, t.checkouts.c.cart_id == t.carts.c.id)
    .where(t.checkouts.c.id == sa.bindparam("key"))
    .with_for_update(key_share=True, of=t.carts)
)
_OF_ORDER = (
    sa.select(t.carts.c.id)
    .join(t.checkouts, t.checkouts.c.cart_id == t.carts.c.id)
    .join(t.orders, t.orders.c.checkout_id == t.checkouts.c.id)
    .where(t.orders.c.id == sa.bindparam("key"))
    .with_for_update(key_share=True, of=t.carts)
)
_OF_CUSTOMER = (
    sa.select(t.orders.c.id)
    .where(t.orders.c.customer_id == sa.bindparam("key"))
    .order_by(t.orders.c.id)
    .with_for_update(key_share=True)
)


def sale_of_checkout(work: Work, checkout_id: str) -> None:
    """Hold the cart of a checkout."""
    work.connection.execute(_OF_CHECKOUT, {"key": checkout_id}).all()


def sale_of_order(work: Work, order_id: str) -> None:
    """Hold the cart of an order; one from imported books has none, and is held by its own row."""
    work.connection.execute(_OF_ORDER, {"key": order_id}).all()


def orders_of_customer(work: Work, customer_id: str) -> None:
    """Hold a customer and all its orders."""
    work.one(t.customers, customer_id)
    work.connection.execute(_OF_CUSTOMER, {"key": customer_id}).all()


def sales_of_customer(work: Work, customer_id: str) -> None:
    """Hold all carts of a customer, then the customer and its orders."""
    carts = sa.select(t.carts.c.id).where(t.carts.c.id.in_(carts_of_customer(customer_id)))
    work.all(carts.order_by(t.carts.c.id).with_for_update(key_share=True))
    orders_of_customer(work, customer_id)


def carts_of_customer(customer_id: str) -> sa.Select[tuple[str]]:
    """The carts that are a customer's, led to an order of that customer, or became part of such a cart."""
    bought = sa.select(t.checkouts.c.cart_id).join(t.orders, t.orders.c.checkout_id == t.checkouts.c.id)
    bought = bought.where(t.orders.c.customer_id == customer_id)
    own = t.carts.alias()
    merged = sa.select(p.merged_carts.c.cart_id).join(own, own.c.id == p.merged_carts.c.into_id)
    merged = merged.where(own.c.customer_id == customer_id)
    theirs = sa.or_(t.carts.c.customer_id == customer_id, t.carts.c.id.in_(bought), t.carts.c.id.in_(merged))
    return sa.select(t.carts.c.id).where(theirs)
