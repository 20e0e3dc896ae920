"""Why goods are to come back, and which lines a refund gives back."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "return_reasons",
        sa.Column("return_id", sa.String(80), sa.ForeignKey("returns.id"), primary_key=True),
        sa.Column("reason", sa.Text(), nullable=False),
    )
    op.create_table(
        "refund_lines",
        sa.Column("entry_id", sa.String(80), sa.ForeignKey("ledger_entries.id"), primary_key=True),
        sa.Column("order_line_id", sa.String(80), sa.ForeignKey("order_lines.id"), primary_key=True),
        sa.Column("quantity", sa.Integer(), sa.CheckConstraint("quantity >= 0", name="refund_not_negative"), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
    )
    op.create_index("refund_lines_by_line", "refund_lines", ["order_line_id"])
