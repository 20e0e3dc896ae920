"""What events tell of a person is sealed: the part, the name of its key, and by which ids a person's key is found."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("events", sa.Column("key_id", sa.String(40)))
    op.add_column("events", sa.Column("sealed", sa.LargeBinary()))
    op.create_table(
        "subject_ids",
        sa.Column("id", sa.String(80), primary_key=True),
        sa.Column("key_id", sa.String(40), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("subject_ids_by_key", "subject_ids", ["key_id"])
