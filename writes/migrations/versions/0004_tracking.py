"""Keep who carries a fulfillment, and where its way can be followed."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "tracking",
        sa.Column("fulfillment_id", sa.String(80), sa.ForeignKey("fulfillments.id"), primary_key=True),
        sa.Column("carrier", sa.Text()),
        sa.Column("tracking_number", sa.Text()),
        sa.Column("tracking_url", sa.Text()),
    )
