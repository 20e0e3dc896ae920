"""Asking a provider: the one place where the shop waits for the world outside, always with no transaction open."""

import asyncio

import structlog

from writes.providers import Provider, ProviderCall, ProviderResult

logger = structlog.get_logger()

_UNDECIDED = ProviderResult(succeeded=None)
_NEVER_HEARD_OF = ProviderResult(succeeded=False, decline_code="never_arrived", message="The provider was never asked.")


async def answer_of(provider: Provider | None, call: ProviderCall, seconds: float) -> ProviderResult:
    """Ask, and wait so many seconds. No answer in time, an error, or no such provider: it is not decided."""
    if provider is None:
        logger.warning("provider_not_open", provider=call.provider, entry=call.entry_id)
        return _UNDECIDED
    try:
        async with asyncio.timeout(seconds):
            return await _asked(provider, call)
    except TimeoutError:
        logger.warning("provider_silent", provider=call.provider, entry=call.entry_id, seconds=seconds)
    except Exception:  # whatever it stumbled over, the money may have moved
        logger.exception("provider_failed", provider=call.provider, entry=call.entry_id)
    return _UNDECIDED


async def _asked(provider: Provider, call: ProviderCall) -> ProviderResult:
    if call.way == "PERFORM":
        return await provider.perform(call)
    if call.way == "RESUME":
        return await provider.resume(call)
    known = await provider.ask(call)
    if known is None:
        return await provider.perform(call) if call.repeatable else _NEVER_HEARD_OF
    return known
