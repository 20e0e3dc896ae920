"""How a Tradewind starts and ends, by Ctrl-C, by kill -9, over and over: it leaves no process and loses nothing."""

import asyncio
import subprocess
import sys
import time

import pytest

from tests.crash.order_book import write_book
from tests.crash.processes import children, still_alive
from tests.crash.running import HOME, running
from tests.journeys.client import Shop


@pytest.fixture
def tradewind(tmp_path):
    with running(tmp_path) as one:
        yield one


def _buys(one):
    """An order of one of the first thing on sale; its id."""

    async def buy():
        shop = Shop(one.address)
        try:
            bought = await shop.buy((await shop.a_variant())["id"])
        finally:
            await shop.http.aclose()
        assert [] == bought["errors"]
        return bought["orderId"]

    return asyncio.run(buy())


def _status(one, order_id):
    async def ask():
        shop = Shop(one.address)
        try:
            return (await shop.data("query ($id: ID!) { order(id: $id) { status } }", id=order_id))["order"]
        finally:
            await shop.http.aclose()

    return asyncio.run(ask())


def test_ctrl_c_ends_everything_with_exit_code_0(tradewind):
    family = tradewind.processes()
    assert 3 == len(family)

    assert 0 == tradewind.ends()

    assert [] == still_alive(family, after=0)
    assert "Traceback" not in tradewind.log()


def test_two_seconds_after_kill_9_of_the_server_none_of_its_children_is_alive(tradewind):
    family = tradewind.processes()
    assert 3 == len(family)
    tradewind.server.kill()
    tradewind.server.wait()
    tradewind.server = None

    assert [] == still_alive(family, after=2)


def test_an_order_placed_before_kill_9_is_there_after_the_next_start(tradewind):
    order_id = _buys(tradewind)

    tradewind.kill()
    tradewind.start()

    assert {"status": "PLACED"} == _status(tradewind, order_id)
    tradewind.wait_until_caught_up()
    assert [] == tradewind.differences()


def test_a_server_ends_when_the_process_that_started_it_is_killed(tradewind):
    """As `make run` starts it."""
    assert 0 == tradewind.ends()
    serve = [sys.executable, "-m", "server", "serve", "--dev", "--end-with-parent"]
    make = subprocess.Popen(
        [sys.executable, "-c", f"import subprocess; subprocess.run({serve!r})"],
        cwd=HOME,
        env=tradewind.environment,
        stdout=subprocess.DEVNULL,
    )
    tradewind.server = None
    tradewind.wait_until_ready()
    family = children(make.pid)
    assert 4 == len(family)

    make.kill()
    make.wait()

    assert [] == still_alive(family, after=10)


def test_a_child_that_is_killed_is_started_again(tradewind):
    for name in ("worker", "api", "redis"):
        tradewind.child(name).kill()
        time.sleep(0.3)
        tradewind.child(name)
        tradewind.wait_until_ready()

    order_id = _buys(tradewind)
    assert {"status": "PLACED"} == _status(tradewind, order_id)


def test_a_second_server_on_the_same_folder_is_refused_with_one_line(tradewind):
    second = tradewind.command("serve", "--dev")

    _, said = second.communicate(timeout=30)

    assert 1 == second.returncode
    (line,) = said.splitlines()
    assert line.startswith("tradewind: Another tradewind serves from ")
    tradewind.wait_until_ready()


@pytest.mark.parametrize("left", ["all but a byte", "half"])
def test_an_append_only_file_with_a_torn_end_is_read_as_far_as_it_is_whole(tradewind, tmp_path, left):
    write_book(tmp_path / "book.csv", 1, invoices=40)
    importing = tradewind.command("import", "orders", str(tmp_path / "book.csv"), "--channel", "books", "--currency", "GBP")
    importing.communicate()
    tradewind.wait_until_caught_up()
    assert 0 == tradewind.ends()
    file = tradewind.data / "redis" / "appendonly.aof"
    size = file.stat().st_size
    with file.open("r+b") as torn:
        torn.truncate(size // 2 if left == "half" else size - 1)

    tradewind.start()
    tradewind.wait_until_caught_up()

    assert "aof-load-truncated is enabled" in (tradewind.data / "redis" / "redis.log").read_text()
    assert [] == tradewind.differences()
