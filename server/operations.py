"""What operators ask of views and of single documents, for the API and the command line. The workers do the work."""

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from redis.asyncio import Redis

from projections.all import BY_NAME
from projections.generations import Generations, NoSuchGenerationError
from shop.position import Position
from shop.tail import Tail
from shop.views import Generation, Keys, Parked, Wish, operation_key
from writes.refusals import Invalid, KeyReused, NotFound

_KEPT_SECONDS = 7 * 24 * 3600  # as long as the bus keeps the keys of commands
_PATIENCE = 1.0  # seconds that the API waits for the workers, so that its answer mostly shows what they did


class Operations:
    """What `schema.outside.Operations` asks for. Whatever is asked twice is done at least once, and does no harm."""

    def __init__(self, client: Redis, keys: Keys, tail: Tail) -> None:
        self.generations = Generations(client, keys)
        self._redis = client
        self._tail = tail

    async def rebuild(self, name: str, document_id: str | None, key: str | None) -> bool:
        _check_name(name, "name")

        async def work() -> None:
            if document_id is not None:
                await self.generations.granted([await self.refold(name, document_id)], _PATIENCE)
            else:
                await self.generations.rebuild((await self._tail.head())[0], [name])

        return await self._once(key, f"rebuild {name} {document_id}", work)

    async def roll_back(self, name: str, key: str | None) -> bool:
        _check_name(name, "name")

        async def work() -> None:
            try:
                await self.generations.roll_back([name])
            except NoSuchGenerationError as none:
                raise Invalid(str(none), ["name"]) from none

        return await self._once(key, f"rollback {name}", work)

    async def retry(self, view: str, document_id: str, key: str | None) -> bool:
        return await self._mended(view, document_id, key, skipping=False)

    async def skip(self, view: str, document_id: str, key: str | None) -> bool:
        return await self._mended(view, document_id, key, skipping=True)

    async def parked(self, view: str | None) -> Sequence[tuple[Position, Parked]]:
        """All documents that stand parked, oldest event first, each with the place of its event."""
        if view is not None:
            _check_name(view, "view")
        epoch, _ = await self._tail.head()
        every = await self.generations.parked()
        return [(Position(epoch, one.position), one) for one in every if view in {None, one.view}]

    async def refold(self, view: str, document_id: str) -> str:
        """Ask for a document to be folded anew from its first event; return the wish's id."""
        serving = await self.generations.serving(view, document_id)
        if serving is None:
            raise Invalid(f"{view} does not answer yet: it is being made.", ["name"])
        return await self._wish(serving, document_id, resume=False)

    async def mend(self, view: str, document_id: str, *, resume: bool, skipping: bool = False) -> list[str]:
        """Ask for a parked document to be folded on, or anew, in each generation that has it; return the wishes' ids."""
        stuck = [one for one in await self.generations.parked() if (one.view, one.document_id) == (view, document_id)]
        if not stuck:
            raise NotFound(f"{view} {document_id} does not stand parked.", ["subject"])
        return [
            await self._wish(
                Generation(view, one.generation), document_id, resume=resume, without=one.position if skipping else 0
            )
            for one in stuck
        ]

    async def _wish(self, of: Generation, document_id: str, *, resume: bool, without: int = 0) -> str:
        return await self.generations.wish(Wish(of.view, of.number, document_id, resume=resume, without=without))

    async def _mended(self, view: str, document_id: str, key: str | None, *, skipping: bool) -> bool:
        _check_name(view, "view")

        async def work() -> None:
            await self.generations.granted(await self.mend(view, document_id, resume=True, skipping=skipping), _PATIENCE)

        return await self._once(key, f"mend {view} {document_id} {skipping}", work)

    async def _once(self, key: str | None, request: str, work: Callable[[], Awaitable[None]]) -> bool:
        """Do it unless it was done under this key; tell whether it was. The key is kept after the work, so none is lost."""
        if not key:
            await work()
            return False
        name = operation_key(hashlib.sha256(key.encode()).hexdigest())
        kept: Any = await self._redis.get(name)
        if kept is not None and kept.decode() != request:
            raise KeyReused("This idempotency key was used with another input: make a new key.", ["idempotencyKey"])
        if kept is None:
            await work()
            await self._redis.set(name, request, ex=_KEPT_SECONDS)
        return kept is not None


def _check_name(view: str, field: str) -> None:
    if view not in BY_NAME:
        raise NotFound(f"There is no view {view!r}: name one of {', '.join(BY_NAME)}.", [field])
