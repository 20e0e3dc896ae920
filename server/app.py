"""The ASGI application: GraphQL over HTTP and WebSocket at /graphql, health at /health."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import redis.exceptions
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.types.unset import UnsetType

from reads.errors import ReadError
from reads.reading import Views
from reads.status import Status
from schema.context import Context
from schema.proofs import Proofs
from schema.root import build_schema
from server import callers, duties, parts
from server.delivery import Deliverer
from server.erasing import Erasing
from server.event_log import ServedLog
from server.nudges import Nudges
from server.operations import Operations
from server.payment_webhooks import deliver_of_test, payment_webhook
from server.secret_key import secret_key
from server.settings import Settings
from shop.beside import beside
from shop.tail import LogUnavailableError, open_tail
from writes.database import open_database
from writes.trial import Test

_STANDS_STILL_MS = 10_000  # an event that is older than this, and not in a view, says that nobody works on it


class Face(GraphQL[Context, None]):
    """Strawberry's own view, given our context."""

    def __init__(self, *, dev: bool, proofs: Proofs) -> None:
        super().__init__(
            build_schema(),
            graphql_ide="graphiql" if dev else None,
            subscription_protocols=[GRAPHQL_TRANSPORT_WS_PROTOCOL],
        )
        self._dev = dev
        self._proofs = proofs

    async def get_context(
        self,
        request: Request | WebSocket,
        response: Response | WebSocket,  # noqa: ARG002
    ) -> Context:
        state, headers = request.app.state, request.headers
        return Context(
            bus=state.bus,
            views=state.views,
            status=state.status,
            proofs=self._proofs,
            caller=callers.caller(headers, dev=self._dev),
            events=state.events,
            operations=state.operations,
            targets=state.targets,
            idempotency_key=headers.get("idempotency-key"),
            at_least_header=headers.getlist("tradewind-at-least"),
        )

    async def on_ws_connect(self, context: Context) -> UnsetType | dict[str, object] | None:
        """A socket's caller is who opened it; a browser, which can set no headers, says the rest in connection_init."""
        context.caller = callers.told_on_connecting(context.caller, context.connection_params)
        return await super().on_ws_connect(context)


def create_app(settings: Settings) -> Starlette:
    """Make the application; its parts are opened when it starts and closed when it ends."""
    proofs = Proofs(secret_key(settings))
    face = Face(dev=settings.dev, proofs=proofs)

    @asynccontextmanager
    async def opened(app: Starlette) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            client = await stack.enter_async_context(parts.open_redis(settings))
            tail = await stack.enter_async_context(open_tail(settings.database()))
            database = open_database(settings.database())
            bus = await stack.enter_async_context(parts.open_bus(settings, database, parts.nudge(client)))
            await stack.enter_async_context(beside(duties.recover_payments(bus)))
            if isinstance(bank := bus.providers.get("test"), Test):
                await stack.enter_async_context(beside(deliver_of_test(bus, bank)))
            keys, nudges = await parts.layout(client, settings), Nudges(client)
            views, events = Views(client, keys, tail), ServedLog(tail, nudges)
            poster = await stack.enter_async_context(parts.open_poster(settings))
            hooks = Deliverer(bus, tail, client, nudges, poster, proofs.webhook_secret)
            erasing = Erasing(bus, database, tail, views, client, keys)
            duty = (hooks.run(), duties.expire_what_is_due(bus), erasing.follow_up())
            for work in (views.follow(), nudges.run(), events.run(), *duty):
                await stack.enter_async_context(beside(work))
            app.state.bus, app.state.views, app.state.status = bus, views, Status(views)
            app.state.events, app.state.operations, app.state.targets = events, Operations(client, keys, tail), poster
            yield

    routes = [
        Route("/graphql", face, methods=["GET", "POST"]),
        WebSocketRoute("/graphql", face),
        Route("/payments/{provider}/webhook", payment_webhook, methods=["POST"]),
        Route("/health", health, methods=["GET"]),
    ]
    return Starlette(routes=routes, lifespan=opened)


async def health(request: Request) -> Response:
    """200 while commands can be committed and views be read; 503 where the log grows and a segment stands still."""
    try:
        told = await _health(request.app.state.views, request.app.state.status)
    except (ReadError, LogUnavailableError, redis.exceptions.RedisError, OSError) as problem:
        return JSONResponse({"status": "failing", "reason": str(problem)}, status_code=503)
    return JSONResponse(told, status_code=503 if "reason" in told else 200)


async def _health(views: Views, status: Status) -> dict[str, Any]:
    position = (await views.reading()).position
    every = await status.views()
    still = [
        f"{one.name} in segment {part.segment}" for one in every for part in one.segments if part.lag_ms > _STANDS_STILL_MS
    ]
    told = {"status": "ok", "position": str(position), "lagEvents": max(one.lag_events for one in every)}
    return {**told, "status": "failing", "reason": f"no event was folded into {', '.join(still)}"} if still else told
