"""What happened to an order: each event of its stream, as it is told. Staff read all of it, buyers a part."""

from typing import Any

import msgspec

from projections.projection import Projection, replace
from shop import events
from shop.events import personal
from shop.log import Recorded
from shop.views import Timeline, TimelineEntry

timeline = Projection(Timeline)

# What the order's own document shows as well, and would be kept twice.
_SHOWN = ("order_id", "lines", "email", "shipping_address", "billing_address", "metadata")
_BEGIN = (events.OrderCreated, events.PastOrderRecorded)


def _id(event: Any) -> list[str]:
    return [event.order_id]


def _entry(event: events.Event, recorded: Recorded) -> TimelineEntry:
    left_out = _SHOWN if isinstance(event, _BEGIN) else _SHOWN[:1]
    data = {name: value for name, value in msgspec.to_builtins(event).items() if name not in left_out}
    return TimelineEntry(recorded.position, recorded.at, recorded.actor, recorded.type, data)


def _begun(event: Any, recorded: Recorded) -> Timeline:
    about = {"number": event.number, "customer_id": event.customer_id}
    return Timeline(id=event.order_id, entries=[_entry(event, recorded)], **about)


def _went_on(view: Timeline, event: Any, recorded: Recorded) -> Timeline:
    return replace(view, entries=[*view.entries, _entry(event, recorded)])


for _kind in events.OF_ORDERS:
    if _kind in _BEGIN:
        timeline.starts(_kind, _id)(_begun)
    else:
        timeline.on(_kind, _id)(_went_on)


@timeline.on(events.OrderErased, _id)
def order_erased(view: Timeline, event: events.OrderErased, recorded: Recorded) -> Timeline:
    """What was said of a person is gone from all that was told before."""
    untold = [_untold(one) for one in view.entries]
    return replace(view, entries=[*untold, _entry(event, recorded)])


def _untold(entry: TimelineEntry) -> TimelineEntry:
    names = _PERSONAL.get(entry.type, ())
    return replace(entry, data={name: value for name, value in entry.data.items() if name not in names})


_PERSONAL = {kind.__name__: names for kind, names in personal.PERSONAL.items()}
