"""Tables of what makes a total beside prices: shipping methods and tax rates."""

import sqlalchemy as sa
from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Integer, String, Table, Text

from shop.log import metadata
from writes.columns import Amount, Id, Json

shipping_methods = Table(
    "shipping_methods", metadata,
    Column("id", Id, primary_key=True),
    Column("name", Text, nullable=False),
    Column("channel", ForeignKey("channels.code"), nullable=False),
    Column("countries", Json, nullable=False),
    Column("price", Amount, nullable=False),
    Column("free_from", Amount),
    Column("max_weight_grams", Integer),
    Column("min_days", Integer),
    Column("max_days", Integer),
    Column("active", sa.Boolean, nullable=False),
    CheckConstraint("price >= 0 AND (free_from IS NULL OR free_from >= 0)", name="shipping_not_negative"),
    Index("shipping_methods_by_channel", "channel"),
)  # fmt: skip

# One row a country and region of it; the country's own has the region ''. Regions compare case-folded.
tax_rates = Table(
    "tax_rates", metadata,
    Column("country", String(2), primary_key=True),
    Column("region_folded", String(60), primary_key=True),
    Column("region", String(60)),
    Column("rate", String(20), nullable=False),  # exact decimal text, in percent
    Column("inclusive", sa.Boolean, nullable=False),
)  # fmt: skip
