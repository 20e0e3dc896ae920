"""Customers' emails and addresses; a customer has one open cart in a channel."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "customer_emails",
        sa.Column("email_folded", sa.String(320), primary_key=True),
        sa.Column("customer_id", sa.String(80), sa.ForeignKey("customers.id"), nullable=False),
        sa.Column("verified", sa.Boolean(), nullable=False),
    )
    op.create_index("customer_emails_by_customer", "customer_emails", ["customer_id"])
    op.create_table(
        "addresses",
        sa.Column("id", sa.String(80), primary_key=True),
        sa.Column("customer_id", sa.String(80), sa.ForeignKey("customers.id"), nullable=False),
        sa.Column("address", sa.JSON(), nullable=False),
        sa.Column("default_shipping", sa.Boolean(), nullable=False),
        sa.Column("default_billing", sa.Boolean(), nullable=False),
    )
    op.create_index("addresses_by_customer", "addresses", ["customer_id"])
    op.create_table(
        "merged_carts",
        sa.Column("cart_id", sa.String(80), sa.ForeignKey("carts.id"), primary_key=True),
        sa.Column("into_id", sa.String(80), sa.ForeignKey("carts.id"), nullable=False),
    )
    for name in ("default_shipping", "default_billing"):
        _one(f"one_{name}", "addresses", ["customer_id"], name)
    _one("one_open_cart", "carts", ["customer_id", "channel"], "status = 'OPEN'")


def _one(name: str, table: str, columns: list[str], where: str) -> None:
    """A unique index over some of a table's rows."""
    op.create_index(name, table, columns, unique=True, sqlite_where=sa.text(where), postgresql_where=sa.text(where))
