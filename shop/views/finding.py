"""What a product is found by: the values it is filtered and counted by, and the words it is searched by.

Pure functions of the staff's document and of texts. The worker files what they say, readers ask for it in the same form.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache

from shop.money import units
from shop.views.catalog import Product

FACETS = "facets"  # members `kind 0x1f key 0x1f value 0x1f channels NUL id`
WORDS = "words"  # members `word 0x1f rank 0x1f channels NUL id`: a range finds all words that begin alike
ENDINGS = "endings"  # the same with words written backwards: a range finds all words that end alike
LEAST_TOLERANT = 5  # letters that a word has at least to be found with a typing error in it

_CUT = "\x1f"
_MOST_WORDS = 60  # of a description: enough to be found by, and a bound to what a product costs
_LONGEST_WORD = 40
_WORD = re.compile(r"[^\W_]+")
_MARKUP = re.compile(r"<[^>]*>")
_LETTERS = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "\N{LATIN SMALL LETTER DOTLESS I}": "i"}
    | dict.fromkeys(("'", "\N{RIGHT SINGLE QUOTATION MARK}"), "")
)


def facet_prefix(kind: str, key: str, value: str) -> str:
    """What the entries of all products begin with that have a value."""
    return _CUT.join([kind, *(part.replace(_CUT, " ") for part in (key, value)), ""])


def of_kind(kind: str) -> tuple[str, str]:
    """Between what the entries of all values of a kind lie."""
    return after_cut(kind + _CUT)


def after_cut(prefix: str) -> tuple[str, str]:
    """Between what all entries lie that begin with a prefix that ends where a part ends."""
    return prefix, prefix[:-1] + " "  # the cut is the last character before the blank


def facet_entry(kind: str, key: str, value: str, channels: Iterable[str]) -> str:
    return facet_prefix(kind, key, value) + _told(channels)


def facet_of(sort_key: str) -> tuple[str, str, str, str]:
    """Kind, key, value and channels of an entry; `,code,` stands in the channels that sell the product."""
    kind, key, value, channels = sort_key.split(_CUT)
    return kind, key, value, channels


def facet_values(document: Product) -> Iterator[tuple[str, str, str]]:
    """Kind, key and value of all that a product is filtered or counted by. What its variants offer is an attribute too."""
    sold = [one for one in document.variants if not one.discontinued]
    yield "STATUS", "", document.status
    yield "IN_STOCK", "", truth(value=document.in_stock)
    if document.vendor:
        yield "VENDOR", "", document.vendor
    for tag in document.tags:
        yield "TAG", "", tag
    for category_id in document.category_ids:
        yield "CATEGORY", "", category_id
    for collection_id in document.places:
        yield "COLLECTION", "", collection_id
    for attribute in (*document.attributes, *(option for one in sold for option in one.option_values)):
        yield "ATTRIBUTE", attribute.key, attribute.value
    for price in (price for one in sold for price in one.prices):
        if price.compare_at is not None and units(price.compare_at) > units(price.price):
            yield "ON_SALE", price.channel, truth(value=True)


def truth(*, value: bool) -> str:
    return "true" if value else "false"


def word_entry(word: str, rank: str, channels: Iterable[str]) -> str:
    return _CUT.join([word, rank, _told(channels)])


def word_of(sort_key: str) -> tuple[str, str, str]:
    """Word, rank and channels of an entry."""
    word, rank, channels = sort_key.split(_CUT)
    return word, rank, channels


def whole_word(word: str) -> str:
    """What the entries of one word begin with, and of no longer one."""
    return word + _CUT


@lru_cache(maxsize=50_000)
def words(text: str) -> tuple[str, ...]:
    """Cut a text into words without case and accents, each once, in their order."""
    plain = unicodedata.normalize("NFKD", text.casefold()).casefold()
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter)).translate(_LETTERS)
    return tuple(dict.fromkeys(word[:_LONGEST_WORD] for word in _WORD.findall(plain)))


def ranked_words(document: Product) -> dict[str, str]:
    """Each word of a product by its best rank: 1 its name, 2 vendor, tags and SKUs, 3 its description.

    A rank's second digit is how many words the name has, 9 at most: a word of a short name tells more.
    """
    skus = [one.sku for one in document.variants if not one.discontinued]
    told = (document.name, document.vendor or "", tuple(document.tags), tuple(skus), document.description or "")
    return _ranked(*told)


@lru_cache(maxsize=20_000)
def _ranked(name: str, vendor: str, tags: tuple[str, ...], skus: tuple[str, ...], description: str) -> dict[str, str]:
    """Remembered, for a product's words are asked for at each of its events and seldom change."""
    named = words(name)
    described = words(_MARKUP.sub(" ", description))[:_MOST_WORDS]
    around = [word for text in (vendor, *tags, *skus) for word in words(text)]
    return dict.fromkeys(described, "30") | dict.fromkeys(around, "20") | dict.fromkeys(named, f"1{min(9, len(named))}")


def _told(channels: Iterable[str]) -> str:
    return "".join(f",{code}" for code in channels) + ","
