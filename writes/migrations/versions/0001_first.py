"""The first schema: the event log, and the normalized tables. Written once; what changes later is a revision of its own."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:  # noqa: PLR0915 - one statement a table and an index
    op.create_table(
        "categories",
        sa.Column("id", sa.String(80), primary_key=True),
        sa.Column("slug", sa.String(200), nullable=False, unique=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text()),
        sa.Column("parent_id", sa.String(80), sa.ForeignKey("categories.id")),
        sa.Column("image", sa.JSON()),
        sa.Column("position", sa.Integer(), nullable=False),
    )
    op.create_table(
        "channels",
        sa.Column("code", sa.String(40), primary_key=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
    )
    op.create_table(
        "customers",
        sa.Column("id", sa.String(80), primary_key=True),
        sa.Column("external_ref", sa.String(80), unique=True),
        sa.Column("email", sa.String(320), unique=True),
        sa.Column("name", sa.Text()),
    )
    op.create_table(
        "event_roots",
        sa.Column("root", sa.String(80), primary_key=True),
        sa.Column("position", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True, autoincrement=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "events",
        sa.Column("position", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True, autoincrement=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("type", sa.String(60), nullable=False),
        sa.Column("schema_version", sa.Integer(), nullable=False),
        sa.Column("stream", sa.String(80), nullable=False),
        sa.Column("stream_version", sa.Integer(), nullable=False),
        sa.Column("at", sa.String(24), nullable=False),
        sa.Column("actor", sa.String(80), nullable=False),
        sa.Column("command_id", sa.String(40), nullable=False),
        sa.Column("correlation", sa.String(80)),
        sa.Column("data", sa.Text(), nullable=False),
        sa.UniqueConstraint("stream", "stream_version", name="one_event_a_version"),
    )
    op.create_index("events_by_command", "events", ["command_id"])
    op.create_table(
        "idempotency_keys",
        sa.Column("scope", sa.String(120), primary_key=True),
        sa.Column("key", sa.String(200), primary_key=True),
        sa.Column("request_hash", sa.String(64), nullable=False),
        sa.Column("command_id", sa.String(40), nullable=False),
        sa.Column("answer", sa.JSON()),
        sa.Column("created_at", sa.String(24), nullable=False),
    )
    op.create_index("idempotency_keys_by_age", "idempotency_keys", ["created_at"])
    op.create_table(
        "log_head",
        sa.Column("only", sa.Integer(), sa.CheckConstraint('"only" = 1'), primary_key=True, autoincrement=False),
        sa.Column("epoch", sa.String(8), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "order_numbers",
        sa.Column("serial", sa.Integer(), primary_key=True, autoincrement=True),
        sa.Column("order_id", sa.String(80), nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "products",
        sa.Column("id", sa.String(80), primary_key=True),
        sa.Column("slug", sa.String(200), nullable=False, unique=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text()),
        sa.Column("vendor", sa.Text()),
        sa.Column("status", sa.String(10), nullable=False),
        sa.Column("tags", sa.JSON(), nullable=False),
        sa.Column("attributes", sa.JSON(), nullable=False),
        sa.Column("media", sa.JSON(), nullable=False),
        sa.Column("metadata", sa.JSON()),
        sa.Column("created_at", sa.String(24), nullable=False),
    )
    op.create_table(
        "streams",
        sa.Column("id", sa.String(80), primary_key=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "warehouses",
        sa.Column("id", sa.String(80), primary_key=True),
        sa.Column("code", sa.String(40), nullable=False, unique=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
    )
    op.create_table(
        "carts",
        sa.Column("id", sa.String(80), primary_key=True),
        sa.Column("channel", sa.String(40), sa.ForeignKey("channels.code"), nullable=False),
        sa.Column("customer_id", sa.String(80), sa.ForeignKey("customers.id")),
        sa.Column("status", sa.String(10), nullable=False),
        sa.Column("expires_at", sa.String(24), nullable=False),
    )
    op.create_index("carts_to_expire", "carts", ["status", "expires_at"])
    op.create_table(
        "credit_invoices",
        sa.Column("number", sa.String(40), primary_key=True),
        sa.Column("channel", sa.String(40), sa.ForeignKey("channels.code"), nullable=False),
        sa.Column("customer_id", sa.String(80), sa.ForeignKey("customers.id")),
        sa.Column("at", sa.String(24), nullable=False),
    )
    op.create_table(
        "product_categories",
        sa.Column("product_id", sa.String(80), sa.ForeignKey("products.id"), primary_key=True),
        sa.Column("category_id", sa.String(80), sa.ForeignKey("categories.id"), primary_key=True),
    )
    op.create_table(
        "product_slugs",
        sa.Column("slug", sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql"), primary_key=True),
        sa.Column("product_id", sa.String(80), sa.ForeignKey("products.id"), nullable=False),
    )
    op.create_table(
        "publications",
        sa.Column("product_id", sa.String(80), sa.ForeignKey("products.id"), primary_key=True),
        sa.Column("channel", sa.String(40), sa.ForeignKey("channels.code"), primary_key=True),
    )
    op.create_table(
        "variants",
        sa.Column("id", sa.String(80), primary_key=True),
        sa.Column("product_id", sa.String(80), sa.ForeignKey("products.id"), nullable=False),
        sa.Column("sku", sa.String(200), nullable=False),
        sa.Column("sku_folded", sa.String(200), nullable=False, unique=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("option_values", sa.JSON(), nullable=False),
        sa.Column("options_key", sa.Text()),
        sa.Column("backorderable", sa.Boolean(), nullable=False),
        sa.Column("weight_grams", sa.Integer()),
        sa.Column("barcode", sa.String(80)),
        sa.Column("image", sa.JSON()),
        sa.Column("discontinued", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.UniqueConstraint("product_id", "options_key", name="one_variant_an_option_combination"),
    )
    op.create_index("variants_by_barcode", "variants", ["barcode"])
    op.create_table(
        "cart_lines",
        sa.Column("id", sa.String(80), primary_key=True),
        sa.Column("cart_id", sa.String(80), sa.ForeignKey("carts.id"), nullable=False),
        sa.Column("variant_id", sa.String(80), sa.ForeignKey("variants.id"), nullable=False),
        sa.Column("quantity", sa.Integer(), sa.CheckConstraint("quantity > 0", name="line_not_empty"), nullable=False),
        sa.UniqueConstraint("cart_id", "variant_id", name="one_line_a_variant"),
    )
    op.create_table(
        "checkouts",
        sa.Column("id", sa.String(80), primary_key=True),
        sa.Column("cart_id", sa.String(80), sa.ForeignKey("carts.id"), nullable=False),
        sa.Column("channel", sa.String(40), sa.ForeignKey("channels.code"), nullable=False),
        sa.Column("customer_id", sa.String(80), sa.ForeignKey("customers.id")),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("email", sa.String(320)),
        sa.Column("shipping_address", sa.JSON()),
        sa.Column("billing_address", sa.JSON()),
        sa.Column("metadata", sa.JSON()),
        sa.Column("subtotal", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("reserved_until", sa.String(24), nullable=False),
    )
    op.create_index("checkouts_by_cart", "checkouts", ["cart_id"])
    op.create_index("checkouts_to_expire", "checkouts", ["status", "reserved_until"])
    op.create_table(
        "credits",
        sa.Column("id", sa.String(80), primary_key=True),
        sa.Column("number", sa.String(40), sa.ForeignKey("credit_invoices.number"), nullable=False, unique=True),
        sa.Column("amount", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "stock_levels",
        sa.Column("variant_id", sa.String(80), sa.ForeignKey("variants.id"), primary_key=True),
        sa.Column("warehouse_id", sa.String(80), sa.ForeignKey("warehouses.id"), primary_key=True),
        sa.Column("on_hand", sa.Integer(), nullable=False),
        sa.Column("allocated", sa.Integer(), nullable=False),
        sa.Column("reserved", sa.Integer(), nullable=False),
        sa.Column("shortfall", sa.Integer(), nullable=False),
        sa.Column("backorderable", sa.Boolean(), nullable=False),
        sa.CheckConstraint("on_hand >= 0 AND allocated >= 0 AND reserved >= 0 AND shortfall >= 0", name="none_negative"),
        sa.CheckConstraint("backorderable OR allocated + reserved <= on_hand + shortfall", name="never_oversold"),
    )
    op.create_table(
        "variant_prices",
        sa.Column("variant_id", sa.String(80), sa.ForeignKey("variants.id"), primary_key=True),
        sa.Column("channel", sa.String(40), sa.ForeignKey("channels.code"), primary_key=True),
        sa.Column("amount", sa.BigInteger(), sa.CheckConstraint("amount >= 0", name="price_not_negative"), nullable=False),
        sa.Column("compare_at", sa.BigInteger()),
    )
    op.create_table(
        "checkout_lines",
        sa.Column("id", sa.String(80), primary_key=True),
        sa.Column("checkout_id", sa.String(80), sa.ForeignKey("checkouts.id"), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("variant_id", sa.String(80), sa.ForeignKey("variants.id"), nullable=False),
        sa.Column("product_id", sa.String(80), sa.ForeignKey("products.id"), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("option_values", sa.JSON(), nullable=False),
        sa.Column("image", sa.JSON()),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("unit_price", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
    )
    op.create_index("checkout_lines_by_checkout", "checkout_lines", ["checkout_id"])
    op.create_table(
        "credit_lines",
        sa.Column("credit_id", sa.String(80), sa.ForeignKey("credits.id"), primary_key=True),
        sa.Column("ordinal", sa.Integer(), primary_key=True),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("unit_price", sa.String(40), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "orders",
        sa.Column("id", sa.String(80), primary_key=True),
        sa.Column("number", sa.String(40), nullable=False, unique=True),
        sa.Column("checkout_id", sa.String(80), sa.ForeignKey("checkouts.id"), unique=True),
        sa.Column("customer_id", sa.String(80), sa.ForeignKey("customers.id")),
        sa.Column("channel", sa.String(40), sa.ForeignKey("channels.code"), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("email", sa.String(320)),
        sa.Column("shipping_address", sa.JSON()),
        sa.Column("billing_address", sa.JSON()),
        sa.Column("metadata", sa.JSON()),
        sa.Column("subtotal", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.String(24), nullable=False),
        sa.Column("placed_at", sa.String(24)),
    )
    op.create_index("orders_by_customer", "orders", ["customer_id", "placed_at"])
    op.create_table(
        "fulfillments",
        sa.Column("id", sa.String(80), primary_key=True),
        sa.Column("order_id", sa.String(80), sa.ForeignKey("orders.id"), nullable=False),
        sa.Column("warehouse_id", sa.String(80), sa.ForeignKey("warehouses.id"), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("created_at", sa.String(24), nullable=False),
        sa.Column("shipped_at", sa.String(24)),
        sa.Column("delivered_at", sa.String(24)),
    )
    op.create_index("fulfillments_by_order", "fulfillments", ["order_id"])
    op.create_table(
        "order_lines",
        sa.Column("id", sa.String(80), primary_key=True),
        sa.Column("order_id", sa.String(80), sa.ForeignKey("orders.id"), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("variant_id", sa.String(80), sa.ForeignKey("variants.id"), nullable=False),
        sa.Column("product_id", sa.String(80), sa.ForeignKey("products.id"), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("option_values", sa.JSON(), nullable=False),
        sa.Column("image", sa.JSON()),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("shipped", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("returned", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("canceled", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("unit_price", sa.String(40), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("quantity > 0", name="quantity_positive"),
        sa.CheckConstraint("shipped >= 0 AND shipped + canceled <= quantity", name="not_shipped_twice"),
        sa.CheckConstraint("returned >= 0 AND returned <= shipped", name="not_returned_twice"),
    )
    op.create_index("order_lines_by_order", "order_lines", ["order_id"])
    op.create_index("order_lines_by_variant", "order_lines", ["variant_id"])
    op.create_table(
        "payments",
        sa.Column("id", sa.String(80), primary_key=True),
        sa.Column("order_id", sa.String(80), sa.ForeignKey("orders.id"), nullable=False),
        sa.Column("provider", sa.String(40), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("authorized", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("captured", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("refunded", sa.BigInteger(), nullable=False, server_default="0"),
        sa.CheckConstraint("captured <= authorized AND refunded <= captured", name="never_more_than_was_there"),
    )
    op.create_index("payments_by_order", "payments", ["order_id"])
    op.create_table(
        "reservations",
        sa.Column("checkout_line_id", sa.String(80), sa.ForeignKey("checkout_lines.id"), primary_key=True),
        sa.Column("warehouse_id", sa.String(80), sa.ForeignKey("warehouses.id"), primary_key=True),
        sa.Column("checkout_id", sa.String(80), sa.ForeignKey("checkouts.id"), nullable=False),
        sa.Column("variant_id", sa.String(80), sa.ForeignKey("variants.id"), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
    )
    op.create_index("reservations_by_checkout", "reservations", ["checkout_id"])
    op.create_index("reservations_by_variant", "reservations", ["variant_id"])
    op.create_table(
        "returns",
        sa.Column("id", sa.String(80), primary_key=True),
        sa.Column("order_id", sa.String(80), sa.ForeignKey("orders.id"), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("credit_number", sa.String(40)),
        sa.Column("refunded", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("created_at", sa.String(24), nullable=False),
    )
    op.create_index("returns_by_credit", "returns", ["credit_number"])
    op.create_index("returns_by_order", "returns", ["order_id"])
    op.create_table(
        "allocations",
        sa.Column("order_line_id", sa.String(80), sa.ForeignKey("order_lines.id"), primary_key=True),
        sa.Column("warehouse_id", sa.String(80), sa.ForeignKey("warehouses.id"), primary_key=True),
        sa.Column("quantity", sa.Integer(), sa.CheckConstraint("quantity > 0", name="allocation_not_empty"), nullable=False),
    )
    op.create_table(
        "fulfillment_lines",
        sa.Column("fulfillment_id", sa.String(80), sa.ForeignKey("fulfillments.id"), primary_key=True),
        sa.Column("order_line_id", sa.String(80), sa.ForeignKey("order_lines.id"), primary_key=True),
        sa.Column("quantity", sa.Integer(), sa.CheckConstraint("quantity > 0", name="fulfillment_not_empty"), nullable=False),
    )
    op.create_table(
        "ledger_entries",
        sa.Column("id", sa.String(80), primary_key=True),
        sa.Column("payment_id", sa.String(80), sa.ForeignKey("payments.id"), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("outcome", sa.String(10), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("provider_ref", sa.String(200)),
        sa.Column("message", sa.Text()),
        sa.Column("at", sa.String(24), nullable=False),
    )
    op.create_index("ledger_entries_by_payment", "ledger_entries", ["payment_id"])
    op.create_index("one_entry_a_reference", "ledger_entries", ["provider_ref", "kind"], unique=True)
    op.create_table(
        "return_lines",
        sa.Column("return_id", sa.String(80), sa.ForeignKey("returns.id"), primary_key=True),
        sa.Column("order_line_id", sa.String(80), sa.ForeignKey("order_lines.id"), primary_key=True),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
    )
