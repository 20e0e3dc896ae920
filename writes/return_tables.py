"""The tables of goods and money that come back: returns, and what refunds give back for lines."""

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Integer, String, Table, Text

from shop.log import metadata
from writes.columns import Amount, Id, Moment

returns = Table(
    "returns", metadata,
    Column("id", Id, primary_key=True),
    Column("order_id", ForeignKey("orders.id"), nullable=False),
    Column("state", String(20), nullable=False),
    Column("credit_number", String(40)),
    Column("refunded", Amount, nullable=False, server_default="0"),
    Column("created_at", Moment, nullable=False),
    Index("returns_by_order", "order_id"),
    Index("returns_by_credit", "credit_number"),
)  # fmt: skip

return_lines = Table(
    "return_lines", metadata,
    Column("return_id", ForeignKey("returns.id"), primary_key=True),
    Column("order_line_id", ForeignKey("order_lines.id"), primary_key=True),
    Column("quantity", Integer, nullable=False),
    Column("amount", Amount, nullable=False),
)  # fmt: skip

# Why goods are to come back: a row where the one who asked said it.
return_reasons = Table(
    "return_reasons", metadata,
    Column("return_id", ForeignKey("returns.id"), primary_key=True),
    Column("reason", Text, nullable=False),
)  # fmt: skip

# Which units of which lines a refund gives back, and how much for them. What a provider refused has no rows any more.
# Amounts follow their line when it is cut in two; a few smallest units may then stand beside no units.
refund_lines = Table(
    "refund_lines", metadata,
    Column("entry_id", ForeignKey("ledger_entries.id"), primary_key=True),
    Column("order_line_id", ForeignKey("order_lines.id"), primary_key=True),
    Column("quantity", Integer, CheckConstraint("quantity >= 0", name="refund_not_negative"), nullable=False),
    Column("amount", Amount, nullable=False),
    Index("refund_lines_by_line", "order_line_id"),
)  # fmt: skip
