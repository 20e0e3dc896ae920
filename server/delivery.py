"""The duty that delivers webhooks: follows the log for each, one process at a time, at least once, in order for each subject.

A receiver that fails is tried again and again, later each time, and never given up: until it takes the event its webhook
shows the error and lags. An event that fails holds back those of its own subject; others go on, up to a bound.
"""

import asyncio
import random
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import msgspec
import redis.exceptions
import structlog
from redis.asyncio import Redis

from server.lease import Lease
from server.nudges import Nudges
from server.posting import NotDeliveredError, Poster
from shop import log, views
from shop.position import Position
from shop.tail import LogUnavailableError, Tail
from shop.views import Delivered
from writes import deliveries
from writes.bus import Bus
from writes.deliveries import Hook
from writes.refusals import BusyError
from writes.signatures import HEADER, sign

_PAGE = 100  # events that are sent before it is kept that they were
_WINDOW = 1_000  # how far events of other subjects may be ahead of one that fails
_AT_ONCE = 8  # deliveries of a webhook under way
_LOOK_SECONDS = 1.0
_LONGEST_PAUSE = 3_600.0

logger = structlog.get_logger()


class Backoff:
    """When to try again: twice as long each time, at random, so that not all come back at once."""

    def __init__(self, shortest: float) -> None:
        self._shortest = shortest
        self._failures = 0
        self._due = float("-inf")

    def failed(self) -> None:
        self._failures += 1
        pause = min(self._shortest * 2 ** min(self._failures - 1, 30), _LONGEST_PAUSE)
        self._due = time.monotonic() + pause * random.uniform(0.5, 1)  # noqa: S311 - no secret

    @property
    def is_over(self) -> bool:
        return time.monotonic() >= self._due


class Line:
    """One webhook's deliveries in this process. `ahead` were sent, though an event before them was not."""

    def __init__(self, hook: Hook, shortest: float) -> None:
        self.hook = hook
        self.position = self.kept = hook.position
        self.error = hook.last_error
        self.ahead = set[int]()
        self.backoff = Backoff(shortest)
        self.stuck: dict[str, Backoff] = defaultdict(lambda: Backoff(shortest))
        self.task: asyncio.Task[None] | None = None

    def is_of(self, hook: Hook) -> bool:
        """Whether it still does what staff asked for."""
        mine = self.hook
        return (mine.url, mine.event_types, mine.active, mine.secret_number, mine.turn) == (
            hook.url,
            hook.event_types,
            hook.active,
            hook.secret_number,
            hook.turn,
        )

    def lanes(self, window: Sequence[log.Recorded]) -> list[list[log.Recorded]]:
        """What is to be sent now, by subject: not what was sent, nor what has to wait behind an event that failed."""
        lanes: dict[str, list[log.Recorded]] = {}
        for one in window:
            if one.position not in self.ahead:
                lanes.setdefault(one.stream, []).append(one)
        return [lane for subject, lane in lanes.items() if subject not in self.stuck or self.stuck[subject].is_over]

    def advance(self, window: Sequence[log.Recorded], end: int) -> None:
        """Stand before the first event that was not sent; at the end where all were."""
        left = [one.position for one in window if one.position not in self.ahead]
        self.position = left[0] - 1 if left else max(end, self.position)
        self.ahead = {position for position in self.ahead if position > self.position}


class Deliverer:
    """Sends what the log tells to whoever asked for it."""

    def __init__(
        self,
        bus: Bus,
        tail: Tail,
        client: Redis,
        nudges: Nudges,
        poster: Poster,
        secret: Callable[[str, int], str],
        *,
        lease_seconds: float = 30.0,
        first_pause: float = 1.0,
    ) -> None:
        """`secret` gives the one that signs a webhook's deliveries, by its id and number."""
        self._bus = bus
        self._tail = tail
        self._redis = client
        self._nudges = nudges
        self._poster = poster
        self._secret = secret
        self._first_pause = first_pause
        self._lease = Lease(bus, "webhooks", seconds=lease_seconds)
        self._lines: dict[str, Line] = {}

    async def run(self) -> None:
        """Deliver until canceled, whenever this process has the duty. Outages are waited out."""
        try:
            with self._nudges.heard() as moved:
                while True:
                    await self._look()
                    await moved.wait(_LOOK_SECONDS)
        finally:
            self._stop(set())
            with suppress(BusyError, OSError):
                await self._lease.release()

    async def _look(self) -> None:
        try:
            await self._pass()
        except (BusyError, LogUnavailableError, redis.exceptions.RedisError, OSError) as outage:
            logger.info("webhooks_wait", reason=str(outage))
        except Exception:  # a duty that ends is a duty that nobody does
            logger.exception("webhooks_failed")

    async def _pass(self) -> None:
        """See which webhooks there are, let each of them that has work do it, and show how far they are."""
        if not await self._lease.holds():
            self._stop(set())
            return
        hooks = await self._tail.run(deliveries.hooks)
        _, head = await self._tail.head()
        self._stop({hook.id for hook in hooks if hook.id in self._lines and self._lines[hook.id].is_of(hook)})
        for hook in hooks:
            line = self._lines.setdefault(hook.id, Line(hook, self._first_pause))
            if hook.active and line.task is None and line.position < head and line.backoff.is_over:
                line.task = asyncio.create_task(self._deliver(line))
                line.task.add_done_callback(partial(_ended, line))
        await self._show()

    def _stop(self, kept: set[str]) -> None:
        """Let go of all lines but those: they begin anew where the database says, if they are to."""
        for hook_id in self._lines.keys() - kept:
            task = self._lines.pop(hook_id).task
            if task is not None:
                task.cancel()

    async def _show(self) -> None:
        """Put beside the views how far each webhook is; what is there already is left alone."""
        told: dict[Any, Any] = {
            hook_id.encode(): msgspec.json.encode(Delivered(line.hook.turn, line.position, line.error))
            for hook_id, line in self._lines.items()
        }
        if await self._redis.hgetall(views.DELIVERIES) != told:
            async with self._redis.pipeline(transaction=True) as pipeline:
                pipeline.delete(views.DELIVERIES)
                if told:
                    pipeline.hset(views.DELIVERIES, mapping=told)
                await pipeline.execute()

    async def _deliver(self, line: Line) -> None:
        """Send page after page, until there is no more or nothing of it can be sent now."""
        while line.backoff.is_over:
            epoch, head = await self._tail.head()
            limit = min(_PAGE + len(line.ahead), _WINDOW)
            window = await self._tail.run(log.matching, line.position, limit, line.hook.event_types, None, head)
            sent, problem = await self._send(line, epoch, window)
            line.advance(window, head if len(window) < limit else window[-1].position)
            if not await self._keep(line, sent=sent, problem=problem) or not sent:
                return

    async def _send(self, line: Line, epoch: str, window: Sequence[log.Recorded]) -> tuple[bool, str | None]:
        """Send each subject's events in their order; tell whether any was taken, and what went wrong."""
        room, before, problems = asyncio.Semaphore(_AT_ONCE), len(line.ahead), list[str]()

        async def send(lane: list[log.Recorded]) -> None:
            for one in lane:
                async with room:
                    if len(problems) >= _AT_ONCE or not self._lease.lasts(self._poster.seconds):
                        return
                    try:
                        await self._post(line.hook, epoch, one)
                    except NotDeliveredError as problem:
                        problems.append(f"{one.type} at {Position(epoch, one.position)}: {problem}")
                        line.stuck[one.stream].failed()
                        return
                line.ahead.add(one.position)
                line.stuck.pop(one.stream, None)

        await asyncio.gather(*map(send, line.lanes(window)))
        sent = len(line.ahead) > before
        if problems and not sent:
            line.backoff.failed()
        elif sent:
            line.backoff = Backoff(self._first_pause)
        return sent, problems[-1] if problems else None

    async def _post(self, hook: Hook, epoch: str, one: log.Recorded) -> None:
        body = payload(epoch, one)
        headers = {
            "tradewind-webhook-id": hook.id,
            "tradewind-event-id": one.id,
            HEADER: sign(self._secret(hook.id, hook.secret_number), body, int(time.time())),
        }
        await self._poster.post(hook.url, headers, body)

    async def _keep(self, line: Line, *, sent: bool, problem: str | None) -> bool:
        """Keep how far it is, and what holds it up; False where staff changed it meanwhile."""
        error = problem or (line.error if line.stuck else None)
        if not sent and error == line.error and line.position < line.kept + _WINDOW:
            return True  # nothing but events that are not for it: to go over them again costs little
        hook, line.error, line.kept = line.hook, error, line.position
        kept = partial(deliveries.delivered, hook_id=hook.id, turn=hook.turn, position=line.position, error=error)
        return bool(await self._bus.keep(kept))


def payload(epoch: str, one: log.Recorded) -> bytes:
    """The body that is sent: the event as `eventAppended` tells it."""
    told: Mapping[str, object] = {
        "id": one.id,
        "type": one.type,
        "position": str(Position(epoch, one.position)),
        "at": one.at,
        "subject": one.stream,
        "actor": one.actor,
        "data": one.event,
    }
    return msgspec.json.encode(told)


def _ended(line: Line, task: "asyncio.Task[None]") -> None:
    line.task = None
    if not task.cancelled() and (fault := task.exception()) is not None:
        line.backoff.failed()
        logger.error("webhook_failed", webhook=line.hook.id, exc_info=fault)
