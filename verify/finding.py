"""What products must be found by, values and words, as the tables tell it: said anew here, in other words than the worker's."""

import re
import unicodedata
from collections.abc import Iterable
from typing import Any

from shop.views import Product
from verify.expected import Expected

_SPELLED = {
    "ø": "o",
    "ł": "l",
    "đ": "d",
    "æ": "ae",
    "œ": "oe",
    "\N{LATIN SMALL LETTER DOTLESS I}": "i",
    "'": "",
    "\N{RIGHT SINGLE QUOTATION MARK}": "",
}
_WORDS_OF_A_DESCRIPTION, _LETTERS_OF_A_WORD = 60, 40


def expect_found(expected: Expected, product: Product, prices: dict[str, list[Any]]) -> None:
    """`prices` are those of the variants that are still sold, by variant."""
    channels = ",".join(["", *product.channels, ""]) if product.channels else ","
    for value in _values(product, prices):
        entry = "\x1f".join([*(part.replace("\x1f", " ") for part in value), channels])
        expected.sorted_by(product, "facets", entry)
    for word, rank in _ranked(product).items():
        expected.sorted_by(product, "words", f"{word}\x1f{rank}\x1f{channels}")
        if len(word) > 4:
            backwards = "".join(reversed(word))
            expected.sorted_by(product, "endings", f"{backwards}\x1f{rank}\x1f{channels}")


def _values(product: Product, prices: dict[str, list[Any]]) -> set[tuple[str, str, str]]:
    sold = [one for one in product.variants if one.id in prices]
    offered = any(one.backorderable or one.available_quantity for one in sold)
    reduced = {row.channel for rows in prices.values() for row in rows if (row.compare_at or 0) > row.amount}
    attributes = product.attributes + [option for one in sold for option in one.option_values]
    return {
        ("STATUS", "", product.status),
        ("IN_STOCK", "", "true" if offered else "false"),
        *([("VENDOR", "", product.vendor)] if product.vendor else []),
        *(("TAG", "", tag) for tag in product.tags),
        *(("CATEGORY", "", category_id) for category_id in product.category_ids),
        *(("COLLECTION", "", collection_id) for collection_id in product.places),
        *(("ATTRIBUTE", one.key, one.value) for one in attributes),
        *(("ON_SALE", channel, "true") for channel in reduced),
    }


def _ranked(product: Product) -> dict[str, str]:
    """The best rank of each word, found from the worst to the best."""
    described = words_of([re.sub("<[^>]*>", " ", product.description or "")])[:_WORDS_OF_A_DESCRIPTION]
    skus = [one.sku for one in product.variants if not one.discontinued]
    named = words_of([product.name])
    ranks = dict.fromkeys(described, "30")
    ranks.update(dict.fromkeys(words_of([product.vendor or "", *product.tags, *skus]), "20"))
    ranks.update({word: f"1{len(named) if len(named) < 10 else 9}" for word in named})
    return ranks


def words_of(texts: Iterable[str]) -> list[str]:
    found: list[str] = []
    for text in texts:
        letters = unicodedata.normalize("NFKD", text.casefold()).casefold()
        plain = [_SPELLED.get(one, one) for one in letters if not unicodedata.combining(one)]
        cut = "".join(one if one.isalnum() else " " for one in "".join(plain)).split()
        found += [word[:_LETTERS_OF_A_WORD] for word in cut]
    return list(dict.fromkeys(found))
