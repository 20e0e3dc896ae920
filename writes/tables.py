"""The normalized schema. What must never be false of a row stands here as a constraint, not in a caller."""

import sqlalchemy as sa
from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint

from shop.log import metadata
from writes.columns import Amount, Currency, Id, Json, Moment, Slug, charges, line_charges, only_where
from writes.return_tables import refund_lines, return_lines, return_reasons, returns

# These stand in a file of their own; all others stand here.
__all__ = ["refund_lines", "return_lines", "return_reasons", "returns"]

channels = Table(
    "channels", metadata,
    Column("code", String(40), primary_key=True),
    Column("name", Text, nullable=False),
    Column("currency", Currency, nullable=False),
)  # fmt: skip

categories = Table(
    "categories", metadata,
    Column("id", Id, primary_key=True),
    Column("slug", String(200), nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("description", Text),
    Column("parent_id", ForeignKey("categories.id")),
    Column("image", Json),
    Column("position", Integer, nullable=False),
)  # fmt: skip

products = Table(
    "products", metadata,
    Column("id", Id, primary_key=True),
    Column("slug", String(200), nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("description", Text),
    Column("vendor", Text),
    Column("status", String(10), nullable=False),
    Column("tags", Json, nullable=False),
    Column("attributes", Json, nullable=False),
    Column("media", Json, nullable=False),
    Column("metadata", Json),
    Column("created_at", Moment, nullable=False),
)  # fmt: skip

# Every slug a product ever had: an old one leads to the product, and is never given to another.
product_slugs = Table(
    "product_slugs", metadata,
    Column("slug", Slug, primary_key=True),
    Column("product_id", ForeignKey("products.id"), nullable=False),
)  # fmt: skip

product_categories = Table(
    "product_categories", metadata,
    Column("product_id", ForeignKey("products.id"), primary_key=True),
    Column("category_id", ForeignKey("categories.id"), primary_key=True),
)  # fmt: skip

collections = Table(
    "collections", metadata,
    Column("id", Id, primary_key=True),
    Column("slug", String(200), nullable=False),  # of its own: see collection_slugs
    Column("name", Text, nullable=False),
    Column("description", Text),
    Column("image", Json),
    Column("rule", Json),  # the filter that its products fit, as clients write it; null where it is a list
)  # fmt: skip

# Whose slug it is, in a table of its own: a slug that changes is taken by an INSERT that yields to another's.
collection_slugs = Table(
    "collection_slugs", metadata,
    Column("slug", Slug, primary_key=True),
    Column("collection_id", ForeignKey("collections.id"), nullable=False),
)  # fmt: skip

# `place` counts from 0 in the order of the collection's list.
collection_products = Table(
    "collection_products", metadata,
    Column("collection_id", ForeignKey("collections.id"), primary_key=True),
    Column("product_id", ForeignKey("products.id"), primary_key=True),
    Column("place", Integer, nullable=False),
)  # fmt: skip

publications = Table(
    "publications", metadata,
    Column("product_id", ForeignKey("products.id"), primary_key=True),
    Column("channel", ForeignKey("channels.code"), primary_key=True),
)  # fmt: skip

variants = Table(
    "variants", metadata,
    Column("id", Id, primary_key=True),
    Column("product_id", ForeignKey("products.id"), nullable=False),
    Column("sku", String(200), nullable=False),
    Column("sku_folded", String(200), nullable=False, unique=True),  # SKUs compare without case
    Column("name", Text, nullable=False),
    Column("option_values", Json, nullable=False),
    Column("options_key", Text),
    Column("backorderable", sa.Boolean, nullable=False),
    Column("weight_grams", Integer),
    Column("barcode", String(80)),
    Column("image", Json),
    Column("discontinued", sa.Boolean, nullable=False, server_default=sa.false()),
    UniqueConstraint("product_id", "options_key", name="one_variant_an_option_combination"),
    Index("variants_by_barcode", "barcode"),
)  # fmt: skip

variant_prices = Table(
    "variant_prices", metadata,
    Column("variant_id", ForeignKey("variants.id"), primary_key=True),
    Column("channel", ForeignKey("channels.code"), primary_key=True),
    Column("amount", Amount, CheckConstraint("amount >= 0", name="price_not_negative"), nullable=False),
    Column("compare_at", Amount),
)  # fmt: skip

warehouses = Table(
    "warehouses", metadata,
    Column("id", Id, primary_key=True),
    Column("code", String(40), nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("active", sa.Boolean, nullable=False),
    Column("priority", Integer, nullable=False),
)  # fmt: skip

# `shortfall` is what a count found missing of promised stock: the only way the promise may exceed the shelf.
stock_levels = Table(
    "stock_levels", metadata,
    Column("variant_id", ForeignKey("variants.id"), primary_key=True),
    Column("warehouse_id", ForeignKey("warehouses.id"), primary_key=True),
    Column("on_hand", Integer, nullable=False),
    Column("allocated", Integer, nullable=False),
    Column("reserved", Integer, nullable=False),
    Column("shortfall", Integer, nullable=False),
    Column("backorderable", sa.Boolean, nullable=False),
    CheckConstraint("on_hand >= 0 AND allocated >= 0 AND reserved >= 0 AND shortfall >= 0", name="none_negative"),
    CheckConstraint("backorderable OR allocated + reserved <= on_hand + shortfall", name="never_oversold"),
)  # fmt: skip

customers = Table(
    "customers", metadata,
    Column("id", Id, primary_key=True),
    Column("external_ref", String(80), unique=True),
    Column("email", String(320), unique=True),
    Column("name", Text),
)  # fmt: skip

carts = Table(
    "carts", metadata,
    Column("id", Id, primary_key=True),
    Column("channel", ForeignKey("channels.code"), nullable=False),
    Column("customer_id", ForeignKey("customers.id")),
    Column("status", String(10), nullable=False),
    Column("expires_at", Moment, nullable=False),
    Index("carts_to_expire", "status", "expires_at"),
    Index("one_open_cart", "customer_id", "channel", unique=True, **only_where("status = 'OPEN'")),
)  # fmt: skip

cart_lines = Table(
    "cart_lines", metadata,
    Column("id", Id, primary_key=True),
    Column("cart_id", ForeignKey("carts.id"), nullable=False),
    Column("variant_id", ForeignKey("variants.id"), nullable=False),
    Column("quantity", Integer, CheckConstraint("quantity > 0", name="line_not_empty"), nullable=False),
    UniqueConstraint("cart_id", "variant_id", name="one_line_a_variant"),
)  # fmt: skip

checkouts = Table(
    "checkouts", metadata,
    Column("id", Id, primary_key=True),
    Column("cart_id", ForeignKey("carts.id"), nullable=False),
    Column("channel", ForeignKey("channels.code"), nullable=False),
    Column("customer_id", ForeignKey("customers.id")),
    Column("status", String(20), nullable=False),
    Column("email", String(320)),
    Column("shipping_address", Json),
    Column("billing_address", Json),
    Column("metadata", Json),
    Column("subtotal", Amount, nullable=False),
    Column("total", Amount, nullable=False),
    Column("reserved_until", Moment, nullable=False),
    *charges(),
    Column("weight_grams", Integer, nullable=False, server_default="0"),
    Column("extendable_until", Moment),  # how long the stock may be held at most
    Index("checkouts_by_cart", "cart_id"),
    Index("checkouts_to_expire", "status", "reserved_until"),
)  # fmt: skip

checkout_lines = Table(
    "checkout_lines", metadata,
    Column("id", Id, primary_key=True),
    Column("checkout_id", ForeignKey("checkouts.id"), nullable=False),
    Column("ordinal", Integer, nullable=False),
    Column("variant_id", ForeignKey("variants.id"), nullable=False),
    Column("product_id", ForeignKey("products.id"), nullable=False),
    Column("sku", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("option_values", Json, nullable=False),
    Column("image", Json),
    Column("quantity", Integer, nullable=False),
    Column("unit_price", Amount, nullable=False),
    Column("total", Amount, nullable=False),
    *line_charges(),
    Index("checkout_lines_by_checkout", "checkout_id"),
)  # fmt: skip

reservations = Table(
    "reservations", metadata,
    Column("checkout_line_id", ForeignKey("checkout_lines.id"), primary_key=True),
    Column("warehouse_id", ForeignKey("warehouses.id"), primary_key=True),
    Column("checkout_id", ForeignKey("checkouts.id"), nullable=False),
    Column("variant_id", ForeignKey("variants.id"), nullable=False),
    Column("quantity", Integer, nullable=False),
    Index("reservations_by_checkout", "checkout_id"),
    Index("reservations_by_variant", "variant_id"),
)  # fmt: skip

# Gives out order numbers. Numbers may have holes; they are never given twice.
order_numbers = Table(
    "order_numbers", metadata,
    Column("serial", Integer, primary_key=True, autoincrement=True),
    Column("order_id", Id, nullable=False),
    sqlite_autoincrement=True,
)  # fmt: skip

orders = Table(
    "orders", metadata,
    Column("id", Id, primary_key=True),
    Column("number", String(40), nullable=False, unique=True),
    Column("checkout_id", ForeignKey("checkouts.id"), unique=True),  # one order a checkout
    Column("customer_id", ForeignKey("customers.id")),
    Column("channel", ForeignKey("channels.code"), nullable=False),
    Column("currency", Currency, nullable=False),
    Column("status", String(20), nullable=False),
    Column("email", String(320)),
    Column("shipping_address", Json),
    Column("billing_address", Json),
    Column("metadata", Json),
    Column("subtotal", Amount, nullable=False),
    Column("total", Amount, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("placed_at", Moment),
    *charges(),
    Index("orders_by_customer", "customer_id", "placed_at"),
)  # fmt: skip

order_lines = Table(
    "order_lines", metadata,
    Column("id", Id, primary_key=True),
    Column("order_id", ForeignKey("orders.id"), nullable=False),
    Column("ordinal", Integer, nullable=False),
    Column("variant_id", ForeignKey("variants.id"), nullable=False),
    Column("product_id", ForeignKey("products.id"), nullable=False),
    Column("sku", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("option_values", Json, nullable=False),
    Column("image", Json),
    Column("quantity", Integer, nullable=False),
    Column("shipped", Integer, nullable=False, server_default="0"),
    Column("returned", Integer, nullable=False, server_default="0"),
    Column("canceled", Integer, nullable=False, server_default="0"),
    Column("status", String(20), nullable=False),
    Column("unit_price", String(40), nullable=False),  # exact decimal text: books have more decimals than a currency
    Column("total", Amount, nullable=False),
    *line_charges(),
    CheckConstraint("quantity > 0", name="quantity_positive"),
    CheckConstraint("shipped >= 0 AND shipped + canceled <= quantity", name="not_shipped_twice"),
    CheckConstraint("returned >= 0 AND returned <= shipped", name="not_returned_twice"),
    Index("order_lines_by_order", "order_id"),
    Index("order_lines_by_variant", "variant_id"),
)  # fmt: skip

allocations = Table(
    "allocations", metadata,
    Column("order_line_id", ForeignKey("order_lines.id"), primary_key=True),
    Column("warehouse_id", ForeignKey("warehouses.id"), primary_key=True),
    Column("quantity", Integer, CheckConstraint("quantity > 0", name="allocation_not_empty"), nullable=False),
)  # fmt: skip

payments = Table(
    "payments", metadata,
    Column("id", Id, primary_key=True),
    Column("order_id", ForeignKey("orders.id"), nullable=False),
    Column("provider", String(40), nullable=False),
    Column("state", String(20), nullable=False),
    Column("authorized", Amount, nullable=False, server_default="0"),
    Column("captured", Amount, nullable=False, server_default="0"),
    Column("refunded", Amount, nullable=False, server_default="0"),
    CheckConstraint("captured <= authorized AND refunded <= captured", name="never_more_than_was_there"),
    Index("payments_by_order", "order_id"),
)  # fmt: skip

ledger_entries = Table(
    "ledger_entries", metadata,
    Column("id", Id, primary_key=True),
    Column("payment_id", ForeignKey("payments.id"), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("outcome", String(10), nullable=False),
    Column("amount", Amount, nullable=False),
    Column("provider_ref", String(200)),
    Column("message", Text),
    Column("at", Moment, nullable=False),
    Column("goods", Amount, nullable=False, server_default="0"),  # the part of a refund that sales figures count
    Index("ledger_entries_by_payment", "payment_id"),
    Index("one_entry_a_reference", "provider_ref", "kind", unique=True),
)  # fmt: skip

fulfillments = Table(
    "fulfillments", metadata,
    Column("id", Id, primary_key=True),
    Column("order_id", ForeignKey("orders.id"), nullable=False),
    Column("warehouse_id", ForeignKey("warehouses.id"), nullable=False),
    Column("state", String(20), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("shipped_at", Moment),
    Column("delivered_at", Moment),
    Index("fulfillments_by_order", "order_id"),
)  # fmt: skip

fulfillment_lines = Table(
    "fulfillment_lines", metadata,
    Column("fulfillment_id", ForeignKey("fulfillments.id"), primary_key=True),
    Column("order_line_id", ForeignKey("order_lines.id"), primary_key=True),
    Column("quantity", Integer, CheckConstraint("quantity > 0", name="fulfillment_not_empty"), nullable=False),
)  # fmt: skip

# Who carries a fulfillment that has left, and where its way can be followed: a row where any of it is known.
tracking = Table(
    "tracking", metadata,
    Column("fulfillment_id", ForeignKey("fulfillments.id"), primary_key=True),
    Column("carrier", Text),
    Column("tracking_number", Text),
    Column("tracking_url", Text),
)  # fmt: skip

# One row a credit invoice of imported books, so that the same invoice is never recorded twice.
credit_invoices = Table(
    "credit_invoices", metadata,
    Column("number", String(40), primary_key=True),
    Column("channel", ForeignKey("channels.code"), nullable=False),
    Column("customer_id", ForeignKey("customers.id")),
    Column("at", Moment, nullable=False),
)  # fmt: skip

credits = Table(
    "credits", metadata,
    Column("id", Id, primary_key=True),
    Column("number", ForeignKey("credit_invoices.number"), nullable=False, unique=True),
    Column("amount", Amount, nullable=False),
)  # fmt: skip

credit_lines = Table(
    "credit_lines", metadata,
    Column("credit_id", ForeignKey("credits.id"), primary_key=True),
    Column("ordinal", Integer, primary_key=True),
    Column("sku", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("quantity", Integer, nullable=False),
    Column("unit_price", String(40), nullable=False),
    Column("total", Amount, nullable=False),
)  # fmt: skip

# Who was erased when is nobody's business: what is left to do for it (server.erasing), and which keys may never come back.
erasures = Table(
    "erasures", metadata,
    Column("id", Id, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("key_ids", Json, nullable=False),
    Column("done_at", Moment),
)  # fmt: skip

# One row a command that was accepted under a key: its request's hash and its answer, ids and errors only.
idempotency_keys = Table(
    "idempotency_keys", metadata,
    Column("scope", String(120), primary_key=True),
    Column("key", String(200), primary_key=True),
    Column("request_hash", String(64), nullable=False),
    Column("command_id", String(40), nullable=False),
    Column("answer", Json),  # null while a command of several transactions is in progress
    Column("created_at", Moment, nullable=False),
    Index("idempotency_keys_by_age", "created_at"),
)  # fmt: skip
