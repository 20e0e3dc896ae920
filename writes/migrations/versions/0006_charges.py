"""What is taken off and added: discount and tax of lines, discount, shipping and tax of checkouts and orders."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

# So far every refund gave back goods alone.
_GOODS = """
    UPDATE ledger_entries SET goods = amount WHERE kind = 'REFUND' AND outcome = 'SUCCESS' AND payment_id IN
        (SELECT p.id FROM payments p JOIN orders o ON o.id = p.order_id WHERE o.placed_at IS NOT NULL)
"""


def upgrade() -> None:
    for table in ("checkout_lines", "order_lines"):
        _add(table, "discount", "tax")
    for table in ("checkouts", "orders"):
        _add(table, "discount", "shipping", "shipping_tax", "tax")
        op.add_column(table, sa.Column("tax_included", sa.Boolean(), nullable=False, server_default=sa.false()))
    _add("ledger_entries", "goods")
    op.execute(_GOODS)


def _add(table: str, *amounts: str) -> None:
    for name in amounts:
        op.add_column(table, sa.Column(name, sa.BigInteger(), nullable=False, server_default="0"))
