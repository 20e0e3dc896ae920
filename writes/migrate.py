"""Brings a database to the schema that this code needs, and begins its log where it has none."""

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from shop import keyring, log

_ONE_AT_A_TIME = sa.text("SELECT pg_advisory_xact_lock(7268)")  # any number, as long as it is always this one


def migrate(engine: sa.Engine) -> str:
    """Upgrade to the newest revision in one transaction and return the log's epoch. Running it again changes nothing."""
    with engine.begin() as connection:
        return upgrade(connection)


def upgrade(connection: sa.Connection) -> str:
    """The same on a connection whose transaction is open. Where two begin at once, the second waits and finds it done."""
    if connection.dialect.name == "postgresql":
        connection.execute(_ONE_AT_A_TIME)
    config = Config()
    config.set_main_option("script_location", "writes:migrations")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    keyring.found(connection)
    return log.found(connection)
