"""Signatures of webhooks: who sent a body, and when. `t=<seconds since 1970>,v1=<hex>`, HMAC-SHA256 of `<t>.<body>`."""

import hashlib
import hmac

HEADER = "tradewind-signature"
OLDEST_SECONDS = 300


class BadWebhookError(Exception):
    """What came is not, or cannot be shown to be, what the provider sends. Nothing of it was believed."""


def sign(secret: str, body: bytes, at: int) -> str:
    """Return the header's value for a body that is sent `at` seconds since 1970."""
    return f"t={at},v1={_mac(secret, body, str(at))}"


def check(secret: str, signature: str | None, body: bytes, now: float) -> None:
    """Raise BadWebhookError unless the body was signed with the secret within five minutes of `now` (seconds since 1970)."""
    fields = dict(part.partition("=")[::2] for part in (signature or "").split(","))
    at, given = fields.get("t", ""), fields.get("v1", "")
    if not hmac.compare_digest(_mac(secret, body, at).encode(), given.encode()):
        raise BadWebhookError("The signature is not that of this body and secret.")
    if not at.isdecimal() or abs(now - int(at)) > OLDEST_SECONDS:
        raise BadWebhookError("The timestamp is more than five minutes off: sign again with the time of sending.")


def _mac(secret: str, body: bytes, at: str) -> str:
    return hmac.new(secret.encode(), at.encode() + b"." + body, hashlib.sha256).hexdigest()
