"""Collections by rule."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("collections", sa.Column("rule", sa.JSON(none_as_null=True)))
