"""Payments keep why they failed and what the buyer is to do; steps that a provider is asked about have a claim."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "payment_hurdles",
        sa.Column("payment_id", sa.String(80), sa.ForeignKey("payments.id"), primary_key=True),
        sa.Column("decline_code", sa.Text()),
        sa.Column("action", sa.JSON()),
    )
    op.create_table(
        "payment_claims",
        sa.Column("entry_id", sa.String(80), sa.ForeignKey("ledger_entries.id"), primary_key=True),
        sa.Column("scope", sa.String(120), primary_key=True),
        sa.Column("key", sa.String(200), primary_key=True),
        sa.Column("owner", sa.String(40), nullable=False),
        sa.Column("deadline", sa.String(24), nullable=False),
        sa.Column("ids", sa.JSON(), nullable=False),
    )
    op.create_index("payment_claims_by_deadline", "payment_claims", ["deadline"])
    _keep_why_payments_failed()
    _claim_what_is_pending()


def _keep_why_payments_failed() -> None:
    """Until now only the log had it."""
    connection = op.get_bind()
    failed = connection.execute(sa.text("SELECT data FROM events WHERE type = 'PaymentFailed' ORDER BY position"))
    told = [json.loads(row.data) for row in failed]
    last = {one["payment_id"]: one.get("decline_code") for one in told}
    keep = sa.text("INSERT INTO payment_hurdles (payment_id, decline_code) VALUES (:id, :code)")
    for payment_id, code in last.items():
        connection.execute(keep, {"id": payment_id, "code": code})


def _claim_what_is_pending() -> None:
    """What a crash left open is nobody's: recovery takes it at once. What is kept by hand was never asked of anybody."""
    op.execute("""
        INSERT INTO payment_claims (entry_id, scope, key, owner, deadline, ids)
        SELECT e.id, '', '', '', e.at, '{}' FROM ledger_entries e JOIN payments p ON p.id = e.payment_id
        WHERE e.outcome = 'PENDING' AND p.provider <> 'manual'
    """)
