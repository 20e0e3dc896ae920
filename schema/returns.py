"""Returns: what staff and buyers do about goods that come back, and the list that staff work through."""

from typing import TYPE_CHECKING, Annotated

import strawberry
from strawberry import Parent

from reads import orders, returns
from reads.pages import Edge, Page
from schema.context import Info
from schema.fulfillment import LineQuantityInput, Return, ReturnState
from schema.inputs import command
from schema.listings import window
from schema.nodes import PageInfo, Within, known
from schema.payloads import MutationPayload, after, send
from shop import views
from writes.bus import Answer
from writes.returns import ApproveReturn, CancelReturn, ReceiveReturn, RejectReturn, RequestReturn

if TYPE_CHECKING:
    from schema.orders import Order

Shown = Within[views.Return, views.Order]


@strawberry.type
class ReturnEdge:
    cursor: str

    @strawberry.field(graphql_type=Return)
    @staticmethod
    def node(edge: Parent[Edge[views.Order]]) -> Shown:
        return Within(returns.return_of(edge), edge.node)


@strawberry.type
class ReturnConnection:
    edges: list[ReturnEdge]
    page_info: PageInfo
    total_count: int

    @strawberry.field(graphql_type=list[Return])
    @staticmethod
    def nodes(found: Parent[Page[views.Order]]) -> list[Shown]:
        return [Within(returns.return_of(edge), edge.node) for edge in found.edges]


@strawberry.input
class ReturnRequestInput:
    idempotency_key: str
    order_id: strawberry.ID
    lines: list[LineQuantityInput]
    reason: str | None = strawberry.UNSET


@strawberry.input
class ReturnReceiveInput:
    idempotency_key: str
    restock: bool = True
    refund: bool = True
    warehouse_id: strawberry.ID


@strawberry.type
class ReturnPayload(MutationPayload):
    @strawberry.field
    @staticmethod
    def return_id(answer: Parent[Answer]) -> strawberry.ID | None:
        return answer.ids.get("return_id")

    @strawberry.field(name="return", graphql_type=Return | None)
    @staticmethod
    async def return_(answer: Parent[Answer], info: Info) -> Shown | None:
        order = await _order(answer, info)
        shown = [] if order is None else [Within(back, order) for back in order.returns]
        return next((back for back in shown if back.id == answer.ids["return_id"]), None)

    @strawberry.field(graphql_type=Annotated["Order", strawberry.lazy("schema.orders")] | None)
    @staticmethod
    async def order(answer: Parent[Answer], info: Info) -> views.Order | None:
        return await _order(answer, info)


@strawberry.type
class ReturnQuery:
    @strawberry.field(graphql_type=ReturnConnection, description="In these states, or all; newest first.")
    @staticmethod
    async def returns(
        info: Info,
        state: list[ReturnState] | None = strawberry.UNSET,
        first: int = 20,
        after: str | None = strawberry.UNSET,
    ) -> Page[views.Order]:
        wanted = known(state)
        states = None if wanted is None else [one.value for one in wanted]
        return await returns.returns(info.context.reading, states, window(first, after))


@strawberry.type
class ReturnMutation:
    @strawberry.mutation(graphql_type=ReturnPayload)
    @staticmethod
    async def return_request(info: Info, input: ReturnRequestInput) -> Answer:
        return await send(info, command(RequestReturn, input), input.idempotency_key)

    @strawberry.mutation(graphql_type=ReturnPayload)
    @staticmethod
    async def return_approve(info: Info, id: strawberry.ID, idempotency_key: str) -> Answer:
        return await send(info, ApproveReturn(id), idempotency_key)

    @strawberry.mutation(graphql_type=ReturnPayload)
    @staticmethod
    async def return_reject(info: Info, id: strawberry.ID, reason: str, idempotency_key: str) -> Answer:
        return await send(info, RejectReturn(id, reason), idempotency_key)

    @strawberry.mutation(graphql_type=ReturnPayload)
    @staticmethod
    async def return_receive(info: Info, id: strawberry.ID, input: ReturnReceiveInput) -> Answer:
        return await send(info, command(ReceiveReturn, input, return_id=id), input.idempotency_key)

    @strawberry.mutation(graphql_type=ReturnPayload)
    @staticmethod
    async def return_cancel(info: Info, id: strawberry.ID, idempotency_key: str) -> Answer:
        return await send(info, CancelReturn(id), idempotency_key)


async def _order(answer: Answer, info: Info) -> views.Order | None:
    """The order that a payload answers with."""
    order_id = answer.ids.get("order_id")
    return None if order_id is None else await orders.order(await after(info, answer), id=order_id)
