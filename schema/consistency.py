"""At which position an answer is true: @atLeast and its header before an operation, `extensions.consistency` after it."""

from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any, cast

import strawberry
from graphql import (
    DirectiveLocation,
    FieldNode,
    GraphQLDirective,
    OperationDefinitionNode,
    get_directive_values,
    get_operation_ast,
    get_variable_values,
)
from graphql.execution.values import VariableValues
from strawberry.extensions import SchemaExtension
from strawberry.types.graphql import OperationType

from reads.errors import ReadError, ViewRebuilding
from reads.reading import Reading
from schema.context import Context
from schema.faults import bad_input, parse_position
from schema.scalars import LogPosition, StalePolicy
from shop.position import Position

LONGEST_WAIT_MS = 30_000


@strawberry.directive(
    locations=[DirectiveLocation.QUERY],
    description="Answer only from views that have applied the log up to `position`. One per operation. "
    "Header twin: Tradewind-At-Least. With a null position it asks for nothing, "
    "so that one document serves the first load and the reload after a write.",
)
def at_least(
    position: LogPosition | None = strawberry.UNSET, timeout_ms: int = 1000, on_timeout: StalePolicy = StalePolicy.ERROR
) -> None:
    """Declare @atLeast; `Consistency` below is what obeys it."""


class Consistency(SchemaExtension):
    """Opens a query's reading at the position it asked for, and tells of every query and mutation where it was answered."""

    _executed = False

    async def on_execute(self) -> AsyncIterator[None]:
        self.execution_context.context = self._context.of_new_operation()
        kind = self.execution_context.operation_type
        self._executed = kind is not OperationType.SUBSCRIPTION
        if kind is OperationType.QUERY:
            await self._open()
        elif kind is OperationType.MUTATION:
            self._check_key()
        yield
        if kind is OperationType.MUTATION:
            with suppress(ReadError):  # the command's own answer stands, wherever the views are
                await self._context.opened()

    def get_results(self) -> dict[str, Any]:
        if not self._executed:
            return {}
        if not self._context.is_open:  # the views are being made anew
            return {"consistency": {"position": None, "waitedMs": 0, "stale": False}}
        reading = self._context.reading
        told = {"position": str(reading.position), "waitedMs": reading.waited_ms, "stale": reading.stale}
        return {"consistency": told}

    @property
    def _context(self) -> Context:
        return cast("Context", self.execution_context.context)

    @property
    def _operation(self) -> OperationDefinitionNode:
        document = self.execution_context.graphql_document
        assert document is not None
        operation = get_operation_ast(document, self.execution_context.operation_name)
        assert operation is not None
        return operation

    async def _open(self) -> None:
        asked = self._asked()
        wanted = [*_positions(self._context.at_least_header), asked.get("position")]
        try:
            reading = await self._context.opened()
        except ViewRebuilding:
            return  # each field that reads a view says so; `views` tells how far they are
        timeout_ms = min(max(asked.get("timeoutMs", 1000), 0), LONGEST_WAIT_MS)
        policy = asked.get("onTimeout", StalePolicy.ERROR)
        await _wait(reading, [text for text in wanted if text], timeout_ms, policy)

    def _asked(self) -> dict[str, Any]:
        """Read the arguments of @atLeast; none of them where it is absent, or where the variables are wrong."""
        schema = self.execution_context.schema._schema  # noqa: SLF001  Strawberry has no other door to it
        operation = self._operation
        if not operation.directives:
            return {}
        variables = get_variable_values(schema, operation.variable_definitions or (), self.execution_context.variables or {})
        if not isinstance(variables, VariableValues):
            return {}  # the executor is about to say so
        directive = cast("GraphQLDirective", schema.get_directive("atLeast"))
        return get_directive_values(directive, operation, variables) or {}

    def _check_key(self) -> None:
        """A header's key belongs to one mutation: refuse it where there could be more."""
        chosen = self._operation.selection_set.selections
        if self._context.idempotency_key and (len(chosen) != 1 or not isinstance(chosen[0], FieldNode)):
            raise bad_input("The header Idempotency-Key goes with one mutation: give each its own idempotencyKey instead.")


def _positions(headers: Any) -> list[str]:
    return [text.strip() for header in headers for text in header.split(",") if text.strip()]


async def _wait(reading: Reading, wanted: list[str], timeout_ms: int, policy: StalePolicy) -> None:
    """Ask for the furthest: the others are passed with it."""
    furthest: dict[str, Position] = {}
    for position in sorted(parse_position(text) for text in wanted):
        furthest[position.epoch] = position
    for position in furthest.values():  # two logs: one of them is unknown
        await reading.at_least(position, timeout_ms, or_stale=policy is StalePolicy.STALE)
