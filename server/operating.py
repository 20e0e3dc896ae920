"""What operators are told of the views, in lines for a terminal."""

from reads.status import Rebuild, SegmentStatus, ViewStatus


def told_view(one: ViewStatus) -> str:
    """A view in a line, and a line for each segment that is behind, without an owner, or of another generation."""
    parked = f", {one.parked} parked" if one.parked else ""
    head = f"{one.name:14s} generation {one.generation}, {_lag(one.lag_events, one.lag_ms)}{parked}{_rebuild(one.rebuild)}"
    odd = [part for part in one.segments if part.lag_ms or part.owner is None or part.generation != one.generation]
    return "\n".join([head, *(_segment(part) for part in odd)])


def _lag(events: int, ms: int) -> str:
    return f"{events:,} events ({ms:,} ms) behind" if events else "up to date"


def _rebuild(one: Rebuild | None) -> str:
    if one is None:
        return ""
    left = "" if one.eta_ms is None else f", {one.eta_ms / 1000:.0f} s left"
    return f"; making generation {one.generation}: {one.applied:,} of {one.total:,} events{left}"


def _segment(part: SegmentStatus) -> str:
    owner = part.owner or "nobody"
    return f"    segment {part.segment:2d}  generation {part.generation}, {part.position}, {part.lag_ms:,} ms, moved by {owner}"
