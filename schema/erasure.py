"""Erasing a person: a customer, or the guest of an order."""

import strawberry

from schema.context import Info
from schema.customers import CustomerPayload
from schema.orders import OrderPayload
from schema.payloads import send
from writes.bus import Answer
from writes.erasure import EraseCustomer, EraseOrder


@strawberry.type
class ErasureMutation:
    @strawberry.mutation(graphql_type=CustomerPayload)
    @staticmethod
    async def customer_erase(info: Info, id: strawberry.ID, idempotency_key: str) -> Answer:
        return await send(info, EraseCustomer(id), idempotency_key)

    @strawberry.mutation(graphql_type=OrderPayload, description="The same for a guest's order.")
    @staticmethod
    async def order_erase(info: Info, id: strawberry.ID, idempotency_key: str) -> Answer:
        return await send(info, EraseOrder(id), idempotency_key)
