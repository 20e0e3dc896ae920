"""Keep what is left to do for an erasure, and which keys it destroyed."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "erasures",
        sa.Column("id", sa.String(80), primary_key=True),
        sa.Column("at", sa.String(24), nullable=False),
        sa.Column("key_ids", sa.JSON(), nullable=False),
        sa.Column("done_at", sa.String(24)),
    )
