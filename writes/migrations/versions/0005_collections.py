"""Collections: their own rows, whose each slug is, and which products stand in them at which place."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "collections",
        sa.Column("id", sa.String(80), primary_key=True),
        sa.Column("slug", sa.String(200), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text()),
        sa.Column("image", sa.JSON()),
    )
    op.create_table(
        "collection_slugs",
        sa.Column("slug", sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql"), primary_key=True),
        sa.Column("collection_id", sa.String(80), sa.ForeignKey("collections.id"), nullable=False),
    )
    op.create_table(
        "collection_products",
        sa.Column("collection_id", sa.String(80), sa.ForeignKey("collections.id"), primary_key=True),
        sa.Column("product_id", sa.String(80), sa.ForeignKey("products.id"), primary_key=True),
        sa.Column("place", sa.Integer(), nullable=False),
    )
