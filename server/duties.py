"""Duties: what nobody asks for and must be done all the same. They send commands through the bus like any caller."""

import asyncio
from functools import partial

import structlog

from shop import clock
from writes.bus import Bus
from writes.carts import ExpireCart, overdue_carts
from writes.checkout import ExpireCheckout, overdue_checkouts
from writes.refusals import BusyError

_EVERY_SECONDS = 5.0
_MOST = 200

logger = structlog.get_logger()


async def expire_what_is_due(bus: Bus) -> None:
    """End carts and checkouts whose time is over. Nothing depends on when this runs, nor on how many run it."""
    while True:
        await asyncio.sleep(_EVERY_SECONDS)
        try:
            await _expire(bus)
        except BusyError:
            logger.info("expiry_waits", reason="the database is busy")
        except Exception:  # a duty that ends is a duty that nobody does
            logger.exception("expiry_failed")


async def _expire(bus: Bus) -> None:
    at = clock.text(clock.utc_now())
    for checkout_id in await bus.read(partial(overdue_checkouts, at=at, limit=_MOST)):
        await bus.send(ExpireCheckout(checkout_id), actor="system")
    for cart_id in await bus.read(partial(overdue_carts, at=at, limit=_MOST)):
        await bus.send(ExpireCart(cart_id), actor="system")
