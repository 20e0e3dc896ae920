"""What the engine left in Redis, as its tests look at it: who holds what, what stands in views and feed. Reads only."""

import msgspec

from projections.all import touched
from shop import log, views


def holders(one):
    """By segment, the names of the workers that hold a lease there which has not run out."""
    now = _now_ms(one)
    return {
        segment: {lease.owner.partition("#")[0] for lease in leases(one, segment).values() if lease.until >= now}
        for segment in range(one.keys.segments)
    }


def held_by(one, name):
    """How many segments a worker holds."""
    return sum(name in names for names in holders(one).values())


def leases(one, segment):
    """The leases of a segment, by generation."""
    found = one.redis.hgetall(one.keys.leases(segment))
    return {name.decode(): views.lease(value.decode()) for name, value in found.items()}


def is_over(one, until_ms):
    """Whether a lease has run out, by the clock that leases go by."""
    return _now_ms(one) > until_ms


def checkpoint(one, segment, generation):
    return views.checkpoint(one.redis.hget(one.keys.checkpoints(segment), generation).decode())


def told(one):
    """Every change that the feed tells of: position, ordinal, view, document; in the order it stands in each segment.

    From where it is whole: where views began to answer one after another, the first were told of before that.
    """
    changes = []
    for segment in range(one.keys.segments):
        whole = _whole_after(one, segment)
        for entry, fields in one.redis.xrange(one.keys.feed(segment, _epoch(one))):
            named = msgspec.json.decode(fields[b"e"])["documents"]
            position = int(fields.get(b"of") or entry.partition(b"-")[0])  # what is told late says of which event it is
            changes += [(position, *document) for document in named if position > whole]
    return changes


def due(one):
    """Every change that the feed has to tell of, each once: what the events of the log change, since the feed began."""
    events = one.shop.database.read(lambda connection: log.after(connection, 0, 1_000_000))
    began = {
        segment: int(one.redis.hget(one.keys.feed_from(segment), _epoch(one)) or 0) for segment in range(one.keys.segments)
    }
    return sorted(
        (recorded.position, touch.ordinal, touch.projection.view.view, touch.document_id)
        for recorded in events
        for touch in touched(recorded)
        if recorded.position > began[one.keys.segment(touch.document_id)]
    )


def parked(one):
    """What stands parked, by generation and document."""
    found = {}
    for segment in range(one.keys.segments):
        found |= one.redis.hgetall(one.keys.parked(segment))
    return {field.decode(): msgspec.json.decode(value, type=views.Parked) for field, value in found.items()}


def content(one):
    """All keys with what is in them, but for leases and clocks: those are another's at every run."""
    dump = {key: value for key, value in one.dump().items() if not key.endswith(b":leases") and key != views.WORKERS.encode()}
    for key in [key for key in dump if key.endswith(b":parked")]:
        dump[key] = {field: {**msgspec.json.decode(value), "since": ""} for field, value in dump[key].items()}
    return dump


def _whole_after(one, segment):
    return int(one.redis.hget(one.keys.feed_from(segment), _epoch(one)) or 0)


def _epoch(one):
    return one.shop.value("SELECT epoch FROM log_head")


def _now_ms(one):
    seconds, micros = one.redis.time()
    return seconds * 1000 + micros // 1000
