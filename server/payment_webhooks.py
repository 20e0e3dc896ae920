"""Webhooks that payment providers send: read by the provider, which knows who sent them, then recorded through the bus.

What a webhook tells is recorded as often as it comes and counts once, so a replay is answered 200 and changes nothing.
"""

import asyncio
from collections.abc import Mapping
from functools import partial

import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from shop import clock
from writes.bus import Bus
from writes.providers import Told
from writes.refusals import BusyError, NotFound, PaymentRefused, Refused
from writes.signatures import BadWebhookError
from writes.telling import command_of
from writes.trial import Test

LONGEST_BODY = 64 * 1024
_EVERY_SECONDS = 0.5

logger = structlog.get_logger()


class BodyTooLongError(Exception):
    """More was sent than any provider has to tell."""


# How a webhook that was not recorded is answered; of several that fit, the first.
_STATUS: Mapping[type[Exception], int] = {
    BodyTooLongError: 413,
    BadWebhookError: 400,
    ClientDisconnect: 400,
    NotFound: 404,
    Refused: 400,
    BusyError: 503,
}


async def payment_webhook(request: Request) -> Response:
    """200 when all of it is recorded, now or before; 400, 404 or 413 where none of it is believed; 503: send it again."""
    bus, code = request.app.state.bus, request.path_params["provider"]
    try:
        if code not in bus.providers:
            raise NotFound(f"There is no payment provider {code} here.")
        await receive(bus, code, request.headers, await _body(request))
    except tuple(_STATUS) as reason:
        status = next(status for kind, status in _STATUS.items() if isinstance(reason, kind))
        return JSONResponse({"status": "refused", "reason": str(reason)}, status_code=status)
    return JSONResponse({"status": "ok"})


async def receive(bus: Bus, code: str, headers: Mapping[str, str], body: bytes) -> None:
    """Record what a webhook tells. BadWebhookError: it is not believed; a refusal: what it tells cannot be here."""
    for told in bus.providers[code].read_webhook(headers, body, clock.utc_now()):
        await _record(bus, code, told)


async def deliver_of_test(bus: Bus, bank: Test) -> None:
    """Be the `test` provider where it sends its own webhooks."""
    while True:
        await asyncio.sleep(_EVERY_SECONDS)
        try:
            await bank.deliver(partial(receive, bus, "test"))
        except Exception:  # it is sent again
            logger.exception("test_webhook_failed")


async def _record(bus: Bus, code: str, told: Told) -> None:
    command = await bus.read(partial(command_of, told=told, provider=code))
    if command is None:
        raise NotFound(f"{code} has no ledger entry {told.entry_id} here.")
    answer = await bus.send(command, actor=f"provider:{code}")
    if answer.refused is not None and not isinstance(answer.refused, PaymentRefused):  # a decline is what was told
        raise answer.refused


async def _body(request: Request) -> bytes:
    """Read no more than a webhook may have, whatever its length is said to be."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > LONGEST_BODY:
            raise BodyTooLongError(f"A webhook has {LONGEST_BODY} bytes at most.")
    return bytes(body)
