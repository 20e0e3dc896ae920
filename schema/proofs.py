"""Secrets made of the server's key: those that prove a cart or an order, and those that sign webhooks. None is stored."""

import base64
import hmac
from dataclasses import dataclass


class Proofs:
    """Makes tokens and reads them back: an id and, after a dot, the HMAC-SHA256 of it under the server's key."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def token(self, of: str) -> str:
        """The secret of a cart or an order, by its id; the same each time."""
        mac = base64.urlsafe_b64encode(hmac.digest(self._key, of.encode(), "sha256"))
        return f"{of}.{mac.decode().rstrip('=')}"

    def webhook_secret(self, webhook_id: str, number: int) -> str:
        """What signs a webhook's deliveries. It is no token: it proves nothing to us."""
        mac = base64.urlsafe_b64encode(hmac.digest(self._key, f"webhook {webhook_id} {number}".encode(), "sha256"))
        return f"whsec_{mac.decode().rstrip('=')}"

    def proven(self, token: str | None) -> str | None:
        """The id that a token proves; None for one that we did not make."""
        of = (token or "").partition(".")[0]
        return of if token and hmac.compare_digest(self.token(of).encode(), token.encode()) else None


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Who asks: a customer, staff, or a guest with what proves a cart and an order. The transport fills it in."""

    customer_id: str | None = None
    staff: bool = False
    cart_token: str | None = None
    order_token: str | None = None

    @property
    def actor(self) -> str:
        """The name that events and idempotency keys know the caller by."""
        return "staff" if self.staff else self.customer_id or "anonymous"

    @property
    def is_guest(self) -> bool:
        return self.customer_id is None and not self.staff
