"""What happened to each order, as the log has it: the one view that no other table tells.

What tells of a person is sealed there and is not looked into; that it is gone once the person is erased, is.
"""

from typing import Any

import msgspec

from shop.views import Timeline, TimelineEntry
from verify.expected import Expected

_EVENTS = """
    SELECT e.stream AS of, e.position, e.at, e.actor, e.type, e.data AS told, o.number, o.customer_id
    FROM events e JOIN orders o ON o.id = e.stream ORDER BY e.position
"""
_IN_THE_ORDER = {"lines", "email", "shipping_address", "billing_address", "metadata"}


def expect_timelines(expected: Expected) -> None:
    for order_id, rows in expected.grouped(_EVENTS).items():
        about = {"version": expected.versions[order_id], "number": rows[0].number, "customer_id": rows[0].customer_id}
        expected.document(Timeline(id=order_id, entries=[_entry(row) for row in rows], **about))


def _entry(row: Any) -> TimelineEntry:
    return TimelineEntry(row.position, row.at, row.actor, row.type, _told(row.type, msgspec.json.decode(row.told)))


def _told(kind: str, told: dict[str, object]) -> dict[str, object]:
    shown = _IN_THE_ORDER if kind in {"OrderCreated", "PastOrderRecorded"} else set()
    return {name: value for name, value in told.items() if name not in {"order_id", *shown}}
