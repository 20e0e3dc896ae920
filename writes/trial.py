"""The `test` provider: moves no money, remembers what it did, and behaves as its token says.

What it remembers are mappings that are given to it: where they outlive the process, it is a bank that outlives a crash.
"""

import asyncio
import datetime as dt
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from typing import Annotated, Literal

import msgspec

from shop.events import PaymentAction
from writes import signatures
from writes.providers import ChargedBack, ProviderCall, ProviderResult, Settled, Told
from writes.signatures import BadWebhookError

_TOKENS = frozenset({"approve", "decline", "action", "timeout", "late", "twice"})
_DECIDED = {"decline": False, "action": None}  # all other tokens are approved, sooner or later
_PAGE = "https://example.com/pay"


class Deed(msgspec.Struct, frozen=True):
    """What became of one entry; `told_from` (seconds since 1970) is when the provider says so."""

    kind: str
    amount: int
    succeeded: bool | None
    told_from: float
    return_url: str | None = None


class Message(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """The body of a webhook. `amount` in smallest units, for a chargeback."""

    entry_id: str
    outcome: Literal["SUCCESS", "FAILURE", "CHARGEBACK"]
    reference: str | None = None
    decline_code: str | None = None
    message: str | None = None
    amount: Annotated[int, msgspec.Meta(ge=0, le=10**15)] = 0


class Test:
    """`approve` and `decline` at once; `action` asks the buyer for a step; `timeout` acts and never answers.

    `late` answers by webhook after a while; `twice` answers at once, and twice more by webhook.
    """

    __test__ = False  # pytest need not look for tests in it
    name = "Test card"
    data = None
    by_hand = False
    ship_before_payment = False

    def __init__(
        self,
        memory: MutableMapping[str, bytes] | None = None,
        outbox: MutableMapping[str, bytes] | None = None,
        *,
        secret: str = "test",  # noqa: S107 - who knows it can pay with `approve` as well
        late_seconds: float = 2.0,
        now: Callable[[], float] = time.time,
    ) -> None:
        """`memory` keeps deeds by entry, `outbox` webhooks yet to be sent; `secret` signs those."""
        self._memory: MutableMapping[str, bytes] = {} if memory is None else memory
        self._outbox: MutableMapping[str, bytes] = {} if outbox is None else outbox
        self._secret = secret
        self._late_seconds = late_seconds
        self._now = now

    def accepts(self, token: str | None) -> bool:
        return token in _TOKENS

    async def perform(self, call: ProviderCall) -> ProviderResult:
        deed = self._deed(call.entry_id) or self._done(call)
        if call.token == "timeout":  # noqa: S105 - not that kind of token
            await asyncio.Event().wait()
        return self._said(call, deed)

    async def resume(self, call: ProviderCall) -> ProviderResult:
        """The buyer is back: `{"approved": false}` declines, anything else approves."""
        deed = self._deed(call.entry_id)
        if deed is not None and deed.succeeded is None:
            refused = isinstance(call.data, Mapping) and call.data.get("approved") is False
            deed = msgspec.structs.replace(deed, succeeded=not refused)
            self._keep(call.entry_id, deed)
        return ProviderResult(succeeded=None) if deed is None else self._said(call, deed)

    async def ask(self, call: ProviderCall) -> ProviderResult | None:
        deed = self._deed(call.entry_id)
        return None if deed is None else self._said(call, deed)

    def read_webhook(self, headers: Mapping[str, str], body: bytes, now: dt.datetime) -> Sequence[Told]:
        signatures.check(self._secret, headers.get(signatures.HEADER), body, now.timestamp())
        try:
            message = msgspec.json.decode(body, type=Message)
        except (msgspec.DecodeError, UnicodeDecodeError) as wrong:
            raise BadWebhookError(f"The body is not what this provider sends: {wrong}.") from None
        if message.outcome == "CHARGEBACK":
            if message.reference is None or message.amount <= 0:
                raise BadWebhookError("A chargeback has a reference, and an amount above zero.")
            return [ChargedBack(message.entry_id, message.reference, message.amount, message.message)]
        reference = message.reference or _reference(message.entry_id)
        succeeded = message.outcome == "SUCCESS"
        told = ProviderResult(succeeded, reference if succeeded else None, message.decline_code, message.message)
        return [Settled(message.entry_id, told)]

    async def deliver(self, receive: Callable[[Mapping[str, str], bytes], Awaitable[None]]) -> None:
        """Send each webhook that is due, as often as it takes: one that was sent is forgotten only then."""
        for name, message in sorted(self._outbox.items()):
            due, _, body = message.partition(b" ")
            if float(due) <= self._now():
                at = int(self._now())
                await receive({signatures.HEADER: signatures.sign(self._secret, body, at)}, body)
                self._outbox.pop(name, None)

    def _done(self, call: ProviderCall) -> Deed:
        """Act. What the buyer is told later is in the memory before it is answered."""
        told_from = self._now() + (self._late_seconds if call.token == "late" else 0)  # noqa: S105
        succeeded = _DECIDED.get(call.token or "", True)
        deed = Deed(call.kind, call.amount, succeeded, told_from, call.return_url)
        self._keep(call.entry_id, deed)
        body = msgspec.json.encode(Message(call.entry_id, "SUCCESS"))
        for number in range({"late": 1, "twice": 2}.get(call.token or "", 0)):
            self._outbox[f"{call.entry_id}-{number}"] = b"%f %b" % (told_from, body)
        return deed

    def _said(self, call: ProviderCall, deed: Deed) -> ProviderResult:
        if deed.succeeded is None:
            page = f"{_PAGE}/{call.payment_id}"
            return ProviderResult(succeeded=None, action=PaymentAction("REDIRECT", page, {"returnUrl": deed.return_url}))
        if deed.told_from > self._now():
            return ProviderResult(succeeded=None)
        if not deed.succeeded:
            return ProviderResult(succeeded=False, decline_code="card_declined", message="The card was declined.")
        return ProviderResult(succeeded=True, reference=_reference(call.entry_id))

    def _deed(self, entry_id: str) -> Deed | None:
        kept = self._memory.get(entry_id)
        return None if kept is None else msgspec.json.decode(kept, type=Deed)

    def _keep(self, entry_id: str, deed: Deed) -> None:
        self._memory[entry_id] = msgspec.json.encode(deed)


def _reference(entry_id: str) -> str:
    return f"test_{entry_id}"
