"""Shipping methods and tax rates, and what checkouts and orders keep of them and of codes."""

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "shipping_methods",
        sa.Column("id", sa.String(80), primary_key=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("channel", sa.String(40), sa.ForeignKey("channels.code"), nullable=False),
        sa.Column("countries", sa.JSON(), nullable=False),
        sa.Column("price", sa.BigInteger(), nullable=False),
        sa.Column("free_from", sa.BigInteger()),
        sa.Column("max_weight_grams", sa.Integer()),
        sa.Column("min_days", sa.Integer()),
        sa.Column("max_days", sa.Integer()),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.CheckConstraint("price >= 0 AND (free_from IS NULL OR free_from >= 0)", name="shipping_not_negative"),
    )
    op.create_index("shipping_methods_by_channel", "shipping_methods", ["channel"])
    op.create_table(
        "tax_rates",
        sa.Column("country", sa.String(2), primary_key=True),
        sa.Column("region_folded", sa.String(60), primary_key=True),
        sa.Column("region", sa.String(60)),
        sa.Column("rate", sa.String(20), nullable=False),
        sa.Column("inclusive", sa.Boolean(), nullable=False),
    )
    for table in ("checkouts", "orders"):
        op.add_column(table, sa.Column("shipping_method", sa.JSON()))
        op.add_column(table, sa.Column("tax_lines", sa.JSON()))
        op.add_column(table, sa.Column("applied_codes", sa.JSON()))
    op.add_column("checkouts", sa.Column("weight_grams", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("checkouts", sa.Column("extendable_until", sa.String(24)))
