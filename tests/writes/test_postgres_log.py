"""On PostgreSQL commands run side by side. The log is dense all the same, and whatever breaks is done once or not at all."""

import asyncio
import sys
from contextlib import suppress
from pathlib import Path

import pytest
import sqlalchemy as sa

from shop import appending, events
from shop.tail import open_tail
from tests.writes.cutting import proxy_before
from writes import postgres
from writes import tables as t
from writes.carts import AddCartLines, ExpireCart, LineIn
from writes.catalog import CreateProduct
from writes.channels import CreateChannel
from writes.checkout import StartCheckout
from writes.database import open_database, open_writer
from writes.providers import ProviderResult
from writes.refusals import BusyError, Invalid, NotAllowedFrom, OutOfStock
from writes.stock import CreateWarehouse
from writes.trial import Test
from writes.writer import Attempt

AT = "2026-01-31T12:00:00.000Z"
_DEADLOCKS = sa.text("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
BUYING = Path(__file__).with_name("buying.py")


@pytest.fixture
def databases(postgres_databases):
    return postgres_databases


@pytest.fixture
def hurried(monkeypatch):
    """Timeouts short enough to be seen."""
    short = {"lock_timeout": "200ms", "idle_in_transaction_session_timeout": "300ms", "statement_timeout": "1s"}
    for name, period in short.items():
        monkeypatch.setitem(postgres._TIMEOUTS, name, period)


def drafts(code, count=1):
    happened = events.ChannelCreated(code=code, name=code, currency="GBP")
    return [appending.Draft(happened, n, AT, "test", f"cmd_{code}", None) for n in range(1, count + 1)]


def writing(code, *, before=0.0, count=1, fails=False):
    """An attempt that works so many seconds before it ends."""

    def attempt(connection):
        connection.execute(sa.insert(t.channels).values(code=code, name=code, currency="GBP"))
        connection.execute(sa.select(sa.func.pg_sleep(before)))
        if fails:
            raise ZeroDivisionError
        return Attempt(drafts(code, count), code)

    return attempt


class Follower:
    """Reads the log on and on, as the worker does."""

    def __init__(self, tail):
        self._tail = tail
        self.seen = []

    async def reads_on(self):
        while True:
            self.seen += await self._tail.after(len(self.seen) and self.seen[-1].position, 3)
            await asyncio.sleep(0.002)

    async def has_seen(self, count):
        async with asyncio.timeout(10):
            while len(self.seen) < count:
                await asyncio.sleep(0.01)


@pytest.fixture
async def follower(empty_shop):
    async with open_tail(empty_shop.database.address) as tail:
        follower = Follower(tail)
        reading = asyncio.create_task(follower.reads_on())
        yield follower
        reading.cancel()
        with suppress(asyncio.CancelledError):
            await reading


async def hang(engine, *, appended):
    """Begin a transaction and never end it: before its place in the log is taken, or after."""
    connection = await engine.connect()
    await connection.run_sync(lambda sync: sync.execute(sa.insert(t.channels).values(code="hung", name="-", currency="GBP")))
    if appended:
        await connection.run_sync(appending.append, drafts("hung"))
    return connection


async def ended(connection):
    with suppress(sa.exc.DBAPIError):
        await connection.rollback()
    await connection.close()


async def test_a_reader_sees_each_event_once_and_in_commit_order_whatever_the_writers_do(empty_shop, follower):
    slow_first = [writing(f"c{n}", before=0.3 - n / 100, count=n % 3 + 1) for n in range(30)]
    failing = [writing(f"f{n}", before=n / 100, fails=True) for n in range(10)]
    outcomes = await asyncio.gather(*map(empty_shop.writer.run, [*slow_first, *failing]), return_exceptions=True)
    committed = sorted(outcomes[:30], key=lambda one: one.position)
    await follower.has_seen(60)
    assert [ZeroDivisionError] * 10 == [type(outcome) for outcome in outcomes[30:]]
    assert list(range(1, 61)) == [recorded.position for recorded in follower.seen]
    assert [one.result for one in committed] == list(dict.fromkeys(recorded.event.code for recorded in follower.seen))


@pytest.mark.parametrize("appended", [False, True])
async def test_a_writer_that_hangs_is_ended_and_leaves_no_hole(hurried, empty_shop, follower, appended):
    engine = postgres.open_engine(empty_shop.database.address)
    hanging = await hang(engine, appended=appended)
    outcomes = await asyncio.gather(*(empty_shop.writer.run(writing(f"c{n}")) for n in range(20)))
    await follower.has_seen(20)
    await asyncio.sleep(0.5)
    await ended(hanging)
    await engine.dispose()
    assert list(range(1, 21)) == sorted(outcome.position for outcome in outcomes)
    assert list(range(1, 21)) == [recorded.position for recorded in follower.seen]
    assert "hung" not in {row.code for row in empty_shop.rows(t.channels.select())}


async def test_a_database_that_stays_busy_is_told_after_a_bounded_time(hurried, empty_shop, monkeypatch):
    monkeypatch.setattr(postgres, "_BUSY_SECONDS", 0.3)
    monkeypatch.setitem(postgres._TIMEOUTS, "idle_in_transaction_session_timeout", "10s")
    engine = postgres.open_engine(empty_shop.database.address)
    holding = await hang(engine, appended=True)
    with pytest.raises(BusyError):
        await empty_shop.writer.run(writing("late"))
    await ended(holding)
    await engine.dispose()
    assert 1 == (await empty_shop.writer.run(writing("late"))).position


async def test_carts_that_want_the_same_goods_in_opposite_order_never_wait_in_a_circle(shop):
    mug, cup = await shop.sells("M", stocked=50), await shop.sells("C", stocked=50)
    carts = [await shop.cart(*(((mug, 1), (cup, 1)) if n % 2 else ((cup, 1), (mug, 1)))) for n in range(40)]
    answers = await asyncio.gather(*(shop.bus.send(StartCheckout(cart)) for cart in carts))
    assert {None} == {answer.refused for answer in answers}
    assert [(50, 0, 40)] * 2 == [shop.level(mug), shop.level(cup)]
    assert [(0,)] == shop.rows(_DEADLOCKS)


async def test_fifty_buyers_from_four_processes_get_the_last_five_exactly(shop):
    mug = await shop.sells(stocked=5)
    carts = [await shop.cart((mug, 1)) for _ in range(50)]
    processes = [
        await asyncio.create_subprocess_exec(
            sys.executable, BUYING, shop.database.address, *carts[n::4],
            cwd=BUYING.parents[2], env={"PYTHONPATH": "."}, stdout=asyncio.subprocess.PIPE,
        )
        for n in range(4)
    ]  # fmt: skip
    told = [await process.communicate() for process in processes]
    assert 5 == sum(int(out) for out, _ in told)
    assert (5, 0, 5) == shop.level(mug)
    assert list(range(1, len(shop.log()) + 1)) == [recorded.position for recorded in shop.log()]


async def test_lines_added_to_one_cart_at_the_same_time_are_all_there(shop):
    mug = await shop.sells()
    cart_id = await shop.cart()
    answers = await asyncio.gather(*(shop.bus.send(AddCartLines(cart_id, [LineIn(mug, 1)])) for _ in range(20)))
    assert {None} == {answer.refused for answer in answers}
    assert [20] == [row.quantity for row in shop.rows(t.cart_lines.select())]


async def test_one_checkout_becomes_one_order_however_often_it_is_completed_at_once(shop):
    mug = await shop.sells(stocked=5)
    checkout_id = await shop.checkout((mug, 1))
    command = shop.completing(checkout_id)
    answers = await asyncio.gather(*(shop.bus.send(command) for _ in range(10)))
    assert 1 == sum(answer.refused is None for answer in answers)
    assert 1 == len(shop.rows(t.orders.select()))
    assert (5, 1, 0) == shop.level(mug)


@pytest.mark.parametrize("token", ["approve", None])
async def test_a_cart_is_either_paid_or_checked_out_anew_never_both(shop, token):
    mug = await shop.sells(stocked=50)
    for _ in range(10):
        cart_id = await shop.cart((mug, 1))
        checkout_id = (await shop.given(StartCheckout(cart_id)))["checkout_id"]
        rivals = [shop.completing(checkout_id, token), StartCheckout(cart_id)]
        answers = await asyncio.gather(*(shop.bus.send(command) for command in rivals))
        assert [NotAllowedFrom] == [type(answer.refused) for answer in answers if answer.refused]
    on_hand, allocated, reserved = shop.level(mug)
    assert (50, 10) == (on_hand, allocated + reserved)
    assert allocated == len(shop.rows(sa.select(t.orders.c.id)))
    assert [(0,)] == shop.rows(_DEADLOCKS)


async def test_products_of_one_name_made_at_once_each_get_a_slug(empty_shop):
    answers = await asyncio.gather(*(empty_shop.bus.send(CreateProduct("Mug")) for _ in range(8)))
    assert {None} == {answer.refused for answer in answers}
    slugs = {row.slug for row in empty_shop.rows(t.products.select())}
    assert {"mug", *(f"mug-{n}" for n in range(2, 9))} == slugs


async def test_stock_asked_for_at_once_comes_from_wherever_there_is_some(shop):
    mug = await shop.sells(stocked=3)
    north = await shop.given(CreateWarehouse("north", "North"))
    await shop.receives(mug, 3, north["warehouse_id"])
    carts = [await shop.cart((mug, 1)) for _ in range(8)]
    answers = await asyncio.gather(*(shop.bus.send(StartCheckout(cart)) for cart in carts))
    assert [OutOfStock] * 2 == [type(answer.refused) for answer in answers if answer.refused]


async def test_a_text_that_postgresql_cannot_keep_is_refused(empty_shop):
    await empty_shop.when(CreateProduct("a\0b"))
    assert Invalid is type(empty_shop.refused)


async def test_a_text_that_is_too_long_is_refused(empty_shop):
    await empty_shop.when(CreateChannel("a" * 41, "Britain", "GBP"))
    assert Invalid is type(empty_shop.refused)


class Counted(Test):
    """A provider that counts what it is asked."""

    def __init__(self):
        super().__init__()
        self.asked = 0

    async def perform(self, call) -> ProviderResult:
        self.asked += 1
        return await super().perform(call)


@pytest.fixture
async def cut(new_shop):
    """Given a shop whose writer goes through a proxy: (shop, proxy, provider)."""
    provider = Counted()
    async with new_shop(test=provider) as shop, proxy_before(shop.database.address) as (proxy, address):
        await shop.opens()
        writer = open_writer(open_database(address))
        shop.bus = shop.another_bus(writer)
        yield shop, proxy, provider
        await writer.close()


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_commit_whose_reply_is_lost_is_carried_out_once_and_answered(cut, when):
    shop, proxy, _ = cut
    proxy.cuts = [when]
    answer = await shop.when(CreateProduct("Mug"))
    assert 1 == proxy.cut
    assert (None, False) == (answer.refused, answer.replayed)
    assert ["ProductCreated"] == shop.names()
    assert (answer.ids["product_id"], len(shop.log())) == (shop.happened[0].product_id, answer.position.position)
    assert [answer.ids["product_id"]] == [row.id for row in shop.rows(t.products.select())]


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("step", [0, 1])
async def test_a_payment_whose_commit_is_cut_is_asked_for_once(cut, when, step):
    shop, proxy, provider = cut
    command = shop.completing(await shop.checkout((await shop.sells(stocked=1), 1)))
    proxy.cuts = [None] * step + [when]
    answer = await shop.when(command)
    assert (1, 1) == (proxy.cut, provider.asked)
    assert (None, False) == (answer.refused, answer.replayed)
    assert len(shop.log()) == answer.position.position
    assert ["PLACED"] == [row.status for row in shop.rows(t.orders.select())]


async def test_a_command_that_wrote_no_event_is_not_called_a_replay_when_its_reply_was_lost(cut):
    shop, proxy, _ = cut
    proxy.cuts = ["after"]
    answer = await shop.when(ExpireCart("cart_0"))
    assert 1 == proxy.cut
    assert (None, None, False) == (answer.refused, answer.position, answer.replayed)
