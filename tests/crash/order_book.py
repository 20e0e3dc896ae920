"""Made-up order books: a few thousand lines by a seed, and the figures that a shop must show once they are imported."""

import csv
import random
from decimal import Decimal
from pathlib import Path

import msgspec

from shop.money import rounded

_HEAD = ["InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country"]
_PRICES = ["0.85", "2.55", "12.75", "1.005", "0.12", "165"]


class Figures(msgspec.Struct):
    """Money in pence."""

    orders: int = 0
    units: int = 0
    revenue: int = 0
    refunded: int = 0

    def __add__(self, other: "Figures") -> "Figures":
        return Figures(*(a + b for a, b in zip(msgspec.structs.astuple(self), msgspec.structs.astuple(other), strict=True)))


def write_book(path: Path, seed: int, invoices: int = 200) -> Figures:
    """Write a book whose invoice numbers no other seed's has."""
    chance, figures, rows = random.Random(seed), Figures(), []
    bought: list[tuple[str, list[list[str]]]] = []
    for n in range(invoices):
        number, day = f"{500_000 + seed * 1000 + n}", f"2010-12-{1 + n * 27 // invoices:02d} 08:26:00"
        if bought and chance.random() < 0.15:
            customer, lines = chance.choice(bought)
            back = [[code, name, str(-chance.randint(1, int(units))), price] for code, name, units, price in lines[:2]]
            rows += [[f"C{number}", *line[:3], day, line[3], customer, "Far Away"] for line in back]
            figures.refunded += sum(_total(line) for line in back)
            continue
        customer = chance.choice(["", *(str(12_000 + buyer) for buyer in range(40))])
        lines = [_line(chance) for _ in range(chance.randint(1, 12))]
        rows += [[number, *line[:3], day, line[3], customer, "Far Away"] for line in lines]
        bought.append((customer, lines))
        figures.orders += 1
        figures.units += sum(int(line[2]) for line in lines)
        figures.revenue += sum(_total(line) for line in lines)
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([_HEAD, *rows])
    return figures


def _line(chance: random.Random) -> list[str]:
    """Code, name, quantity, price."""
    code = chance.randint(1, 400)
    return [f"G{code}", f"GOODS NO {code}", str(chance.randint(1, 48)), chance.choice(_PRICES)]


def _total(line: list[str]) -> int:
    return rounded(Decimal(line[3]) * abs(int(line[2])), "GBP")
