"""What resolvers are given: the way to write, the way to read, and what the request said beside its operation."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import strawberry

from reads.reading import Reading, Views
from reads.status import Status
from schema.faults import fault
from schema.outside import EventLog, Operations, Targets
from schema.proofs import Caller, Proofs
from writes.bus import Bus
from writes.work import Limits


@dataclass(kw_only=True)
class Context:
    """What one operation has. A transport may make one for a connection: each operation begins with its own copy.

    `idempotency_key` and `at_least_header` are what the headers Idempotency-Key and Tradewind-At-Least say;
    `connection_params` is what a WebSocket's connection_init does. `proven` are the ids that this operation's tokens proved.
    """

    bus: Bus
    views: Views
    status: Status
    proofs: Proofs
    caller: Caller = field(default_factory=Caller)
    connection_params: Mapping[str, object] = field(default_factory=dict)
    events: EventLog
    operations: Operations
    targets: Targets
    limits: Limits = field(default_factory=Limits)
    idempotency_key: str | None = None
    at_least_header: Sequence[str] = ()
    proven: set[str] = field(default_factory=set, init=False)
    _opening: asyncio.Future[Reading] | None = field(default=None, init=False)

    def of_new_operation(self) -> "Context":
        """The same, with nothing read yet."""
        return replace(self)

    async def opened(self) -> Reading:
        """Return the operation's reading; the first to ask opens it, all others get the same."""
        if self._opening is None:
            self._opening = asyncio.ensure_future(self.views.reading())
        return await self._opening

    async def reopened(self) -> Reading:
        """Begin a new reading: what a subscription does for each message."""
        self._opening = None
        return await self.opened()

    @property
    def is_open(self) -> bool:
        return self._opening is not None and self._opening.done() and self._opening.exception() is None

    @property
    def reading(self) -> Reading:
        """The reading that was opened before the fields were resolved."""
        if self._opening is None:
            raise RuntimeError("A field was read before its operation's reading was opened.")
        return self._opening.result()

    @property
    def customer_id(self) -> str:
        """The customer who asks; anyone else is told to sign in."""
        if self.caller.customer_id is None:
            raise fault("UNAUTHENTICATED", "Only a customer may do this: sign in first.")
        return self.caller.customer_id

    def check_staff(self) -> None:
        """Refuse whoever is not staff."""
        if not self.caller.staff:
            code = "UNAUTHENTICATED" if self.caller.is_guest else "FORBIDDEN"
            raise fault(code, "Only staff may do this.")

    def is_buyer_of(self, order_id: str) -> bool:
        """Whether the caller reads an order as its buyer: a customer, or a guest who proved it. Others read as staff."""
        return not self.caller.staff and (self.caller.customer_id is not None or order_id in self.proven)

    def cart_token(self, given: str | None) -> str | None:
        """The token of a cart that the caller shows: the argument, else a guest's header."""
        return given or (self.caller.cart_token if self.caller.is_guest else None)

    def order_token(self, given: str | None) -> str | None:
        return given or (self.caller.order_token if self.caller.is_guest else None)

    def shows(self, wanted: str, token: str | None) -> bool:
        """Whether a cart or an order is shown: a token must be its own. Who shows none is let in until there are rights."""
        if token is None:
            return True
        if self.proofs.proven(token) != wanted:
            return False
        self.proven.add(wanted)
        return True


Info = strawberry.Info[Context, None]
