"""A shop on a real SQLite file, and small files to feed it."""

import gzip
import subprocess
import sys
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest
import sqlalchemy as sa

from shop import log
from writes.bus import Bus
from writes.migrate import migrate
from writes.sqlite import SqliteWriter, open_engine

BOOK_HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"


_FIGURES = (
    "SELECT code, name, currency FROM channels",
    "SELECT code, active, priority FROM warehouses",
    "SELECT c.slug, c.name, p.slug, c.position FROM categories c LEFT JOIN categories p ON p.id = c.parent_id",
    """SELECT slug, p.name, status, sku, v.name, channel, amount, compare_at FROM products p
       JOIN variants v ON v.product_id = p.id LEFT JOIN variant_prices ON variant_id = v.id""",
    """SELECT p.slug, c.slug FROM product_categories JOIN products p ON p.id = product_id
       JOIN categories c ON c.id = category_id""",
    "SELECT slug, channel FROM publications JOIN products ON id = product_id",
    """SELECT sku, code, on_hand FROM stock_levels JOIN variants v ON v.id = variant_id
       JOIN warehouses w ON w.id = warehouse_id""",
    "SELECT external_ref FROM customers",
    """SELECT number, external_ref, placed_at, status, o.total, captured, refunded FROM orders o
       JOIN payments p ON p.order_id = o.id LEFT JOIN customers c ON c.id = customer_id""",
    """SELECT number, sku, name, quantity, shipped, returned, unit_price, l.total FROM order_lines l
       JOIN orders o ON o.id = order_id""",
    "SELECT credit_number, number, refunded, r.created_at FROM returns r JOIN orders o ON o.id = order_id",
    "SELECT number, amount FROM credits",
)


async def nobody(_position):
    pass


@asynccontextmanager
async def a_shop(path):
    """A bus on a SQLite file, with ways to look at what is in it."""
    engine = open_engine(path)
    migrate(engine)
    writer = SqliteWriter(engine)

    def rows(query, **values):
        with engine.connect() as connection:
            return [tuple(row) for row in connection.execute(sa.text(query), values)]

    def figures():
        """All that imports and the demo write, without ids."""
        return {query: sorted(rows(query), key=repr) for query in _FIGURES}

    def head():
        with engine.connect() as connection:
            return log.head(connection)[1]

    yield SimpleNamespace(bus=Bus(writer, providers={}, committed=nobody), rows=rows, head=head, figures=figures)
    await writer.close()


@pytest.fixture
async def shop(tmp_path):
    async with a_shop(tmp_path / "shop.db") as opened:
        yield opened


@pytest.fixture
async def another_shop(tmp_path):
    """A second shop, for what would have been."""
    async with a_shop(tmp_path / "another.db") as opened:
        yield opened


@pytest.fixture
def written(tmp_path):
    """Write a file of some bytes or text and return its path."""

    def write(content, name="file.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


@pytest.fixture
def book(written):
    """Write an order book of some rows; `packed` makes it gzip."""

    def write(*rows, header=BOOK_HEADER, packed=False, name="books.csv"):
        text = "\n".join([header, *rows, ""]).encode()
        return written(gzip.compress(text) if packed else text, name)

    return write


@pytest.fixture
def killed(tmp_path):
    """Run an import into the shop in a process that kills itself after some commits."""
    here = Path(__file__).parent

    def run(what, commits, file=""):
        command = [sys.executable, str(here / "killed.py"), what, str(tmp_path / "shop.db"), str(commits), str(file)]
        environment = {"PYTHONPATH": str(here.parents[1])}
        ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
        assert -9 == ended.returncode, ended.stderr

    return run
