"""Find every kind of event that stands in the log without reading the log: what a start checks that it can read."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("events_by_kind", "events", ["type", "schema_version", "position"])
