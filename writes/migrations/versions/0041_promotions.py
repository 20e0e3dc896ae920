"""Promotions, their codes on carts, and the uses that orders claimed."""

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "promotions",
        sa.Column("id", sa.String(80), primary_key=True),
        sa.Column("code", sa.String(60), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("percentage", sa.String(20)),
        sa.Column("amount", sa.BigInteger()),
        sa.Column("minimum_subtotal", sa.BigInteger()),
        sa.Column("currency", sa.String(3)),
        sa.Column("starts_at", sa.String(24)),
        sa.Column("ends_at", sa.String(24)),
        sa.Column("usage_limit", sa.Integer()),
        sa.Column("once_per_customer", sa.Boolean(), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.CheckConstraint("used >= 0 AND (usage_limit IS NULL OR used <= usage_limit)", name="never_used_too_often"),
    )
    op.create_table(
        "promotion_codes",
        sa.Column("code_folded", sa.String(120), primary_key=True),
        sa.Column("promotion_id", sa.String(80), sa.ForeignKey("promotions.id"), nullable=False),
    )
    op.create_table(
        "cart_codes",
        sa.Column("cart_id", sa.String(80), sa.ForeignKey("carts.id"), primary_key=True),
        sa.Column("promotion_id", sa.String(80), sa.ForeignKey("promotions.id"), primary_key=True),
    )
    op.create_table(
        "promotion_uses",
        sa.Column("promotion_id", sa.String(80), sa.ForeignKey("promotions.id"), primary_key=True),
        sa.Column("order_id", sa.String(80), sa.ForeignKey("orders.id"), primary_key=True),
        sa.Column("customer_id", sa.String(80), sa.ForeignKey("customers.id")),
    )
    op.create_index("promotion_uses_by_order", "promotion_uses", ["order_id"])
