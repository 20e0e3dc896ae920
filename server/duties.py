"""Duties: what nobody asks for and must be done all the same. They send commands through the bus like any caller."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

import structlog

from shop import clock
from writes import claims
from writes.bus import Bus
from writes.carts import ExpireCart, overdue_carts
from writes.checkout import ExpireCheckout, overdue_checkouts
from writes.recovery import RecoverPayment
from writes.refusals import BusyError

_EVERY_SECONDS = 5.0
_MOST = 200
_MOST_AT_ONCE = 10  # providers that are asked at the same time: one that is silent holds up few others

logger = structlog.get_logger()


async def expire_what_is_due(bus: Bus) -> None:
    """End carts and checkouts whose time is over. Nothing depends on when this runs, nor on how many run it."""
    await _again_and_again("expiry", partial(_expire, bus))


async def recover_payments(bus: Bus) -> None:
    """Finish what a crash or a silent provider left open. However many run this, one of them takes each step over."""
    await _again_and_again("recovery", partial(_recover, bus))


async def _again_and_again(name: str, duty: Callable[[], Awaitable[None]]) -> None:
    while True:
        await asyncio.sleep(_EVERY_SECONDS)
        try:
            await duty()
        except BusyError:
            logger.info("duty_waits", duty=name, reason="the database is busy")
        except Exception:  # a duty that ends is a duty that nobody does
            logger.exception("duty_failed", duty=name)


async def _expire(bus: Bus) -> None:
    at = clock.text(clock.utc_now())
    for checkout_id in await bus.read(partial(overdue_checkouts, at=at, limit=_MOST)):
        await bus.send(ExpireCheckout(checkout_id), actor="system")
    for cart_id in await bus.read(partial(overdue_carts, at=at, limit=_MOST)):
        await bus.send(ExpireCart(cart_id), actor="system")


async def _recover(bus: Bus) -> None:
    due = await bus.read(partial(claims.overdue, at=clock.text(clock.utc_now()), limit=_MOST))
    for some in (due[begin : begin + _MOST_AT_ONCE] for begin in range(0, len(due), _MOST_AT_ONCE)):
        await asyncio.gather(*(bus.send(RecoverPayment(entry_id), actor="system") for entry_id in some))
