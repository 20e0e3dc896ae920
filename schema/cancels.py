"""Lines of an order that shall not leave."""

import strawberry

from schema.context import Info
from schema.fulfillment import LineQuantityInput
from schema.inputs import command
from schema.orders import OrderPayload
from schema.payloads import send
from writes.bus import Answer
from writes.cancels import CancelOrderLines


@strawberry.input
class OrderLinesCancelInput:
    idempotency_key: str
    lines: list[LineQuantityInput]
    reason: str | None = strawberry.UNSET
    refund: bool = True


@strawberry.type
class CancelMutation:
    @strawberry.mutation(graphql_type=OrderPayload)
    @staticmethod
    async def order_lines_cancel(info: Info, id: strawberry.ID, input: OrderLinesCancelInput) -> Answer:
        return await send(info, command(CancelOrderLines, input, order_id=id), input.idempotency_key)
