"""Sending one webhook: to the address that was checked and to no other, without redirects, within a bound of time and bytes."""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping

import httpx

from writes.refusals import Invalid
from writes.targets import Target, is_public, target

_MOST_BYTES = 64 * 1024  # of an answer: what comes after is not read

Resolve = Callable[[str, int], Awaitable[list[str]]]


class NotDeliveredError(Exception):
    """The receiver did not take it. The text is for staff: it has nothing of what was answered but the status."""


async def resolve(host: str, port: int) -> list[str]:
    """The addresses of a name, as the system resolves it."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


class Poster:
    """Posts bodies. `private` lets it go to http and to addresses of the own network; `seconds` bounds one delivery."""

    def __init__(
        self, *, private: bool = False, seconds: float = 10, resolve: Resolve = resolve, tls: ssl.SSLContext | None = None
    ) -> None:
        self.seconds = seconds
        self._private = private
        self._resolve = resolve
        self._client = httpx.AsyncClient(
            verify=tls or httpx.create_ssl_context(),
            trust_env=False,  # a proxy of the environment would choose the address anew
            follow_redirects=False,
            timeout=seconds,
            limits=httpx.Limits(max_keepalive_connections=0),  # a kept connection would be another name's as well
        )

    async def close(self) -> None:
        await self._client.aclose()

    async def problem(self, url: str) -> str | None:
        """Say why a webhook cannot go there as things stand; None where it can."""
        try:
            async with asyncio.timeout(self.seconds):
                await self._addresses(target(url, private=self._private))
        except TimeoutError:
            return "The name of the host was not resolved in time."
        except (Invalid, NotDeliveredError) as problem:
            return str(problem)
        return None

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> None:
        """Deliver a body; NotDeliveredError where it was not taken with a status of 200 to 299."""
        taken = None
        try:
            async with asyncio.timeout(self.seconds):
                response = await self._answered(target(url, private=self._private), headers, body)
                try:
                    taken = response.is_success
                    await _drain(response)
                finally:
                    await response.aclose()
        except TimeoutError:
            if taken is None:
                raise NotDeliveredError(f"no answer within {self.seconds:g} s") from None
        except Invalid as refused:
            raise NotDeliveredError(str(refused)) from None
        except httpx.HTTPError as broken:
            if taken is None:
                raise NotDeliveredError(f"no answer: {broken or type(broken).__name__}") from broken
        if not taken:
            raise NotDeliveredError(_told(response.status_code))

    async def _answered(self, to: Target, headers: Mapping[str, str], body: bytes) -> httpx.Response:
        """Send to the first of the addresses that takes a connection. The status has come; the rest is still to be read."""
        refused: httpx.HTTPError | None = None
        for address in await self._addresses(to):
            request = self._client.build_request(
                "POST",
                httpx.URL(scheme=to.scheme, host=address, port=to.port, raw_path=to.path.encode()),
                headers={**headers, "host": to.authority, "content-type": "application/json", "user-agent": "Tradewind"},
                content=body,
                extensions={"sni_hostname": to.host},
            )
            try:
                return await self._client.send(request, stream=True)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                refused = error
        raise refused or NotDeliveredError(f"{to.host} has no address")

    async def _addresses(self, to: Target) -> list[str]:
        """Resolve a name, each time anew: one address that is not public speaks against all of them."""
        try:
            found = await self._resolve(to.host, to.port)
        except OSError:
            raise NotDeliveredError(f"the name {to.host} is not known") from None
        hidden = [address for address in found if not self._private and not is_public(address)]
        if hidden:
            raise NotDeliveredError(f"{to.host} leads to {hidden[0]}, which is no public address")
        return found


async def _drain(response: httpx.Response) -> None:
    """Read what is answered, up to a bound: it was the status that counted."""
    read = 0
    async for part in response.aiter_raw():
        read += len(part)
        if read > _MOST_BYTES:
            return


def _told(status: int) -> str:
    return f"answered {status}" + (": redirects are not followed" if 300 <= status < 400 else "")
