"""Beginning, taking back and cleaning up generations of views, in every segment: what operators and workers ask for."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from redis.asyncio import Redis

from projections.all import BY_NAME
from shop import ids, views
from shop.views import Generation, Keys, Parked, Wish

VERSIONS: Mapping[str, int] = {view: projection.view.fold_version for view, projection in BY_NAME.items()}
_HERE = Path(__file__).parent
_DELETED_AT_ONCE = 500
_LOOK_AGAIN_SECONDS = 0.05


class NoSuchGenerationError(Exception):
    """There is nothing to go back to."""


class Generations:
    """The generations of all views. Each change is told to the workers, who do the work."""

    def __init__(self, redis: Redis, keys: Keys) -> None:
        self._redis = redis
        self._keys = keys
        self._begin = redis.register_script((_HERE / "begin.lua").read_text())

    async def begin(self, segment: int, epoch: str, names: Sequence[str], *, anew: bool = False) -> list[Generation]:
        """See to it that views are made of this log by folds no older than ours; `anew` makes even those that are."""
        keys = [key(segment) for key in (self._keys.goals, self._keys.serving, self._keys.checkpoints, self._keys.folds)]
        args = [epoch, int(anew), *(part for name in names for part in (name, VERSIONS[name]))]
        begun: Any = await self._begin(keys=keys, args=args)
        return [views.generation(name.decode()) for name in begun]

    async def rebuild(self, epoch: str, names: Sequence[str]) -> list[Generation]:
        """Begin the next generation of views in every segment; those that are being made already are left alone."""
        begun = await asyncio.gather(*(self.begin(segment, epoch, names, anew=True) for segment in self._segments))
        await self._tell("rebuild")
        return sorted({one for some in begun for one in some})

    async def roll_back(self, names: Sequence[str]) -> list[Generation]:
        """Give up the next generation of views where one is being made; else go back to the one that answered before.

        That one is caught up before it answers. Raises NoSuchGenerationError where there is none that our folds can move.
        """
        wanted = [(segment, name, await self._before(segment, name)) for segment in self._segments for name in names]
        for segment, name, one in wanted:
            await self._redis.hset(self._keys.goals(segment), name, str(one.number))
        await self._tell("rollback")
        return sorted({one for *_, one in wanted})

    async def clean(self, names: Sequence[str]) -> list[Generation]:
        """Remove all generations that neither answer nor are being made."""
        gone = [await self._forgotten(segment, names) for segment in self._segments]
        for segment, generations in zip(self._segments, gone, strict=True):
            for one in generations:
                await self._delete(segment, one)
        return sorted({one for some in gone for one in some})

    async def wish(self, wish: Wish, segment: int | None = None) -> str:
        """Ask the worker that holds a document to fold it again; return the wish's id.

        `segment` is where wrong entries stand, if that is not the document's own.
        """
        segment, wish_id = self._keys.segment(wish.document_id) if segment is None else segment, ids.uuid7()
        await self._redis.hset(self._keys.wishes(segment), wish_id, msgspec.json.encode(wish))
        await self._tell("wish")
        return wish_id

    async def granted(self, wish_ids: Sequence[str], seconds: float) -> bool:
        """Wait until workers have granted wishes; False where they have not within the time."""
        give_up = asyncio.get_running_loop().time() + seconds
        while any([await self._is_wished(wish_id) for wish_id in wish_ids]):
            if asyncio.get_running_loop().time() > give_up:
                return False
            await asyncio.sleep(_LOOK_AGAIN_SECONDS)
        return True

    async def _is_wished(self, wish_id: str) -> bool:
        return any([await self._redis.hexists(self._keys.wishes(segment), wish_id) for segment in self._segments])

    async def parked(self) -> list[Parked]:
        """All documents that stand parked, oldest event first."""
        found = [await self._redis.hvals(self._keys.parked(segment)) for segment in self._segments]
        every = [msgspec.json.decode(value, type=Parked) for some in found for value in some]
        return sorted(every, key=lambda one: (one.position, one.view, one.document_id))

    async def serving(self, view: str, document_id: str) -> Generation | None:
        """The generation that answers for a document."""
        number: Any = await self._redis.hget(self._keys.serving(self._keys.segment(document_id)), view)
        return None if number is None else Generation(view, int(number))

    @property
    def _segments(self) -> range:
        return range(self._keys.segments)

    async def _tell(self, what: str) -> None:
        await self._redis.publish(views.NUDGE, what)

    async def _before(self, segment: int, view: str) -> Generation:
        serving: Any = await self._redis.hget(self._keys.serving(segment), view)
        goal: Any = await self._redis.hget(self._keys.goals(segment), view)
        previous: Any = await self._redis.hget(self._keys.previous(segment), view)
        number = previous if serving == goal else serving
        if number is None:
            raise NoSuchGenerationError(f"No generation of {view} answered before the present one.")
        one = Generation(view, int(number))
        fold: Any = await self._redis.hget(self._keys.folds(segment), str(one))
        if fold is None or int(fold) != VERSIONS[view]:
            made = "" if fold is None else fold.decode()
            raise NoSuchGenerationError(f"{one} was made by fold version {made}, and this program carries {VERSIONS[view]}.")
        return one

    async def _forgotten(self, segment: int, names: Sequence[str]) -> list[Generation]:
        """Take the generations that nobody needs out of all lists: from now on they cannot come back."""
        keys, kept = self._keys, set[Generation]()
        for key in (keys.serving(segment), keys.goals(segment)):
            found: Any = await self._redis.hgetall(key)
            kept |= {Generation(view.decode(), int(number)) for view, number in found.items()}
        named: Any = await self._redis.hkeys(keys.checkpoints(segment))
        gone = {views.generation(name.decode()) for name in named} - kept
        gone = {one for one in gone if one.view in names}
        for one in gone:
            for key in (keys.checkpoints(segment), keys.folds(segment), keys.leases(segment)):
                await self._redis.hdel(key, str(one))
            previous: Any = await self._redis.hget(keys.previous(segment), one.view)
            if previous is not None and int(previous) == one.number:
                await self._redis.hdel(keys.previous(segment), one.view)
        fields: Any = await self._redis.hkeys(keys.parked(segment))
        stuck = [field for field in fields if views.generation(field.decode().partition(":")[0]) in gone]
        if stuck:
            await self._redis.hdel(keys.parked(segment), *stuck)
        return sorted(gone)

    async def _delete(self, segment: int, one: Generation) -> None:
        tag, some = f"{{tw{segment}}}:{one}", list[bytes]()
        for pattern in (f"{tag}:*", f"{tag}/*"):
            async for key in self._redis.scan_iter(match=pattern, count=1000):
                some.append(key)
                if len(some) >= _DELETED_AT_ONCE:
                    await self._redis.unlink(*some)
                    some.clear()
        if some:
            await self._redis.unlink(*some)
