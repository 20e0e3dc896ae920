"""Where a webhook may go: https to an address that all the world may reach. Nothing here asks a name server.

What is refused here is refused again at each delivery, for the addresses that the name leads to then.
"""

import ipaddress
import re
from urllib.parse import SplitResult, urlsplit

import msgspec

from writes.refusals import Invalid

_PATH = ["input", "url"]
_MOST = 2_000
_PLAIN = re.compile(r"""[!#-;=?-\[\]_a-z~]+""")  # what a URL may be written with
_NAME = re.compile(r"(?=.{1,253}$)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_NUMBER = re.compile(r"\d+|0x[0-9a-f]*")  # a last part like this makes an address of it for some, such as 0177.1
_GLOBAL_V6 = ipaddress.ip_network("2000::/3")  # leaves out mapped and translated IPv4, and whatever else hides one
_PORTS = {"https": 443, "http": 80}


class Target(msgspec.Struct, frozen=True):
    """A URL, read once: whoever connects uses these parts, and no other reading of the text."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """The host as a request names it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


def target(url: str, *, private: bool) -> Target:
    """Read a webhook's URL, or refuse it. Where `private`, http and addresses of the own network are good too."""
    if len(url) > _MOST or not _PLAIN.fullmatch(url):
        raise Invalid(f"A URL has {_MOST} characters at most, of those that need no escape.", _PATH)
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise Invalid("This is no URL.", _PATH) from None
    if parts.scheme not in ({"https", "http"} if private else {"https"}):
        raise Invalid("A webhook goes to https.", _PATH)
    if "@" in parts.netloc or "#" in url:
        raise Invalid("A webhook's URL has no user, no password and no fragment.", _PATH)
    if port == 0:
        raise Invalid("There is no port 0.", _PATH)
    host = _host(parts)
    if not private and _is_address(host) and not is_public(host):
        raise Invalid(f"{host} is no public address.", _PATH)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, host, port or _PORTS[parts.scheme], path)


def is_public(address: str) -> bool:
    """Tell whether all the world may reach an IP address: none that is private, local, multicast, or hides another."""
    read = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(read, ipaddress.IPv6Address) and (read not in _GLOBAL_V6 or read.sixtofour or read.teredo):
        return False
    return read.is_global and not read.is_multicast


def _host(parts: SplitResult) -> str:
    """The name or the address, in small letters, without the dot of the root."""
    host = (parts.hostname or "").removesuffix(".")
    if _is_address(host):
        return host
    if not _NAME.fullmatch(host) or _NUMBER.fullmatch(host.rpartition(".")[2]):
        raise Invalid(f"{host!r} is neither a name nor an address in its usual form.", _PATH)
    return host


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return "%" not in host
