"""Brings a database to the schema that this code needs, and begins its log where it has none."""

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from shop import log


def migrate(engine: sa.Engine) -> str:
    """Upgrade to the newest revision in one transaction and return the log's epoch. Running it again changes nothing."""
    config = Config()
    config.set_main_option("script_location", "writes:migrations")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        return log.found(connection)
