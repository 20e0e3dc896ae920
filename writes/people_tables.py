"""Tables of what customers have beside their name. Customers themselves stand with the other tables."""

import sqlalchemy as sa
from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint

from shop.log import metadata
from writes.columns import Id, Json, Moment, only_where

# Which cart a guest's cart became part of: where the same merge finds its answer again.
merged_carts = Table(
    "merged_carts", metadata,
    Column("cart_id", ForeignKey("carts.id"), primary_key=True),
    Column("into_id", ForeignKey("carts.id"), nullable=False),
)  # fmt: skip

# Whose an email is, compared without case, and whether a mail to it was answered.
customer_emails = Table(
    "customer_emails", metadata,
    Column("email_folded", String(320), primary_key=True),
    Column("customer_id", ForeignKey("customers.id"), nullable=False),
    Column("verified", sa.Boolean, nullable=False),
    Index("customer_emails_by_customer", "customer_id"),
)  # fmt: skip

addresses = Table(
    "addresses", metadata,
    Column("id", Id, primary_key=True),
    Column("customer_id", ForeignKey("customers.id"), nullable=False),
    Column("address", Json, nullable=False),
    Column("default_shipping", sa.Boolean, nullable=False),
    Column("default_billing", sa.Boolean, nullable=False),
    Index("addresses_by_customer", "customer_id"),
    Index("one_default_shipping", "customer_id", unique=True, **only_where("default_shipping")),
    Index("one_default_billing", "customer_id", unique=True, **only_where("default_billing")),
)  # fmt: skip

reviews = Table(
    "reviews", metadata,
    Column("id", Id, primary_key=True),
    Column("product_id", ForeignKey("products.id"), nullable=False),
    Column("customer_id", ForeignKey("customers.id"), nullable=False),
    Column("rating", Integer, CheckConstraint("rating BETWEEN 1 AND 5", name="rating_of_five"), nullable=False),
    Column("title", Text),
    Column("body", Text),
    Column("status", String(10), nullable=False),
    Column("created_at", Moment, nullable=False),
    UniqueConstraint("product_id", "customer_id", name="one_review_a_buyer"),
)  # fmt: skip
