"""Errors that are no business refusals: what a client is told of them, under which `extensions.code`, and what it is not."""

from collections.abc import Mapping

import structlog
from graphql import GraphQLError

from reads.errors import ReadError
from shop import position
from shop.position import Position
from writes.refusals import BusyError

_log = structlog.get_logger("schema")


def fault(code: str, message: str) -> GraphQLError:
    return GraphQLError(message, extensions={"code": code})


def bad_input(message: str) -> GraphQLError:
    return fault("BAD_USER_INPUT", message)


def parse_position(text: str) -> Position:
    """Read a client's log position; what is none cannot be known here either."""
    try:
        return position.parse(text.strip())
    except ValueError as error:
        raise fault("POSITION_UNKNOWN", f"{error}.") from None


def told(error: GraphQLError) -> GraphQLError:
    """Return what the client is told: our own errors with their code, GraphQL's own as they are, of all else nothing."""
    cause = error.original_error
    if isinstance(cause, ReadError):
        return _replaced(error, str(cause), cause.code, cause.details)
    if isinstance(cause, BusyError):
        return _replaced(error, "The shop is busy. Nothing was written: send it again.", cause.code)
    if _is_known(error):
        return error
    _log.error("internal error", path=error.path, exc_info=cause or error)
    return _replaced(error, "Internal error", "INTERNAL")


def _is_known(error: GraphQLError) -> bool:
    """Tell ours by their code, and those of parsing, validation and variables by having a place but no path."""
    if "code" in (error.extensions or {}):
        return True
    return error.path is None and (error.original_error is None or bool(error.nodes))


def _replaced(error: GraphQLError, message: str, code: str, details: Mapping[str, int | str] = {}) -> GraphQLError:
    extensions = {"code": code, **details}
    return GraphQLError(message, error.nodes, error.source, error.positions, error.path, extensions=extensions)
