"""Tables of what makes a total beside prices: shipping methods, tax rates, promotions."""

import sqlalchemy as sa
from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Integer, String, Table, Text

from shop.log import metadata
from writes.columns import Amount, Currency, Id, Json, Moment

shipping_methods = Table(
    "shipping_methods", metadata,
    Column("id", Id, primary_key=True),
    Column("name", Text, nullable=False),
    Column("channel", ForeignKey("channels.code"), nullable=False),
    Column("countries", Json, nullable=False),
    Column("price", Amount, nullable=False),
    Column("free_from", Amount),
    Column("max_weight_grams", Integer),
    Column("min_days", Integer),
    Column("max_days", Integer),
    Column("active", sa.Boolean, nullable=False),
    CheckConstraint("price >= 0 AND (free_from IS NULL OR free_from >= 0)", name="shipping_not_negative"),
    Index("shipping_methods_by_channel", "channel"),
)  # fmt: skip

# One row a country and region of it; the country's own has the region ''. Regions compare case-folded.
tax_rates = Table(
    "tax_rates", metadata,
    Column("country", String(2), primary_key=True),
    Column("region_folded", String(60), primary_key=True),
    Column("region", String(60)),
    Column("rate", String(20), nullable=False),  # exact decimal text, in percent
    Column("inclusive", sa.Boolean, nullable=False),
)  # fmt: skip

# Staff's promotions. `used` counts the orders that claimed one; a deactivated one stays for the carts and orders that name it.
promotions = Table(
    "promotions", metadata,
    Column("id", Id, primary_key=True),
    Column("code", String(60), nullable=False),  # whose it is: see promotion_codes
    Column("name", Text, nullable=False),
    Column("kind", String(20), nullable=False),
    Column("percentage", String(20)),  # exact decimal text, in percent
    Column("amount", Amount),
    Column("minimum_subtotal", Amount),
    Column("currency", Currency),  # of both amounts
    Column("starts_at", Moment),
    Column("ends_at", Moment),
    Column("usage_limit", Integer),
    Column("once_per_customer", sa.Boolean, nullable=False),
    Column("used", Integer, nullable=False),
    Column("active", sa.Boolean, nullable=False),
    CheckConstraint("used >= 0 AND (usage_limit IS NULL OR used <= usage_limit)", name="never_used_too_often"),
)  # fmt: skip

# Whose code it is, in a table of its own: a code that changes is taken by an INSERT that yields to another's.
promotion_codes = Table(
    "promotion_codes", metadata,
    Column("code_folded", String(120), primary_key=True),  # codes compare without case
    Column("promotion_id", ForeignKey("promotions.id"), nullable=False),
)  # fmt: skip

cart_codes = Table(
    "cart_codes", metadata,
    Column("cart_id", ForeignKey("carts.id"), primary_key=True),
    Column("promotion_id", ForeignKey("promotions.id"), primary_key=True),
)  # fmt: skip

promotion_uses = Table(
    "promotion_uses", metadata,
    Column("promotion_id", ForeignKey("promotions.id"), primary_key=True),
    Column("order_id", ForeignKey("orders.id"), primary_key=True),
    Column("customer_id", ForeignKey("customers.id")),
    Index("promotion_uses_by_order", "order_id"),
)  # fmt: skip
