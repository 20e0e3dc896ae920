"""The event log as integrations see it: by pages for jobs that pull, pushed for those that listen. Staff's."""

from collections.abc import AsyncIterator, Sequence

import msgspec
import strawberry

from schema.context import Info
from schema.faults import bad_input, parse_position
from schema.live import ChangeEvent
from schema.nodes import PageInfo, known
from schema.outside import Logged, Wanted
from schema.scalars import JSON, LogPosition
from shop import events
from shop.position import Position

_MOST = 1000
_TYPES = frozenset(kind.__name__ for kind in events.ALL)


@strawberry.type(description="The log itself, for dashboards and integrations. `subject` is what the event happened to.")
class EventAppended(ChangeEvent):
    subject: strawberry.ID
    actor: str
    data: JSON


class Edge(msgspec.Struct, frozen=True):
    """An event is its own place: its position is the cursor."""

    node: Logged

    @property
    def cursor(self) -> str:
        return str(self.node.position)


class Page(msgspec.Struct, frozen=True):
    edges: Sequence[Edge]
    page_info: PageInfo

    @property
    def nodes(self) -> list[Logged]:
        return [edge.node for edge in self.edges]


@strawberry.type
class EventEdge:
    cursor: str
    node: EventAppended


@strawberry.type
class EventConnection:
    edges: list[EventEdge]
    nodes: list[EventAppended]
    page_info: PageInfo


@strawberry.type
class EventQuery:
    @strawberry.field(
        graphql_type=EventConnection,
        description="Staff only: the log by pages, oldest first, for jobs that pull. A cursor is a position: "
        f"eventAppended goes on from it. {_MOST:,} events a page at most.",
    )
    @staticmethod
    async def events(
        info: Info,
        after: LogPosition | None = strawberry.UNSET,
        types: list[str] | None = strawberry.UNSET,
        subject: strawberry.ID | None = strawberry.UNSET,
        first: int = 100,
    ) -> Page:
        if not 0 < first <= _MOST:
            raise bad_input(f"A page has 1 to {_MOST} events, not {first}.")
        place = _place(after)
        found, more = await info.context.events.page(_wanted(types, subject), place, first)
        edges = [Edge(one) for one in found]
        ends = (edges[0].cursor, edges[-1].cursor) if edges else (None, None)
        before = place is not None and place.position > 0
        return Page(edges, PageInfo(has_next_page=more, has_previous_page=before, start_cursor=ends[0], end_cursor=ends[1]))


@strawberry.type
class EventSubscription:
    @strawberry.subscription(
        graphql_type=EventAppended,
        description="Every event, in order, none twice and none missing: `after` a position, or from now on. "
        "Who reads too slowly is ended by an error LAGGED, whose `position` is where to go on.",
    )
    @staticmethod
    async def event_appended(
        info: Info,
        types: list[str] | None = strawberry.UNSET,
        subject: strawberry.ID | None = strawberry.UNSET,
        after: LogPosition | None = strawberry.UNSET,
    ) -> AsyncIterator[Logged]:
        return info.context.events.follow(_wanted(types, subject), _place(after))


def _wanted(types: list[str] | None, subject: str | None) -> Wanted:
    """Refuse a type that no event has: whoever waits for it would wait for ever."""
    types = known(types)
    if types is not None and (strange := sorted(set(types) - _TYPES)):
        raise bad_input(f"There is no event type {strange[0]!r}.")
    return Wanted(None if types is None else frozenset(types), known(subject))


def _place(text: str | None) -> Position | None:
    text = known(text)
    return None if text is None else parse_position(text)
