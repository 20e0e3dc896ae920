"""What operators ask of the workers: views made anew or taken back, parked documents tried again or let go on."""

import datetime as dt
from collections.abc import Awaitable

import strawberry
from strawberry import Parent

from schema.context import Info
from schema.faults import bad_input
from schema.nodes import known
from schema.payloads import MutationPayload, refused
from schema.scalars import LogPosition
from schema.views import ViewStatus, standing
from writes.bus import Answer
from writes.refusals import Refused

_MOST = 1000


@strawberry.type(
    description="A document that an event could not be folded into. `waiting` events for it stand behind that one."
)
class ParkedDocument:
    view: str
    subject: strawberry.ID
    position: LogPosition
    event_type: str
    error: str
    since: dt.datetime
    waiting: int


@strawberry.type(description="`views` is how they stand once it was asked for: the workers do the work.")
class OperationPayload(MutationPayload):
    @strawberry.field
    @staticmethod
    async def views(answer: Parent[Answer], info: Info) -> list[ViewStatus] | None:
        return None if answer.refused is not None else await standing(info)


@strawberry.type
class OperationQuery:
    @strawberry.field(description="Oldest event first.")
    @staticmethod
    async def parked(info: Info, view: str | None = strawberry.UNSET, first: int = 50) -> list[ParkedDocument]:
        if not 0 < first <= _MOST:
            raise bad_input(f"Ask for 1 to {_MOST} documents, not {first}.")
        return [
            ParkedDocument(
                view=one.view,
                subject=strawberry.ID(one.document_id),
                position=LogPosition(str(position)),
                event_type=one.event,
                error=one.error,
                since=one.since,  # type: ignore[arg-type]  # views hold moments as the texts that clients see
                waiting=one.waiting,
            )
            for position, one in (await info.context.operations.parked(known(view)))[:first]
        ]


@strawberry.type
class OperationMutation:
    @strawberry.mutation(
        graphql_type=OperationPayload,
        description="Makes a view anew beside the one that answers; with `subject` one document of it, from its first event.",
    )
    @staticmethod
    async def view_rebuild(
        info: Info,
        name: str,
        subject: strawberry.ID | None = strawberry.UNSET,
        idempotency_key: str | None = strawberry.UNSET,
    ) -> Answer:
        return await _asked(info.context.operations.rebuild(name, known(subject), _key(info, idempotency_key)))

    @strawberry.mutation(
        graphql_type=OperationPayload, description="Gives up the rebuild, or goes back to the generation before."
    )
    @staticmethod
    async def view_rollback(info: Info, name: str, idempotency_key: str | None = strawberry.UNSET) -> Answer:
        return await _asked(info.context.operations.roll_back(name, _key(info, idempotency_key)))

    @strawberry.mutation(graphql_type=OperationPayload, description="Folds on where the document stands: its fold was mended.")
    @staticmethod
    async def parked_retry(
        info: Info, view: str, subject: strawberry.ID, idempotency_key: str | None = strawberry.UNSET
    ) -> Answer:
        return await _asked(info.context.operations.retry(view, subject, _key(info, idempotency_key)))

    @strawberry.mutation(
        graphql_type=OperationPayload, description="Leaves the event out of the document, and folds on after it."
    )
    @staticmethod
    async def parked_skip(
        info: Info, view: str, subject: strawberry.ID, idempotency_key: str | None = strawberry.UNSET
    ) -> Answer:
        return await _asked(info.context.operations.skip(view, subject, _key(info, idempotency_key)))


def _key(info: Info, given: str | None) -> str | None:
    return known(given) or info.context.idempotency_key


async def _asked(operation: Awaitable[bool]) -> Answer:
    """Answer as a command is answered; nothing is ever written, so there is no position."""
    try:
        return Answer({}, None, await operation, None)
    except Refused as reason:
        return refused(reason)
