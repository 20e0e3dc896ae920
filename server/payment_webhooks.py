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
from writes.refusals import BusyError, NotFound
from writes.signatures import BadWebhookError
from writes.telling import command_of
from writes.trial import Test

LONGEST_BODY = 64 * 1024
_EVERY_SECONDS = 0.5

logger = structlog.get_logger()


class BodyTooLongError(Exception):
    """More was sent than any provider has to tell."""


async def payment_webhook(request: Request) -> Response:
    """200 when all of it is recorded, now or before; 400, 404 or 413 where none of it is believed; 503: send it again."""
    bus, code = request.app.state.bus, request.path_params["provider"]
    if code not in bus.providers:
        return _refused(404, f"There is no payment provider {code} here.")
    try:
        await receive(bus, code, request.headers, await _body(request))
    except BodyTooLongError:
        return _refused(413, f"A webhook has {LONGEST_BODY} bytes at most.")
    except BadWebhookError as bad:
        return _refused(400, str(bad))
    except NotFound as unknown:
        return _refused(404, unknown.message)
    except BusyError as busy:
        return _refused(503, str(busy))
    except ClientDisconnect:
        return _refused(400, "The body ended before its end.")
    return JSONResponse({"status": "ok"})


async def receive(bus: Bus, code: str, headers: Mapping[str, str], body: bytes) -> None:
    """Record what a webhook tells. BadWebhookError: it is not believed; NotFound: it tells of nothing that is here."""
    for told in bus.providers[code].read_webhook(headers, body, clock.utc_now()):
        await _record(bus, code, told)


async def deliver_of_test(bus: Bus) -> None:
    """Be the `test` provider where it sends its own webhooks; where it is not open, do nothing."""
    bank = bus.providers.get("test")
    while isinstance(bank, Test):
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
    if answer.refused is not None and answer.position is None:
        logger.info("webhook_changed_nothing", provider=code, entry=told.entry_id, reason=answer.refused.message)


async def _body(request: Request) -> bytes:
    """Read no more than a webhook may have, whatever its length is said to be."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > LONGEST_BODY:
            raise BodyTooLongError
    return bytes(body)


def _refused(status: int, reason: str) -> Response:
    return JSONResponse({"status": "refused", "reason": reason}, status_code=status)
