"""Exchanges with Redis: what an operation asks for at about the same time goes there together, in one round trip."""

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from reads.store import Ask, Store
from shop.views import Document

T = TypeVar("T")
Place = tuple[type[Document], str, int]  # a document's view, id and generation

_QUIET_TURNS = 8  # of the event loop: as deep as reads wait for reads that were made already


class Exchanges:
    """The questions of one operation."""

    def __init__(self, store: Store, place: Callable[[type[Document], str], Place]) -> None:
        """`place` tells where a document is read, once the exchange begins."""
        self._store = store
        self._place = place
        self._wanted: dict[tuple[type[Document], str], asyncio.Future[Document | None]] = {}
        self._asks: list[tuple[Ask[Any], asyncio.Future[Any]]] = []
        self._is_called = False
        self._reads_indexes = False

    async def document(self, view: type[Document], document_id: str) -> Document | None:
        """Load one document, that nobody waits for yet. Raises what is wrong with it where it cannot be read."""
        self._call()
        document: asyncio.Future[Document | None] = asyncio.get_running_loop().create_future()
        self._wanted[(view, document_id)] = document
        return await document

    async def ask(self, ask: Ask[T]) -> T:
        """Put a question to the indexes."""
        self._reads_indexes = True
        self._call()
        answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._asks.append((ask, answer))
        return await answer

    def _call(self) -> None:
        """Go to Redis soon, with all that is asked for until then."""
        if not self._is_called:
            self._is_called = True
            asyncio.get_running_loop().call_soon(lambda: asyncio.ensure_future(self._load()))

    async def _load(self) -> None:
        """Where indexes are read too, wait until nothing more is asked for: who is woken by an answer asks some turns later."""
        asked = 0
        while self._reads_indexes and asked < (asked := len(self._wanted) + len(self._asks)):
            for _ in range(_QUIET_TURNS):
                await asyncio.sleep(0)
        (wanted, self._wanted), (asks, self._asks), self._is_called = (self._wanted, {}), (self._asks, []), False
        documents = self._store.documents([self._place(*name) for name in wanted])
        try:
            found, *answers = await self._store.answers([documents, *(ask for ask, _ in asks)])
        except Exception as error:  # noqa: BLE001 - whoever waits is told
            for future in (*wanted.values(), *(future for _, future in asks)):
                _settle(future, error)
            return
        for future, document in zip(wanted.values(), found, strict=True):
            _settle(future, document)
        for (_, future), answer in zip(asks, answers, strict=True):
            _settle(future, answer)


def _settle(future: asyncio.Future[Any], answer: Any) -> None:
    if future.done():  # nobody waits any more
        return
    if isinstance(answer, Exception):
        future.set_exception(answer)
    else:
        future.set_result(answer)
