"""The command bus: how one command becomes one committed transaction. What can be commanded stands in `writes.handlers`."""

import asyncio
import datetime as dt
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any

import msgspec
import sqlalchemy as sa

from shop import appending, clock, ids, log
from shop.position import Position
from writes import checkout, claims, keys, payments
from writes.asking import answer_of
from writes.handlers import HANDLERS
from writes.keys import Kept, Key
from writes.providers import Provider, open_ways
from writes.refusals import OutOfStock, Refused, StillInProgress
from writes.work import Done, Limits, Work
from writes.writer import Attempt, Committed, Writer

_TWIN_SECONDS = 10.0
_TWIN_STEP = 0.02


class Answer(msgspec.Struct, frozen=True):
    """What the write side knows when a command has ended: ids, where in the log, and why not if it was refused."""

    ids: Mapping[str, Any]
    position: Position | None
    replayed: bool
    refused: Refused | None


class _Sent(msgspec.Struct, frozen=True):
    """A command on its way, with the key that it is known by."""

    command: Any
    key: Key
    command_id: str
    actor: str
    correlation: str | None


class _Replay(msgspec.Struct, frozen=True):
    """An answer that was kept from an earlier call, with its place in the log."""

    kept: Kept
    position: int | None


class Bus:
    """Sends commands to their handlers, each in its own transaction, each at most once for its key."""

    def __init__(
        self,
        writer: Writer,
        *,
        providers: Mapping[str, Provider],
        committed: Callable[[int], Awaitable[None]],
        open_in: Mapping[str, Sequence[str]] | None = None,
        limits: Limits | None = None,
        now: clock.Clock = clock.utc_now,
    ) -> None:
        """`committed` is told the last position after each commit: the nudge that wakes the worker. It must not raise.

        `open_in`: the codes of the providers that are open in each channel; None opens all everywhere.
        """
        self._writer = writer
        self.providers = providers
        self._open_in = open_in
        self._committed = committed
        self._limits = limits or Limits()
        self._now = now

    def ways_to_pay(self, channel: str) -> Mapping[str, Provider]:
        """The providers that are open to the buyers of a channel, by code, in the order they are shown in."""
        return open_ways(self.providers, self._open_in, channel)

    async def send(
        self, command: msgspec.Struct, *, key: str | None = None, actor: str = "anonymous", correlation: str | None = None
    ) -> Answer:
        """Carry out a command and return its answer; a refusal is part of the answer, a bug is raised.

        The same `key` with the same input gives the first answer again, with `replayed` true.
        """
        command_id = ids.new("command")
        scope = f"{actor}:{type(command).__name__}"
        claim = Key(scope, key or command_id, keys.request_hash(command))
        sent = _Sent(command, claim, command_id, actor, correlation)
        try:
            return await self._until_settled(sent)
        except OutOfStock as short:
            overdue = short.overdue
            if not overdue:
                return Answer({}, None, False, short)
        except Refused as refused:
            return Answer({}, None, False, refused)
        return await self._again_without_overdue(sent, overdue)

    async def read(self, query: Callable[[sa.Connection], Any]) -> Any:
        """Run a query of the write side's own (which checkouts are overdue?) on the writer's connection."""
        return (await self._writer.run(lambda connection: Attempt((), query(connection)))).result

    async def keep(self, change: Callable[[sa.Connection], Any]) -> Any:
        """Make a change that no event tells, in a transaction of its own: what duties keep for themselves."""
        return (await self._writer.run(lambda connection: Attempt((), change(connection)))).result

    async def _again_without_overdue(self, sent: _Sent, overdue: list[str]) -> Answer:
        """End each checkout whose time is over, each in its own transaction, then try once more."""
        for checkout_id in overdue:
            await self.send(checkout.ExpireCheckout(checkout_id), actor="system")
        try:
            return await self._until_settled(sent)
        except Refused as refused:
            return Answer({}, None, False, refused)

    async def _until_settled(self, sent: _Sent) -> Answer:
        """Wait a bounded time for a twin that is between its transactions; then its answer is this one's too."""
        give_up = time.monotonic() + _TWIN_SECONDS
        while True:
            try:
                return await self._carry_out(sent)
            except StillInProgress:
                if time.monotonic() > give_up:
                    raise
                await asyncio.sleep(_TWIN_STEP)

    async def _carry_out(self, sent: _Sent) -> Answer:
        committed = await self._transact(lambda connection: self._first(connection, sent), sent.key)
        if isinstance(committed.result, _Replay):
            kept = committed.result.kept
            replayed = kept.command_id != sent.command_id  # our own answer: only the reply to the COMMIT was lost
            return Answer(kept.answer, _place(committed.epoch, committed.result.position), replayed, kept.refused)
        done: Done = committed.result
        answer, refused, place = dict(done.answer), done.refused, _place(committed.epoch, committed.position or done.seen)
        asked = deque(done.calls)
        while asked:
            call = asked.popleft()
            result = await answer_of(self.providers.get(call.provider), call, self._limits.provider_seconds)
            record = payments.RecordPaymentResult(call.order_id, call.payment_id, call.entry_id, result)
            settle = partial(self._next, sent=sent, record=record, so_far=answer, refused=refused, last=not asked)
            committed = await self._transact(settle, None)
            done = committed.result
            answer, refused = answer | dict(done.answer), refused or done.refused
            place = _place(committed.epoch, committed.position or done.seen) or place
            asked.extend(done.calls)
        return Answer(answer, place, False, refused)

    async def _transact(self, attempt: Callable[[sa.Connection], Attempt], twin: Key | None) -> Committed:
        committed = await self._writer.run(attempt, None if twin is None else (twin.scope, twin.key))
        if committed.position is not None:
            await self._committed(committed.position)
        return committed

    def _first(self, connection: sa.Connection, sent: _Sent) -> Attempt:
        """The transaction a command begins with: claim the key, decide, and keep the answer unless more follows."""
        now = self._now()
        kept = keys.claim(connection, sent.key, sent.command_id, clock.text(now))
        if kept is not None:
            place = log.positions_of(connection, [kept.command_id]).get(kept.command_id)
            return Attempt((), _Replay(kept, place))
        done = self._decide(connection, now, sent.command)
        if not done.calls:
            keys.keep(connection, sent.key, dict(done.answer), done.refused)
        self._claim(connection, now, sent, done, {})
        return self._drafted(connection, now, sent, done)

    def _next(
        self,
        connection: sa.Connection,
        *,
        sent: _Sent,
        record: Any,
        so_far: dict[str, Any],
        refused: Refused | None,
        last: bool,
    ) -> Attempt:
        """A later transaction of the same command: record what the provider did, and the answer with it if it is the last."""
        now = self._now()
        done = self._decide(connection, now, record)
        if last and not done.calls:
            keys.keep(connection, sent.key, so_far | dict(done.answer), refused or done.refused)
        self._claim(connection, now, sent, done, so_far)
        return self._drafted(connection, now, sent, done)

    def _claim(self, connection: sa.Connection, now: dt.datetime, sent: _Sent, done: Done, so_far: dict[str, Any]) -> None:
        """What a provider is asked next is ours until the deadline; then it is recovery's."""
        deadline = clock.text(now + dt.timedelta(seconds=self._limits.claim_seconds))
        claims.open_claims(connection, done.calls, sent.key, sent.command_id, deadline, so_far | dict(done.answer))

    def _decide(self, connection: sa.Connection, now: Any, command: Any) -> Done:
        return HANDLERS[type(command)](Work(connection, now, self._limits, self.providers, self._open_in), command)

    def _drafted(self, connection: sa.Connection, now: Any, sent: _Sent, done: Done) -> Attempt:
        drafts = appending.draft(
            connection,
            done.events,
            keyring=self._writer.keyring,
            at=now,
            actor=sent.actor,
            command_id=sent.command_id,
            correlation=sent.correlation,
        )
        return Attempt(drafts, done)


def _place(epoch: str, position: int | None) -> Position | None:
    return None if position is None else Position(epoch, position)
