"""Tables of webhooks, of how far each was delivered, and of who has the duty."""

import sqlalchemy as sa
from sqlalchemy import Column, ForeignKey, Integer, String, Table, Text

from shop.log import metadata
from writes.columns import Id, Json

# Whom to tell of which events. The secret is not here: it is made of the server's key, the id and `secret_number`.
webhooks = Table(
    "webhooks", metadata,
    Column("id", Id, primary_key=True),
    Column("url", Text, nullable=False),
    Column("event_types", Json, nullable=False),
    Column("active", sa.Boolean, nullable=False),
    Column("secret_number", Integer, nullable=False),
    Column("after_position", sa.BigInteger, nullable=False),
    Column("turn", Integer, nullable=False),
)  # fmt: skip

# How far each was delivered: kept by the duty that sends, which holds its row only while it moves it.
webhook_deliveries = Table(
    "webhook_deliveries", metadata,
    Column("webhook_id", ForeignKey("webhooks.id"), primary_key=True),
    Column("position", sa.BigInteger, nullable=False),
    Column("turn", Integer, nullable=False),
    Column("last_error", Text),
)  # fmt: skip

# Which process has a duty that one does at a time, and until when: milliseconds since 1970 by the database's clock.
duty_leases = Table(
    "duty_leases", metadata,
    Column("duty", String(40), primary_key=True),
    Column("owner", String(80), nullable=False),
    Column("until", sa.BigInteger, nullable=False),
)  # fmt: skip
