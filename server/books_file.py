"""The order books of a retailer as a CSV file: one row an invoice line, credits on invoices that begin with C. Pure reading."""

import datetime as dt
import re
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import msgspec

from server.csv_file import BadRow, Row, read_sheet
from shop import clock, money
from writes.books import BookLine

COLUMNS = ("InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID")  # Country is not used
_NUMBER = re.compile(r"C?[0-9]{1,30}")  # a small c begins no credit: such a row is listed
_WHOLE = re.compile(r"[+-]?[0-9]{1,12}")
_DECIMAL = re.compile(r"[+-]?([0-9]{1,12}(\.[0-9]{0,12})?|\.[0-9]{1,12})")
_DATE_FORMS = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%m/%d/%Y %H:%M")
_LONGEST_TEXT = 200
_LARGEST_AMOUNT = Decimal(10**12)


class Invoice(msgspec.Struct, frozen=True):
    """An invoice, or with `credit` a credit invoice; its quantities are above zero either way.

    `line` is where its first good row stands, `at` the earliest time in it.
    """

    line: int
    number: str
    credit: bool
    customer_ref: str | None
    at: str
    lines: list[BookLine]


class Goods(msgspec.Struct, frozen=True):
    """What a stock code stands for: a name, and its first price as the currency has decimals."""

    line: int
    name: str
    price: str


class Books(msgspec.Struct, frozen=True):
    """Good rows as invoices in order of first appearance; products by upper-cased stock code; all other rows."""

    invoices: list[Invoice]
    products: dict[str, Goods]
    bad: list[BadRow]


class _Entry(msgspec.Struct, frozen=True):
    """A good row."""

    line: int
    number: str
    code: str
    description: str
    quantity: int
    at: str
    price: str
    customer_ref: str | None


class _Unfit(Exception):  # noqa: N818 - the row's own reason, caught a few lines below
    pass


def read_books(path: Path, currency: str) -> Books:
    """Read the whole file. Raises BadFile where it cannot be used at all."""
    sheet = read_sheet(path, COLUMNS)
    bad = list(sheet.bad)
    moments: dict[str, str] = {}
    entries = []
    for row in sheet.rows:
        try:
            entries.append(_entry(row, moments))
        except _Unfit as reason:
            bad.append(BadRow(row.line, str(reason)))
    products = _products(entries, currency)
    return Books(_invoices(entries, products), products, sorted(bad))


def _entry(row: Row, moments: dict[str, str]) -> _Entry:
    """Judge one row. `moments` keeps the dates read so far: books name the same minute many times."""
    cells = row.cells
    number, code, written = cells["InvoiceNo"], cells["StockCode"].upper(), cells["InvoiceDate"]
    if not _NUMBER.fullmatch(number):
        raise _Unfit(f"the invoice number {number!r} is neither digits nor C and digits")
    if not code or len(code) > _LONGEST_TEXT:
        raise _Unfit(f"the stock code is longer than {_LONGEST_TEXT}" if code else "the stock code is empty")
    if written not in moments:
        moments[written] = _moment(written)
    quantity, price = _quantity(cells["Quantity"], credit=number[0] == "C"), _price(cells["UnitPrice"])
    if quantity * price > _LARGEST_AMOUNT:
        raise _Unfit(f"{quantity} times the unit price {price} is more than books hold")
    customer_ref = cells["CustomerID"].removesuffix(".0") or None
    if customer_ref is not None and len(customer_ref) > 80:
        raise _Unfit(f"the customer {customer_ref[:20]!r}... is longer than 80")
    return _Entry(row.line, number, code, cells["Description"], quantity, moments[written], cells["UnitPrice"], customer_ref)


def _moment(written: str) -> str:
    for form in _DATE_FORMS:
        try:
            return clock.text(dt.datetime.strptime(written, form).replace(tzinfo=dt.UTC))
        except ValueError:
            continue
    raise _Unfit(f"the invoice date {written!r} is no date such as 2010-12-01 08:26:00")


def _quantity(written: str, *, credit: bool) -> int:
    if not _WHOLE.fullmatch(written):
        raise _Unfit(f"the quantity {written!r} is no whole number")
    quantity = -int(written) if credit else int(written)
    if quantity <= 0:
        raise _Unfit(f"the quantity {written} is not {'below zero on a credit' if credit else 'above zero'}")
    return quantity


def _price(written: str) -> Decimal:
    if not _DECIMAL.fullmatch(written):
        raise _Unfit(f"the unit price {written!r} is no number")
    price = Decimal(written)
    if price <= 0:
        raise _Unfit(f"the unit price {written} is not above zero")
    return price


def _products(entries: Sequence[_Entry], currency: str) -> dict[str, Goods]:
    """Name each code by its first description that is not empty, and price it by its first row."""
    names: dict[str, str] = {}
    for entry in entries:
        if entry.description:
            names.setdefault(entry.code, entry.description)
    products: dict[str, Goods] = {}
    for entry in entries:
        if entry.code not in products:
            price = money.money(money.rounded(Decimal(entry.price), currency), currency)
            products[entry.code] = Goods(entry.line, names.get(entry.code, entry.code), price.amount)
    return products


def _invoices(entries: Sequence[_Entry], products: dict[str, Goods]) -> list[Invoice]:
    by_number: dict[str, list[_Entry]] = {}
    for entry in entries:
        by_number.setdefault(entry.number, []).append(entry)
    return [_invoice(number, of_one, products) for number, of_one in by_number.items()]


def _invoice(number: str, entries: Sequence[_Entry], products: dict[str, Goods]) -> Invoice:
    """Where rows disagree on the customer, the first that names one is right."""
    return Invoice(
        line=entries[0].line,
        number=number,
        credit=number.startswith("C"),
        customer_ref=next((entry.customer_ref for entry in entries if entry.customer_ref), None),
        at=min(entry.at for entry in entries),
        lines=[
            BookLine(entry.code, entry.description or products[entry.code].name, entry.quantity, entry.price)
            for entry in entries
        ],
    )
