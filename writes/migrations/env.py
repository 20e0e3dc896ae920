"""What Alembic runs around the revisions: on the connection that `writes.migrate` opened, in its transaction."""

from alembic import context

from writes import tables

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=tables.channels.metadata,  # that of all tables
    render_as_batch=True,  # SQLite changes a table by making it anew
)
with context.begin_transaction():
    context.run_migrations()
