"""Runs an import or the demo and kills its own process after a number of commits: `python killed.py WHAT DB COMMITS [FILE]`."""

import asyncio
import os
import signal
import sys
from pathlib import Path

from server.books_file import read_books
from server.demo import load_demo
from server.importing import import_books, import_products
from server.products_file import read_products
from writes.bus import Bus
from writes.sqlite import SqliteWriter, open_engine


def quiet(_done, _total, _what):
    pass


async def main(what, database, commits, file):
    left = int(commits)

    async def committed(_position):
        nonlocal left
        left -= 1
        if left <= 0:
            os.kill(os.getpid(), signal.SIGKILL)

    bus = Bus(SqliteWriter(open_engine(Path(database))), providers={}, committed=committed)
    if what == "demo":
        await load_demo(bus)
    elif what == "books":
        await import_books(bus, read_books(Path(file), "GBP"), "retail", "GBP", quiet)
    else:
        await import_products(bus, read_products(Path(file), "USD"), "web", "USD", quiet)


asyncio.run(main(*sys.argv[1:4], sys.argv[4] if len(sys.argv) > 4 else ""))
