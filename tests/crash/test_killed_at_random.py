"""Kill -9 of anything at any moment of an import: nothing is lost, nothing is counted twice."""

import os
import random
import subprocess
import time

from tests.crash.order_book import Figures, write_book
from tests.crash.running import running

_ROUNDS = int(os.environ.get("TRADEWIND_CRASH_ROUNDS", "10"))
_VICTIMS = ("worker", "redis", "import", "server", "api", "everything")
_LATEST = 150  # events after an import's start: it writes two hundred and more


def test_whatever_is_killed_during_an_import_nothing_is_lost_and_nothing_doubled(tmp_path):
    chance, told = random.Random(os.environ.get("TRADEWIND_CRASH_SEED", "1")), Figures()
    with running(tmp_path) as one:
        for number in range(_ROUNDS):
            book, victim, after = tmp_path / f"{number}.csv", _VICTIMS[number % len(_VICTIMS)], chance.randint(0, _LATEST)
            told += write_book(book, number)
            importing = _importing(one, book)
            one.wait_for_events(after, importing)

            assert importing.poll() is None, "it was killed too late to matter"
            _kill(one, importing, victim)
            importing.communicate()
            assert 0 == _import_again(one, book)
            one.wait_until_caught_up()

            shown = (number, victim, after)
            assert (shown, []) == (shown, one.differences())
            assert (shown, told) == (shown, one.figures("books"))


def _importing(one, book):
    return one.command("import", "orders", str(book), "--channel", "books", "--currency", "GBP")


def _import_again(one, book):
    again = _importing(one, book)
    _, said = again.communicate(timeout=120)
    assert "Traceback" not in said, said
    return again.returncode


def _kill(one, importing: "subprocess.Popen[str]", victim: str) -> None:
    """Kill -9. The server starts its own children again; the server itself is started again by hand."""
    if victim == "import":
        importing.kill()
    elif victim == "server":
        one.kill()
        one.start()
    elif victim == "everything":
        for process in one.processes():
            process.kill()
        importing.kill()
        one.kill()
        one.start()
    else:
        killed = one.child(victim)
        killed.kill()
        while one.child(victim) == killed:
            time.sleep(0.02)
