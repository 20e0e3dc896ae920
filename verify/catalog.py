"""Channels, warehouses, categories, collections and stock levels, as the tables tell them."""

from typing import Any

import msgspec

from shop import views
from shop.events import Media
from verify.expected import Expected


def expect_settings(expected: Expected) -> None:
    for row in expected.rows("SELECT code, name, currency FROM channels"):
        chan = f"chan_{row.code}"
        channel = views.Channel(id=chan, version=expected.versions[chan], code=row.code, name=row.name, currency=row.currency)
        expected.document(channel)
        expected.sorted_by(channel, "every", row.code)
    for row in expected.rows("SELECT id, code, name, active, priority FROM warehouses"):
        warehouse = views.Warehouse(
            id=row.id,
            version=expected.versions[row.id],
            code=row.code,
            name=row.name,
            active=bool(row.active),
            priority=row.priority,
        )
        expected.document(warehouse)
        expected.sorted_by(warehouse, "every", row.code)
    for row in expected.rows("SELECT id, slug, name, description, parent_id, image, position FROM categories"):
        category = views.Category(
            id=row.id,
            version=expected.versions[row.id],
            slug=row.slug,
            name=row.name,
            description=row.description,
            parent_id=row.parent_id,
            image=media(row.image),
            position=row.position,
        )
        expected.document(category)
        expected.sorted_by(category, "every", "")
        expected.sorted_by(category, "tree", row.parent_id or "")
        expected.sorted_by(category, "lookup", f"slug={row.slug}")
    for row in expected.rows("SELECT id, slug, name, description, image, rule FROM collections"):
        collection = views.Collection(
            id=row.id,
            version=expected.versions[row.id],
            slug=row.slug,
            name=row.name,
            description=row.description,
            image=media(row.image),
            rule=row.rule,
        )
        expected.document(collection)
        expected.sorted_by(collection, "every", "")
        expected.sorted_by(collection, "lookup", f"slug={row.slug}")
        if row.rule is not None:
            expected.sorted_by(collection, "ruled", "")


def expect_stock(expected: Expected) -> None:
    for row in expected.rows("""
        SELECT v.product_id, l.variant_id, l.warehouse_id, l.on_hand, l.allocated, l.reserved
        FROM stock_levels l JOIN variants v ON v.id = l.variant_id
    """):
        if not expected.level_is_shown(row):
            continue
        level = views.StockLevel(
            id=f"{row.product_id}:{row.variant_id}:{row.warehouse_id}",
            product_id=row.product_id,
            variant_id=row.variant_id,
            warehouse_id=row.warehouse_id,
            on_hand=row.on_hand,
            allocated=row.allocated,
            reserved=row.reserved,
        )
        expected.document(level)
        for index in ("every", f"warehouse:{row.warehouse_id}"):
            expected.sorted_by(level, index, row.variant_id)
        expected.sorted_by(level, "free", f"{10**17 + row.on_hand - row.allocated - row.reserved:018d}")


def media(written: Any) -> Media | None:
    """A picture from its JSON column."""
    return None if written is None else msgspec.convert(written, Media)
