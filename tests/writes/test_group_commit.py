"""Commands that wait together share a transaction, and nothing else: none is lost, run twice, or harmed by another."""

import asyncio
import threading
import time

import pytest
import sqlalchemy as sa

from shop import appending, events, log
from writes import tables as t
from writes.refusals import Invalid
from writes.sqlite import SqliteWriter, open_engine
from writes.writer import Attempt

AT = "2026-01-31T12:00:00.000Z"


def draft(code, version=1):
    happened = events.ChannelCreated(code=code, name=code, currency="GBP")
    return appending.Draft(happened, version, AT, "test", f"cmd_{code}", None)


class Door:
    """Keeps the writer busy until the test opens it, so that what is sent meanwhile waits together."""

    def __init__(self, writer):
        self.open, self.reached = threading.Event(), threading.Event()
        self.waiting = asyncio.create_task(writer.run(self._hold))

    def _hold(self, _connection):
        self.reached.set()
        assert self.open.wait(5)
        return Attempt((), None)


@pytest.fixture
def databases(sqlite_databases):
    return sqlite_databases


@pytest.fixture
def writer(empty_shop):
    return empty_shop.writer


@pytest.fixture
def ran():
    return []


@pytest.fixture
def adding(ran):
    """Make an attempt that adds a channel, tells of it, and then does what else is asked."""

    def make(code, *, then=None, version=1):
        def attempt(connection):
            ran.append(code)
            connection.execute(sa.insert(t.channels).values(code=code, name=code, currency="GBP"))
            if then is not None:
                then(connection)
            return Attempt([draft(code, version)], code)

        return attempt

    return make


async def together(writer, *jobs):
    """Send attempts so that they wait together; jobs are attempts, or (attempt, twin)."""
    door = Door(writer)
    await asyncio.to_thread(door.reached.wait, 5)
    tasks = [asyncio.create_task(writer.run(*job) if isinstance(job, tuple) else writer.run(job)) for job in jobs]
    await asyncio.sleep(0)
    door.open.set()
    return await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 20)


def channels(shop):
    return sorted(row.code for row in shop.rows(t.channels.select()))


def raising(error):
    def then(_connection):
        raise error

    return then


async def test_those_that_wait_together_share_one_transaction(empty_shop, writer, adding):
    commits = []
    sa.event.listen(empty_shop.writer._connection.engine, "commit", commits.append)
    outcomes = await together(writer, *(adding(f"c{n}") for n in range(20)))
    assert list(range(1, 21)) == [outcome.position for outcome in outcomes]
    assert 2 == len(commits)  # the door's own, and theirs


async def test_a_refusal_undoes_only_itself(empty_shop, writer, adding):
    refusal = Invalid("no")
    outcomes = await together(writer, adding("a"), adding("b", then=raising(refusal)), adding("c"))
    assert refusal is outcomes[1]
    assert ["a", "c"] == channels(empty_shop)
    assert [1, 2] == [outcomes[0].position, outcomes[2].position]


async def test_a_bug_undoes_only_itself(empty_shop, writer, adding, ran):
    same = adding("a")
    outcomes = await together(writer, adding("a"), same, adding("b", then=raising(ZeroDivisionError())))
    assert ["Committed", "IntegrityError", "ZeroDivisionError"] == [type(outcome).__name__ for outcome in outcomes]
    assert ["a"] == channels(empty_shop)
    assert ["a", "a", "b"] == ran


async def test_when_the_log_cannot_be_appended_to_each_runs_again_alone(empty_shop, writer, adding, ran):
    clashing = adding("b", version=1)
    await writer.run(lambda _connection: Attempt([draft("b")], None))
    outcomes = await together(writer, adding("a"), clashing, adding("c"))
    assert ["Committed", "IntegrityError", "Committed"] == [type(outcome).__name__ for outcome in outcomes]
    assert ["a", "c"] == channels(empty_shop)
    assert ["a", "b", "c", "a", "b", "c"] == ran
    assert [1, 2, 3] == [recorded.position for recorded in empty_shop.log()]


async def test_when_commit_fails_each_runs_again_alone(empty_shop, writer, adding, ran):
    def break_at_commit(connection):
        connection.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
        row = {"id": "cart_0", "channel": "nowhere", "status": "OPEN", "expires_at": AT}
        connection.execute(sa.insert(t.carts).values(row))

    outcomes = await together(writer, adding("a"), adding("b", then=break_at_commit), adding("c"))
    assert ["Committed", "IntegrityError", "Committed"] == [type(outcome).__name__ for outcome in outcomes]
    assert ["a", "c"] == channels(empty_shop)
    assert ["a", "b", "c"] * 2 == ran
    assert (await writer.run(adding("d"))).position == 3


async def test_when_the_transaction_is_lost_each_runs_again_alone(empty_shop, writer, adding):
    def lose(connection):
        connection.exec_driver_sql("ROLLBACK")
        raise ZeroDivisionError

    outcomes = await together(writer, adding("a"), adding("b", then=lose), adding("c"))
    assert ["Committed", "ZeroDivisionError", "Committed"] == [type(outcome).__name__ for outcome in outcomes]
    assert ["a", "c"] == channels(empty_shop)


async def test_a_full_disk_is_told_and_the_writer_lives_on(empty_shop, writer, adding):
    def fill(connection):
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")
        connection.execute(sa.insert(t.channels).values(code="big", name="x" * 1_000_000, currency="GBP"))

    def make_room(connection):
        connection.exec_driver_sql("PRAGMA max_page_count=1000000")
        return Attempt((), None)

    (outcome,) = await together(writer, adding("a", then=fill))
    assert isinstance(outcome, sa.exc.OperationalError)
    await writer.run(make_room)
    assert (await writer.run(adding("b"))).position == 1
    assert ["b"] == channels(empty_shop)


async def test_what_no_time_is_left_for_is_run_next_in_order(writer, adding, ran):
    slow = adding("slow", then=lambda _connection: time.sleep(0.05))
    outcomes = await together(writer, slow, *(adding(f"c{n}") for n in range(5)))
    assert ["slow", "c0", "c1", "c2", "c3", "c4"] == ran
    assert [1, 2, 3, 4, 5, 6] == [outcome.position for outcome in outcomes]


async def test_twins_keep_their_order_and_never_share_a_transaction(writer, ran):
    def attempt(name, seconds=0.0):
        def run(connection):
            ran.append((name, connection.scalar(sa.select(sa.func.count()).select_from(log.stored_events))))
            time.sleep(seconds)
            return Attempt([draft(name)], None)

        return run

    slow = (attempt("slow", 0.05), "other")
    await together(writer, slow, *((attempt(f"twin-{n}"), "key") for n in range(3)))
    assert [("slow", 0), ("twin-0", 1), ("twin-1", 2), ("twin-2", 3)] == ran


async def test_none_is_lost_when_more_are_held_than_fit_one_transaction(writer, adding, ran):
    slow = [adding(f"slow-{n}", then=lambda _connection: time.sleep(0.04)) for n in range(3)]
    twins = [(adding(f"twin-{n}"), "key") for n in range(10)]
    outcomes = await together(writer, *slow, *twins, *(adding(f"c{n}") for n in range(200)))
    assert 213 == len(ran) == len(set(ran))
    assert set(range(1, 214)) == {outcome.position for outcome in outcomes}


async def test_closing_finishes_what_was_asked_for(empty_shop, adding):
    writer = SqliteWriter(open_engine(empty_shop.database.address))
    door = Door(writer)
    await asyncio.to_thread(door.reached.wait, 5)
    jobs = [(adding(f"c{n}", then=lambda _connection: time.sleep(0.02)), n % 2) for n in range(10)]
    tasks = [asyncio.create_task(writer.run(*job)) for job in jobs]
    await asyncio.sleep(0)
    closing = asyncio.create_task(writer.close())
    await asyncio.sleep(0)
    door.open.set()
    await asyncio.wait_for(closing, 10)
    assert 10 == len(await asyncio.gather(*tasks)) == len(channels(empty_shop))


async def test_a_closed_writer_says_so(empty_shop, adding):
    writer = SqliteWriter(open_engine(empty_shop.database.address))
    await writer.close()
    with pytest.raises(RuntimeError, match="closed"):
        await writer.run(adding("a"))


async def test_a_file_that_cannot_be_opened_is_told_to_who_opens_it(tmp_path):
    with pytest.raises(sa.exc.OperationalError):
        SqliteWriter(open_engine(tmp_path / "nowhere" / "shop.db"))


async def test_a_caller_that_went_away_harms_nobody(empty_shop, writer, adding):
    door = Door(writer)
    await asyncio.to_thread(door.reached.wait, 5)
    gone, stays = (asyncio.create_task(writer.run(adding(code))) for code in ("gone", "stays"))
    await asyncio.sleep(0)
    gone.cancel()
    door.open.set()
    assert "stays" == (await stays).result
    assert ["gone", "stays"] == channels(empty_shop)


async def test_a_loop_that_was_closed_harms_nobody(writer, adding):
    door = Door(writer)
    await asyncio.to_thread(door.reached.wait, 5)

    def ask_and_leave():
        loop = asyncio.new_event_loop()
        task = loop.create_task(writer.run(adding("gone")))
        loop.run_until_complete(asyncio.sleep(0))
        task.cancel()
        loop.run_until_complete(asyncio.gather(task, return_exceptions=True))
        loop.close()

    await asyncio.to_thread(ask_and_leave)
    door.open.set()
    assert "stays" == (await writer.run(adding("stays"))).result
