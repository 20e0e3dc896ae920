"""What columns of the tables are made of: their types, and those that several tables share."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy import Column, String

Id = String(80)
Moment = String(24)  # what shop.clock writes: fixed width, so that texts compare as moments
Amount = sa.BigInteger
Currency = String(3)
Slug = String(200).with_variant(String(200, collation="C"), "postgresql")  # its order is asked for, by code point
Json = sa.JSON(none_as_null=True)  # what is absent is SQL NULL, never the JSON text `null`


def line_charges() -> list[Column[int]]:
    """What a line's discount takes off its total, and its tax: added to it, or part of it where the prices include it."""
    return [Column(name, Amount, nullable=False, server_default="0") for name in ("discount", "tax")]


def charges() -> list[Column[Any]]:
    """What makes a total of a subtotal. `tax` is that of all lines and of the shipping, `tax_lines` says by which rate."""
    amounts = ("discount", "shipping", "shipping_tax", "tax")
    included = Column("tax_included", sa.Boolean, nullable=False, server_default=sa.false())
    told = [Column(name, Json) for name in ("shipping_method", "tax_lines", "applied_codes")]
    return [*(Column(name, Amount, nullable=False, server_default="0") for name in amounts), included, *told]


def only_where(condition: str) -> dict[str, Any]:
    """What an index over some of a table's rows is told, for each database."""
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}
