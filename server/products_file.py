"""A product export in the CSV form that shop platforms share: rows of one Handle are one product. Pure reading.

A blank cell means "as above" in what describes the product, in its options, and in a price; an empty SKU is made from
handle and options. What is one variant's alone (SKU, stock, barcode, image) is never taken from above.
"""

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path

import msgspec

from server.csv_file import BadRow, Row, read_sheet
from shop import money
from shop.events import Attribute, Media

NEEDED = ("Handle", "Title", "Option1 Name", "Option1 Value", "Variant SKU", "Variant Price")
_OF_VARIANT = ("Option1 Value", "Option2 Value", "Option3 Value", "Variant SKU", "Variant Price")
_FROM_ABOVE = (
    "Title", "Body (HTML)", "Vendor", "Type", "Tags", "Published", "Status", "Variant Grams", "Variant Inventory Policy",
    *(f"Option{n} {what}" for n in (1, 2, 3) for what in ("Name", "Value")),
)  # fmt: skip
_WITHOUT_OPTIONS = ("Title", "Default Title")
_MOST_STOCK = 2**31 - 1


class Variant(msgspec.Struct, frozen=True):
    """`line` is where it stands in the file; amounts are decimal texts."""

    line: int
    sku: str
    price: str
    compare_at: str | None
    options: list[Attribute]
    grams: int | None
    barcode: str | None
    stock: int
    backorderable: bool
    image: Media | None


class Product(msgspec.Struct, frozen=True):
    """`category` is the name of its type; `description` is the HTML of the file as it stands."""

    line: int
    handle: str
    title: str
    description: str | None
    vendor: str | None
    category: str | None
    tags: list[str]
    published: bool
    media: list[Media]
    variants: list[Variant]


class Export(msgspec.Struct, frozen=True):
    """Products in order of first appearance, and every row that was left out."""

    products: list[Product]
    bad: list[BadRow]


class _Unfit(Exception):  # noqa: N818 - the row's own reason, caught a few lines below
    pass


def read_products(path: Path, currency: str) -> Export:
    """Read the whole file. Raises BadFile where it cannot be used at all."""
    sheet = read_sheet(path, NEEDED)
    reading = _Reading(currency, {row.cells["Variant SKU"].casefold(): row.line for row in reversed(sheet.rows)})
    bad = list(sheet.bad)
    by_handle, orphans = _by_handle(sheet.rows)
    bad += [BadRow(row.line, "the row has no Handle, and no product stands above it") for row in orphans]
    products = [product for rows in by_handle.values() if (product := reading.product(rows, bad)) is not None]
    return Export(products, sorted(bad))


def _by_handle(rows: Sequence[Row]) -> tuple[dict[str, list[Row]], list[Row]]:
    by_handle: dict[str, list[Row]] = {}
    orphans, handle = [], ""
    for row in rows:
        handle = row.cells["Handle"] or handle
        if handle:
            by_handle.setdefault(handle, []).append(row)
        else:
            orphans.append(row)
    return by_handle, orphans


class _Reading:
    """What one reading of a file must remember: its currency, and which SKUs are taken, by the line that has them."""

    def __init__(self, currency: str, skus: dict[str, int]) -> None:
        self._currency = currency
        self._skus = skus

    def product(self, rows: Sequence[Row], bad: list[BadRow]) -> Product | None:
        """Read the rows of one product; what is wrong with them is put on the list of bad rows."""
        cells: dict[str, str] = {}
        variants: list[Variant] = []
        head = _filled(rows[0].cells, {})
        handle = rows[0].cells["Handle"]
        if not head["Title"]:
            bad.extend(BadRow(row.line, f"the product {handle} has no Title") for row in rows)
            return None
        for row in rows:
            cells = _filled(row.cells, cells)
            if not any(row.cells.get(name) for name in _OF_VARIANT):
                bad.extend(_unless_picture(row))
                continue
            try:
                variants.append(self._variant(row, cells, handle, variants))
            except _Unfit as reason:
                bad.append(BadRow(row.line, str(reason)))
        return _product(rows, head, variants) if variants else None

    def _variant(self, row: Row, cells: dict[str, str], handle: str, others: Sequence[Variant]) -> Variant:
        options = _options(cells)
        if options in [other.options for other in others]:
            named = ", ".join(f"{option.key} {option.value}" for option in options) or "no options"
            raise _Unfit(f"the product {handle} has a variant with {named} above already")
        compare_at = cells.get("Variant Compare At Price")
        stock = _whole(row.cells.get("Variant Inventory Qty"), "Variant Inventory Qty") or 0
        price = self._amount(cells["Variant Price"], "Variant Price")
        return Variant(
            line=row.line,
            sku=self._sku(row, handle, options),
            price=price,
            compare_at=self._amount(compare_at, "Variant Compare At Price") if compare_at else None,
            options=options,
            grams=_whole(cells.get("Variant Grams"), "Variant Grams"),
            barcode=row.cells.get("Variant Barcode", "").removeprefix("'") or None,
            stock=stock,
            backorderable=cells.get("Variant Inventory Policy", "").casefold() == "continue",
            image=_picture(row.cells.get("Variant Image"), None),
        )

    def _sku(self, row: Row, handle: str, options: Sequence[Attribute]) -> str:
        given = row.cells["Variant SKU"]
        if given:
            first = self._skus[given.casefold()]
            if first != row.line:
                raise _Unfit(f"the SKU {given} stands on line {first} already")
            return given
        made = re.sub(r"[\W_]+", "-", "-".join([handle, *(option.value for option in options)]).upper()).strip("-")
        sku, number = made, 2
        while self._skus.setdefault(sku.casefold(), row.line) != row.line:
            sku, number = f"{made}-{number}", number + 1
        return sku

    def _amount(self, written: str, column: str) -> str:
        if not re.fullmatch(r"[0-9]{1,12}(\.[0-9]{0,12})?|\.[0-9]{1,12}", written):
            raise _Unfit(f"the {column} {written!r} is no amount of money" if written else f"the {column} is empty")
        try:
            return money.money(money.minor(Decimal(written), self._currency), self._currency).amount
        except ValueError as error:
            raise _Unfit(f"the {column} is wrong: {error}") from None


def _product(rows: Sequence[Row], head: dict[str, str], variants: list[Variant]) -> Product:
    return Product(
        line=rows[0].line,
        handle=rows[0].cells["Handle"],
        title=head["Title"],
        description=head.get("Body (HTML)") or None,
        vendor=head.get("Vendor") or None,
        category=head.get("Type") or None,
        tags=[tag for written in head.get("Tags", "").split(",") if (tag := written.strip())],
        published=head.get("Published", "").casefold() != "false" and head.get("Status", "").casefold() in {"", "active"},
        media=list(_pictures(rows)),
        variants=variants,
    )


def _filled(cells: dict[str, str], above: dict[str, str]) -> dict[str, str]:
    """Fill blank cells from above. A price brings the price that it is compared with along."""
    filled = cells | {name: above[name] for name in _FROM_ABOVE if not cells.get(name) and above.get(name)}
    if not cells["Variant Price"] and "Variant Price" in above:
        filled |= {name: above[name] for name in ("Variant Price", "Variant Compare At Price") if name in above}
    return filled


def _options(cells: dict[str, str]) -> list[Attribute]:
    named = [(cells.get(f"Option{n} Name", ""), cells.get(f"Option{n} Value", "")) for n in (1, 2, 3)]
    return [Attribute(name, value) for name, value in named if name and value and (name, value) != _WITHOUT_OPTIONS]


def _unless_picture(row: Row) -> Iterator[BadRow]:
    """A row without a variant may bring one more picture; one that brings nothing is listed."""
    if not row.cells.get("Image Src"):
        yield BadRow(row.line, "the row has neither a variant nor an image")


def _pictures(rows: Sequence[Row]) -> Iterator[Media]:
    for row in rows:
        picture = _picture(row.cells.get("Image Src"), row.cells.get("Image Alt Text"))
        if picture is not None:
            yield picture


def _picture(url: str | None, alt: str | None) -> Media | None:
    return Media(url, alt or None) if url else None


def _whole(written: str | None, column: str) -> int | None:
    if not written:
        return None
    if not re.fullmatch(r"[0-9]{1,10}(\.0+)?", written) or int(written.partition(".")[0]) > _MOST_STOCK:
        raise _Unfit(f"the {column} {written!r} is no whole number from 0 to {_MOST_STOCK:,}")
    return int(written.partition(".")[0])
