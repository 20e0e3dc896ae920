"""How many document folds a second one core makes of the log: `python -m bench.folds [BOOKS.csv]`.

A shop is filled by real commands: a random shop's life, then an order book (one is made up where no file is given). All
its events are then folded in memory, again and again, by the real projections. Beside it stands what the same documents
cost in Redis alone, through the smallest script that guards a checkpoint. No Redis takes part in the folding.
"""

import asyncio
import csv
import gc
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import redis

from projections.all import BY_VIEW, Touch, touched
from projections.projection import Filed
from server import redis_server
from server.books_file import COLUMNS, Books, read_books
from server.importing import import_books
from shop import log
from shop.views import Document, Keys
from tests.databases import SqliteFile
from tests.oracle.random_shop import RandomShop
from writes.migrate import migrate
from writes.sqlite import open_engine

_COMMANDS, _INVOICES = 400, 800
_ROUNDS = 7
_WINDOW = 2_000  # events: what a rebuild may fold before it writes
BATCH = 400  # documents: what one script writes
_KEYS = Keys(1)
AIM = 0.4  # of the bare script's documents a second

Name = tuple[type[Document], str]
_encode = msgspec.json.Encoder().encode

SCRIPT = """
if redis.call('HGET', KEYS[1], 'position') ~= ARGV[1] then return 0 end
for n = 2, #KEYS do redis.call('SET', KEYS[n], ARGV[n + 1]) end
redis.call('HSET', KEYS[1], 'position', ARGV[2])
return 1
"""


class Round(msgspec.Struct):
    """One pass over the log: seconds by step, how many folds and documents there were, and what would be written."""

    seconds: dict[str, float]
    folds: int = 0
    documents: int = 0
    written: list[tuple[str, bytes]] = []

    @property
    def rate(self) -> float:
        return self.folds / sum(self.seconds.values())


def main() -> None:
    """Print the figures. All that is made on the way lies in a temporary folder, and goes with it."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        book = Path(sys.argv[1]) if sys.argv[1:] else made_up_book(home / "books.csv")
        rows = asyncio.run(lived(home / "shop.db", book))
        gc.collect()
        gc.freeze()  # the shop that was filled is no part of what is measured
        whole = [counted(fold_all(rows, most_documents=None)) for _ in range(_ROUNDS)]
        small = [counted(fold_all(rows, most_documents=BATCH)) for _ in range(_ROUNDS)]
        written = fold_all(rows, most_documents=BATCH).written
        best = max(documents_alone(home, written) for _ in range(3))
    folds = whole[0].folds
    print(f"{len(rows):,} events, {folds:,} document folds ({folds / len(rows):.1f} an event), {_ROUNDS} rounds, one core")
    tell(f"written every {_WINDOW:,} events", whole)
    tell(f"written every {BATCH} documents", small)
    print(f"\nthe bare script, {BATCH} documents a call: {best:,.0f} documents a second at best; aim {AIM * best:,.0f}")


def counted(done: Round) -> Round:
    """Keep the figures of a round and let go what it wrote: it would only weigh on the next."""
    return Round(done.seconds, done.folds, len(done.written))


def tell(title: str, rounds: Sequence[Round]) -> None:
    """Print one way of folding: folds a second, and where a fold's time goes in the best round."""
    best = max(rounds, key=lambda one: one.rate)
    print(f"\n{title}: {best.documents:,} documents, {best.documents / best.folds:.2f} a fold")
    print(f"  {best.rate:,.0f} folds a second at best, {statistics.median(one.rate for one in rounds):,.0f} in the median")
    for step, seconds in best.seconds.items():
        print(f"  {step:8s} {seconds / best.folds * 1e6:6.2f} us a fold {seconds / sum(best.seconds.values()):6.0%}")


# ------------------------------------------------------------------------------------------------------------ the shop
async def lived(path: Path, book: Path) -> list[Any]:
    """Let things happen in a new shop; return its log as stored rows."""
    migrate(open_engine(path))
    shop = RandomShop(SqliteFile(path), seed=1)
    await shop.opens()
    await shop.does(_COMMANDS)
    await import_books(shop.bus, shortened(read_books(book, "GBP")), "books", "GBP", lambda *_: None)
    rows = shop.database.read(lambda connection: connection.execute(log._from(1, 10**9)).all())
    await shop.close()
    return list(rows)


def shortened(books: Books) -> Books:
    """The book's first invoices, with the products that they name."""
    invoices = books.invoices[:_INVOICES]
    named = {line.sku.upper() for invoice in invoices for line in invoice.lines}
    return Books(invoices, {code: goods for code, goods in books.products.items() if code in named}, [])


def made_up_book(path: Path) -> Path:
    """Write a book whose invoices are about as long as a wholesaler's: a few hundred products, some sold far more."""
    draw = random.Random(7)
    goods = [(f"{code}", f"THING NO {code}", f"{draw.randint(20, 2000) / 100}") for code in range(20_000, 20_600)]
    with path.open("w", newline="") as file:
        write = csv.writer(file).writerow
        write([*COLUMNS, "Country"])
        for number in range(_INVOICES):
            at, customer = f"2011-{number // 100 + 1:02d}-{number % 28 + 1:02d} 10:00:00", draw.randint(1, 200)
            for _ in range(min(200, int(draw.expovariate(1 / 25)) + 1)):
                code, name, price = goods[int(len(goods) * draw.random() ** 2)]
                write([500_000 + number, code, name, draw.randint(1, 24), at, price, customer, "UK"])
    return path


# ---------------------------------------------------------------------------------------------------------- the folding
def fold_all(rows: Sequence[Any], *, most_documents: int | None) -> Round:
    """Fold the whole log, from nothing; write at the end of a window, or whenever so many documents are touched."""
    done = Round(dict.fromkeys(("decode", "name", "fold", "file", "encode"), 0.0))
    known: dict[Name, Filed[Any]] = {}
    for start in range(0, len(rows), _WINDOW):
        began = time.perf_counter()
        recorded = [decoded(row) for row in rows[start : start + _WINDOW]]
        done.seconds["decode"] += time.perf_counter() - began
        began = time.perf_counter()
        steps = [(one, [touch for touch in touched(one) if _KEYS.segment(touch.document_id) == 0]) for one in recorded]
        done.seconds["name"] += time.perf_counter() - began
        for part in parts(steps, most_documents):
            write_down(part, known, done)
    return done


Step = tuple[log.Recorded, list[Touch]]


def decoded(row: Any) -> log.Recorded:
    """As shop.log reads an event: opened with its person's key, where it tells of one."""
    return log._recorded(row)


def parts(steps: Sequence[Step], most_documents: int | None) -> Iterator[Sequence[Step]]:
    """Cut a window where it changes more documents than one script may write."""
    if most_documents is None:
        yield steps
        return
    first, names = 0, set[Name]()
    for at, (_, touches) in enumerate(steps):
        names |= {(touch.projection.view, touch.document_id) for touch in touches}
        if len(names) > most_documents and at > first:
            yield steps[first:at]
            first, names = at, {(touch.projection.view, touch.document_id) for touch in touches}
    yield steps[first:]


def write_down(part: Sequence[Step], known: dict[Name, Filed[Any]], done: Round) -> None:
    """Fold one part, file what changed, and encode what a script would write."""
    began = time.perf_counter()
    now: dict[Name, Document | None] = {}
    for recorded, touches in part:
        for touch in touches:
            name = (touch.projection.view, touch.document_id)
            if name not in now:
                now[name] = known[name].document if name in known else None
            now[name] = touch.projection.fold(now[name], touch.document_id, recorded, touch.ordinal, touch.part)
        done.folds += len(touches)
    folded = time.perf_counter()
    after = {name: BY_VIEW[name[0]].filed(document) for name, document in now.items()}
    for name, filed in after.items():
        old = known[name].entries if name in known else frozenset()
        _ = filed.entries - old, old - filed.entries
    filed_at = time.perf_counter()
    for (view, document_id), filed in after.items():
        done.written.append((_KEYS.document(view, document_id, 1), _encode(filed.document)))
        done.written += [(_KEYS.document(view, cut_id, 1), _encode(cut)) for cut_id, cut in filed.cuts.items()]
    done.seconds["fold"] += folded - began
    done.seconds["file"] += filed_at - folded
    done.seconds["encode"] += time.perf_counter() - filed_at
    known |= after


# ------------------------------------------------------------------------------------------------------------ the limit
def documents_alone(home: Path, written: Sequence[tuple[str, bytes]]) -> float:
    """Send the same documents, encoded already, to a fresh Redis through the bare script; return documents a second."""
    socket = home / "redis.sock"
    options = ["--port", "0", "--unixsocket", socket, "--dir", home, "--save", "", "--logfile", home / "redis.log"]
    server = subprocess.Popen([redis_server.bundled(), *map(str, options)])
    try:
        with redis.Redis(unix_socket_path=str(socket)) as client:
            asyncio.run(redis_server.ready(f"unix://{socket}"))
            client.hset("checkpoint", "position", 0)
            script = client.register_script(SCRIPT)
            began = time.perf_counter()
            for number, start in enumerate(range(0, len(written), BATCH)):
                batch = written[start : start + BATCH]
                keys, values = [key for key, _ in batch], [value for _, value in batch]
                if not script(keys=["checkpoint", *keys], args=[number, number + 1, *values]):
                    raise RuntimeError("the checkpoint is not where this bench left it")
            return len(written) / (time.perf_counter() - began)
    finally:
        server.kill()
        server.wait()


if __name__ == "__main__":
    main()
