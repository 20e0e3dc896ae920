"""Webhooks: staff say who is told of which events. How they are sent and signed is in docs/webhooks.md."""

from typing import Any

import strawberry
from strawberry import Parent

from reads import webhooks
from reads.webhooks import Placed
from schema.context import Info
from schema.faults import parse_position
from schema.inputs import cleared, command
from schema.nodes import Node
from schema.payloads import MutationPayload, after, refused, send
from schema.scalars import LogPosition
from writes.bus import Answer
from writes.refusals import Invalid
from writes.webhooks import CreateWebhook, RemoveWebhook, ReplayWebhook, RotateWebhookSecret, UpdateWebhook


@strawberry.type(
    description="`position` is how far it was delivered, `lagEvents` how many events the log has beyond that, "
    "`lastError` what holds it up: it is tried again until the receiver takes it."
)
class Webhook(Node):
    @strawberry.field
    @staticmethod
    def url(placed: Parent[Placed]) -> str:
        return placed.webhook.url

    @strawberry.field
    @staticmethod
    def event_types(placed: Parent[Placed]) -> list[str]:
        return placed.webhook.event_types

    @strawberry.field
    @staticmethod
    def active(placed: Parent[Placed]) -> bool:
        return placed.webhook.active

    position: LogPosition
    lag_events: int
    last_error: str | None


@strawberry.input(description="A new webhook starts at the end of the log, or after the position given.")
class WebhookInput:
    idempotency_key: str | None = strawberry.UNSET
    url: str
    event_types: list[str]
    active: bool = True
    after: LogPosition | None = strawberry.UNSET


@strawberry.input
class WebhookUpdateInput:
    idempotency_key: str | None = strawberry.UNSET
    url: str | None = strawberry.UNSET
    event_types: list[str] | None = strawberry.UNSET
    active: bool | None = strawberry.UNSET


@strawberry.type(description="`secret` signs every delivery. It is shown once, on create and on webhookSecretRotate.")
class WebhookPayload(MutationPayload):
    @strawberry.field
    @staticmethod
    def webhook_id(answer: Parent[Answer]) -> strawberry.ID | None:
        return answer.ids.get("webhook_id")

    @strawberry.field(graphql_type=Webhook | None)
    @staticmethod
    async def webhook(answer: Parent[Answer], info: Info) -> Placed | None:
        webhook_id = answer.ids.get("webhook_id")
        return None if webhook_id is None else await webhooks.webhook(await after(info, answer), webhook_id)

    @strawberry.field
    @staticmethod
    def secret(answer: Parent[Answer], info: Info) -> str | None:
        number = answer.ids.get("secret_number")
        return None if number is None else info.context.proofs.webhook_secret(answer.ids["webhook_id"], number)


@strawberry.type
class WebhookQuery:
    @strawberry.field(graphql_type=list[Webhook])
    @staticmethod
    async def webhooks(info: Info) -> list[Placed]:
        return await webhooks.webhooks(info.context.reading)


@strawberry.type
class WebhookMutation:
    @strawberry.mutation(graphql_type=WebhookPayload)
    @staticmethod
    async def webhook_create(info: Info, input: WebhookInput) -> Answer:
        more: dict[str, Any] = {"after": parse_position(input.after)} if input.after else {}
        return await _unreachable(info, input.url) or await send(
            info, command(CreateWebhook, input, **more), input.idempotency_key
        )

    @strawberry.mutation(graphql_type=WebhookPayload)
    @staticmethod
    async def webhook_update(info: Info, id: strawberry.ID, input: WebhookUpdateInput) -> Answer:
        for name in {"url", "event_types", "active"} & set(cleared(input)):
            return refused(Invalid("There is no webhook without it.", ["input", _FIELDS.get(name, name)]))
        changed = command(UpdateWebhook, input, webhook_id=id)
        unreachable = await _unreachable(info, input.url) if input.url else None
        return unreachable or await send(info, changed, input.idempotency_key)

    @strawberry.mutation(
        graphql_type=WebhookPayload, description="Delivers again what came after a position; a later one leaves events out."
    )
    @staticmethod
    async def webhook_replay(
        info: Info, id: strawberry.ID, after: LogPosition, idempotency_key: str | None = strawberry.UNSET
    ) -> Answer:
        return await send(info, ReplayWebhook(id, parse_position(after)), idempotency_key or None)

    @strawberry.mutation(graphql_type=WebhookPayload)
    @staticmethod
    async def webhook_secret_rotate(info: Info, id: strawberry.ID, idempotency_key: str) -> Answer:
        return await send(info, RotateWebhookSecret(id), idempotency_key)

    @strawberry.mutation(graphql_type=WebhookPayload)
    @staticmethod
    async def webhook_remove(info: Info, id: strawberry.ID, idempotency_key: str | None = strawberry.UNSET) -> Answer:
        return await send(info, RemoveWebhook(id), idempotency_key or None)


_FIELDS = {"event_types": "eventTypes"}


async def _unreachable(info: Info, url: str) -> Answer | None:
    """Refuse a place that a webhook cannot go to as things stand. Each delivery asks again."""
    problem = await info.context.targets.problem(url)
    return None if problem is None else refused(Invalid(problem, ["input", "url"]))
