"""Reviews of products, one a buyer."""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "reviews",
        sa.Column("id", sa.String(80), primary_key=True),
        sa.Column("product_id", sa.String(80), sa.ForeignKey("products.id"), nullable=False),
        sa.Column("customer_id", sa.String(80), sa.ForeignKey("customers.id"), nullable=False),
        sa.Column("rating", sa.Integer(), sa.CheckConstraint("rating BETWEEN 1 AND 5", name="rating_of_five"), nullable=False),
        sa.Column("title", sa.Text()),
        sa.Column("body", sa.Text()),
        sa.Column("status", sa.String(10), nullable=False),
        sa.Column("created_at", sa.String(24), nullable=False),
        sa.UniqueConstraint("product_id", "customer_id", name="one_review_a_buyer"),
    )
