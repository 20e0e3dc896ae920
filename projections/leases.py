"""Who works on what: the segments are shared fairly among the workers that live, each leased with a number that fences it."""

import asyncio
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
from redis.asyncio import Redis

from projections.generations import VERSIONS, Generations
from projections.store import Unit
from shop import ids, views
from shop.views import Checkpoint, Generation, Keys, Parked, Wish

_SCRIPT = Path(__file__).with_name("lease.lua").read_text()


class Holding(msgspec.Struct):
    """What a worker holds of a segment: units that answer, units that are being made, and what is known of others.

    `serving` is each view's generation that answers, whoever moves it, with its checkpoint at the time of looking.
    """

    segment: int
    present: dict[str, Unit]
    coming: dict[str, Unit]
    serving: dict[str, Unit]
    parked: dict[str, Parked]
    wishes: dict[str, Wish]


class Leases:
    """The leases of one worker. `name` is its own; a process of the same name takes over from an earlier one at once."""

    def __init__(self, redis: Redis, keys: Keys, name: str, seconds: float) -> None:
        self._redis = redis
        self._keys = keys
        self._ms = int(seconds * 1000)
        self._name = name
        self._owner = f"{name}#{ids.uuid7()}"
        self._carries = f"{zlib.crc32(msgspec.json.encode(VERSIONS)):08x}"
        self._generations = Generations(redis, keys)
        self._lease = redis.register_script(_SCRIPT)
        self._mine: set[int] = set()

    async def hold(self, epoch: str) -> dict[int, Holding]:
        """Renew what is held, take what is free, and give back what others should have; return what is held now.

        Views that nobody has begun for this log, or that an older fold made, are begun.
        """
        share = await self._share()
        looks = await asyncio.gather(*(self._look(segment, epoch) for segment in range(self._keys.segments)))
        held: dict[int, Holding] = {}
        for look in sorted(looks, key=lambda look: look.segment not in self._mine):
            fences: dict[str, str] = {}
            if len(held) < share:
                fences = await self._ask(look, "take")
            elif look.segment in self._mine:
                await self._ask(look, "drop")
            if fences:
                held[look.segment] = look.holding(fences)
        self._mine = set(held)
        return held

    async def release(self) -> None:
        """Give everything back, and tell the others: they take it over at once."""
        for segment in self._mine:
            await self._lease(keys=[self._keys.leases(segment)], args=[self._owner, 0, "drop", *await self._leased(segment)])
        self._mine = set()
        await self._redis.zrem(views.WORKERS, self._member)
        await self._redis.publish(views.NUDGE, "leases")

    @property
    def _member(self) -> str:
        """By name: a process and the one that it takes over from are one worker."""
        return f"{self._carries} {self._name}"

    async def _share(self) -> int:
        """How many segments are fair, among the workers that carry the same folds."""
        seconds, micros = await self._redis.time()
        now = seconds * 1000 + micros // 1000
        pipeline = self._redis.pipeline(transaction=False)
        pipeline.zremrangebyscore(views.WORKERS, "-inf", now)
        pipeline.zadd(views.WORKERS, {self._member: now + self._ms})
        pipeline.zrange(views.WORKERS, 0, -1)
        pipeline.hsetnx(views.LAYOUT, "segments", self._keys.segments)  # it goes where Redis is emptied
        *_, members, _ = await pipeline.execute()
        alike = sum(1 for member in members if member.startswith(self._carries.encode()))
        return -(-self._keys.segments // alike)

    async def _look(self, segment: int, epoch: str) -> "Look":
        await self._generations.begin(segment, epoch, list(VERSIONS))
        pipeline = self._redis.pipeline(transaction=False)
        for key in (self._keys.goals, self._keys.serving, self._keys.checkpoints, self._keys.folds, self._keys.writing):
            pipeline.hgetall(key(segment))
        pipeline.hvals(self._keys.parked(segment))
        pipeline.hgetall(self._keys.wishes(segment))
        *hashes, parked, wishes = await pipeline.execute()
        goals, serving, checkpoints, folds, writing = (_decoded(one) for one in hashes)
        stuck = [msgspec.json.decode(value, type=Parked) for value in parked]
        wished = {wish_id.decode(): msgspec.json.decode(value, type=Wish) for wish_id, value in wishes.items()}
        return Look(segment, epoch, goals, serving, checkpoints, folds, writing, {one.field: one for one in stuck}, wished)

    async def _ask(self, look: "Look", mode: str) -> dict[str, str]:
        args: list[str | int] = [self._owner, self._ms, mode, *(str(generation) for generation in look.carried())]
        held: Any = await self._lease(keys=[self._keys.leases(look.segment)], args=args)
        return {name.decode(): fence.decode() for name, fence in zip(held[::2], held[1::2], strict=True)}

    async def _leased(self, segment: int) -> list[str]:
        names: Any = await self._redis.hkeys(self._keys.leases(segment))
        return [name.decode() for name in names]


class Look(msgspec.Struct, frozen=True):
    """All that Redis says of a segment's generations."""

    segment: int
    epoch: str
    goals: Mapping[str, str]
    serving: Mapping[str, str]
    checkpoints: Mapping[str, str]
    folds: Mapping[str, str]
    writing: Mapping[str, str]
    parked: dict[str, Parked]
    wishes: dict[str, Wish]

    def carried(self) -> list[Generation]:
        """The generations to be moved: of the log as it is now, by a fold that this worker carries."""
        wanted = {*_named(self.serving), *_named(self.goals)}
        return sorted(one for one in wanted if self._is_carried(one) and self._at(one).epoch == self.epoch)

    def holding(self, fences: Mapping[str, str]) -> Holding:
        serving = {one.view: self._unit(one, fences) for one in _named(self.serving)}
        goals = [self._unit(one, fences) for one in _named(self.goals)]
        present = {view: unit for view, unit in serving.items() if unit.fence}
        coming = {unit.generation.view: unit for unit in goals if unit.fence and unit.generation not in _named(self.serving)}
        return Holding(self.segment, present, coming, serving, self.parked, self.wishes)

    def _unit(self, one: Generation, fences: Mapping[str, str]) -> Unit:
        return Unit(one, fences.get(str(one), ""), self._at(one), int(self.writing.get(str(one), "0")))

    def _is_carried(self, one: Generation) -> bool:
        return self.folds.get(str(one)) == str(VERSIONS.get(one.view))

    def _at(self, one: Generation) -> Checkpoint:
        return views.checkpoint(self.checkpoints[str(one)])


def _named(of: Mapping[str, str]) -> list[Generation]:
    return [Generation(view, int(number)) for view, number in of.items()]


def _decoded(found: Mapping[bytes, bytes]) -> dict[str, str]:
    return {name.decode(): value.decode() for name, value in found.items()}
