"""Finding products by words, the beginnings of words, and words with one typing error in them."""

import asyncio
from collections.abc import Callable

import msgspec

from reads.narrowing import Narrowing
from reads.reading import Reading
from reads.store import Span
from shop import views
from shop.views import Product

_MOST_WORDS = 12
_SHORTEST_BEGINNING = 3  # of a word before the last one: the last may still be on its way
_FIELDS = {"1": 60, "2": 40, "3": 10}  # what a word tells in the name; in vendor, tags and SKUs; in the description
_WHOLE, _BEGINNING, _NEAR = 10, 7, 5
_OWN_SKU = 1_000_000

Scores = dict[str, int]  # by product id


class Hits(msgspec.Struct, frozen=True):
    """What each word of a search is found in; and the product whose whole SKU the search is."""

    words: list[Scores]
    of_sku: str | None

    def with_all(self) -> Scores:
        """The products that have every word."""
        if not self.words:
            return {}
        every = set(self.words[0]).intersection(*self.words[1:])
        scores = {one: sum(word[one] for word in self.words) for one in every}
        if self.of_sku in scores:
            scores[self.of_sku] += _OWN_SKU
        return scores

    def with_most(self) -> Scores:
        """The products that have the most of the words, at least half of them."""
        counts: dict[str, int] = {}
        for word in self.words:
            for one in word:
                counts[one] = counts.get(one, 0) + 1
        most = max(counts.values(), default=0)
        if 2 * most < len(self.words):
            return {}
        return {one: sum(word.get(one, 0) for word in self.words) for one, count in counts.items() if count == most}


class Search:
    """One search among the products that a narrowing shows."""

    def __init__(self, narrowing: Narrowing, text: str) -> None:
        self._reading: Reading = narrowing.reading
        self._shows = narrowing.shows
        self._text = text.strip()
        self._words = views.words(text)[:_MOST_WORDS]

    async def as_written(self) -> Hits:
        """Find each word as it is, or as the beginning of another, in one round trip."""
        last = len(self._words) - 1
        asked = [
            self._beginning(word) if place == last or len(word) >= _SHORTEST_BEGINNING else self._whole(word)
            for place, word in enumerate(self._words)
        ]
        of_sku, found = await asyncio.gather(
            self._reading.lookup(Product, "sku", self._text.casefold()), asyncio.gather(*asked)
        )
        return Hits(list(found), of_sku)

    async def mistyped(self, hits: Hits) -> Scores:
        """Find the words with one typing error allowed in each, in one more round trip; else what has most of them."""
        near = await asyncio.gather(*(self._near(word) for word in self._words))
        both = [
            {one: max(exact.get(one, 0), close.get(one, 0)) for one in exact.keys() | close.keys()}
            for exact, close in zip(hits.words, near, strict=True)
        ]
        found = Hits(both, hits.of_sku)
        return found.with_all() or found.with_most()

    async def _whole(self, word: str) -> Scores:
        return await self._scores(_exactly(word), lambda _: _WHOLE)

    async def _beginning(self, word: str) -> Scores:
        return await self._scores(_beginning(views.WORDS, word), lambda found: _WHOLE if found == word else _BEGINNING)

    async def _near(self, word: str) -> Scores:
        """An error in the second half leaves the first as it was, and the other way round; or the two changed places."""
        if len(word) < views.LEAST_TOLERANT - 1:
            return {}
        half = len(word) // 2
        swapped = word[: half - 1] + word[half] + word[half - 1] + word[half + 1 :]

        def near(found: str) -> int:
            return _NEAR if len(found) >= views.LEAST_TOLERANT and one_edit_apart(word, found) else 0

        begins = self._scores(_beginning(views.WORDS, word[:half]), near)
        ends = self._scores(_beginning(views.ENDINGS, word[half:][::-1]), lambda found: near(found[::-1]))
        across = self._scores(_exactly(swapped), near)
        found: Scores = {}
        for scores in await asyncio.gather(begins, ends, across):
            found |= {one: score for one, score in scores.items() if score > found.get(one, 0)}
        return found

    async def _scores(self, span: Span, worth: Callable[[str], int]) -> Scores:
        """The products with a word that lies there, by the best place that it stands in; `worth` 0 leaves a word out."""
        found: Scores = {}
        for key, product_ids in (await self._reading.grouped(Product, [span])).items():
            word, rank, channels = views.word_of(key)
            if self._shows(channels) and (factor := worth(word)):
                score = factor * (_FIELDS[rank[0]] + (9 - int(rank[1]) if rank[0] == "1" else 0))
                found |= {one: score for one in product_ids if score > found.get(one, 0)}
        return found


def _exactly(word: str) -> Span:
    return Span(views.WORDS, *views.after_cut(views.whole_word(word)))


def _beginning(index: str, part: str) -> Span:
    return Span(index, part, part + "\U0010ffff")


def relevance_key(score: int) -> str:
    """The best comes first."""
    return views.number_key(-score)


def one_edit_apart(one: str, other: str) -> bool:
    """Whether a letter less, more, another or two changed places make one of the other."""
    if abs(len(one) - len(other)) > 1:
        return False
    while one and other and one[0] == other[0]:
        one, other = one[1:], other[1:]
    while one and other and one[-1] == other[-1]:
        one, other = one[:-1], other[:-1]
    if max(len(one), len(other)) <= 1:
        return True
    return len(one) == 2 and len(other) == 2 and one == other[::-1]
