"""What happened to an order, as a list of entries."""

import datetime as dt

import strawberry
from strawberry import Parent

from reads.timelines import Told
from schema.nodes import PageInfo
from schema.scalars import JSON, LogPosition


@strawberry.type(description="An event of the order. `data` is what it says, under the names of the log.")
class TimelineEntry:
    @strawberry.field
    @staticmethod
    def position(told: Parent[Told]) -> LogPosition:
        return LogPosition(str(told.position))

    @strawberry.field(graphql_type=dt.datetime)
    @staticmethod
    def at(told: Parent[Told]) -> str:
        return told.entry.at

    @strawberry.field
    @staticmethod
    def actor(told: Parent[Told]) -> str:
        return told.entry.actor

    @strawberry.field
    @staticmethod
    def type(told: Parent[Told]) -> str:
        return told.entry.type

    @strawberry.field
    @staticmethod
    def data(told: Parent[Told]) -> JSON:
        return JSON(told.entry.data)


@strawberry.type
class TimelineEdge:
    cursor: str
    node: TimelineEntry


@strawberry.type
class TimelineConnection:
    edges: list[TimelineEdge]
    nodes: list[TimelineEntry]
    page_info: PageInfo
    total_count: int
