"""Tables beside the ledger: what stands between a payment and its money, and who is asking a provider about it."""

from sqlalchemy import Column, ForeignKey, Index, String, Table, Text

from shop.log import metadata
from writes.columns import Json, Moment

# Of a payment whose last step failed, or whose buyer was asked for an action. While there is an action, the state says so.
hurdles = Table(
    "payment_hurdles", metadata,
    Column("payment_id", ForeignKey("payments.id"), primary_key=True),
    Column("decline_code", Text),
    Column("action", Json),
)  # fmt: skip

# Who asks a provider about a PENDING entry, until when others leave it alone, and the command whose answer waits for it.
claims = Table(
    "payment_claims", metadata,
    Column("entry_id", ForeignKey("ledger_entries.id"), primary_key=True),
    Column("scope", String(120), primary_key=True),
    Column("key", String(200), primary_key=True),
    Column("owner", String(40), nullable=False),
    Column("deadline", Moment, nullable=False),
    Column("ids", Json, nullable=False),
    Index("payment_claims_by_deadline", "deadline"),
)  # fmt: skip
