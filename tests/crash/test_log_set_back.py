"""The log loses its end: what was made of it goes from every view, what is written instead comes in, and clients are told."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from reads.errors import PositionUnknown
from server.log_commands import _renewed
from shop.beside import beside
from shop.position import Position
from shop.views import Product
from tests.crash.listening import Subscriber
from tests.crash.setting_back import File, InPlace, Rows
from tests.crash.shops import following_reader, random_views, working

_KEEPING = {
    "SQLite restored in place": lambda views, folder: InPlace(views.shop, folder),
    "SQLite file with its WAL": lambda views, folder: File(views, folder, checkpointed=False),
    "SQLite file alone": lambda views, folder: File(views, folder, checkpointed=True),
    "PostgreSQL": lambda views, _: Rows(views.shop),
}
_THROUGH = ["SQLite restored in place", "PostgreSQL"]  # others may stay connected
_MOMENTS = [(how, "working") for how in _THROUGH] + [(how, "stopped") for how in _KEEPING]


@pytest.fixture
async def new_views(request, tmp_path, redis_address):
    """Open a random shop on the kind of database that is set back so."""
    async with AsyncExitStack() as stack:

        async def open_one(how):
            databases = request.getfixturevalue("postgres_databases" if how == "PostgreSQL" else "sqlite_databases")
            views = await stack.enter_async_context(random_views(databases.new(tmp_path), redis_address))
            await views.shop.does(30)
            return views

        yield open_one


async def _position(views):
    return Position(*await views.tail.head())


@pytest.mark.parametrize("written_instead", [4, 60])
@pytest.mark.parametrize(("how", "worker"), _MOMENTS)
async def test_no_view_keeps_a_lost_event_or_misses_a_new_one(new_views, tmp_path, how, worker, written_instead):
    views = await new_views(how)
    kept = _KEEPING[how](views, tmp_path)
    async with AsyncExitStack() as stack:
        if worker == "working":
            await stack.enter_async_context(working(views.worker()))
        await views.shop.does(30)
        await (views.caught_up() if worker == "working" else views.catch_up())
        before = await _position(views)

        await kept.put_back()
        await views.shop.does(written_instead)
        assert (before.position < (await _position(views)).position) == (written_instead > 30)
        if worker == "stopped":
            await stack.enter_async_context(working(views.worker()))
        await views.has_another_epoch_than(before.epoch)
        await views.caught_up()

        assert [] == views.differences()
        assert [] == views.feed_faults()


@pytest.mark.parametrize("how", _THROUGH)
async def test_clients_are_told_that_their_positions_are_unknown(new_views, tmp_path, how):
    views = await new_views(how)
    kept = _KEEPING[how](views, tmp_path)
    async with working(views.worker()), following_reader(views) as source:
        await views.shop.does(30)
        await views.caught_up()
        before = await _position(views)
        subscriber = Subscriber(source, before.epoch)
        async with beside(subscriber.follow()):
            await asyncio.sleep(0.1)
            await kept.put_back()
            async with asyncio.timeout(10):
                while not subscriber.told:
                    await asyncio.sleep(0.02)

        assert [PositionUnknown] == [type(reason) for reason in subscriber.told]
        await views.caught_up()
        with pytest.raises(PositionUnknown):
            await (await source.reading()).at_least(before, 1000)


async def test_reads_are_stale_while_the_views_of_a_log_that_was_set_back_are_made_anew(new_views, tmp_path):
    views = await new_views("SQLite restored in place")
    kept = InPlace(views.shop, tmp_path)
    await views.shop.does(30)
    worker = views.worker()
    await worker.catch_up()
    async with following_reader(views) as source:
        product_id = views.shop.value("SELECT id FROM products")
        assert not await _is_stale(source, product_id)

        await kept.put_back()
        await worker.step()  # it finds out
        await worker._leases.hold((await views.tail.head())[0])  # and begins to make them anew, in the next step
        stale = await _is_stale(source, product_id)
        await worker.catch_up()

        assert stale
        assert not await _is_stale(source, product_id)


@pytest.mark.parametrize("how", _THROUGH)
async def test_a_new_epoch_alone_makes_every_view_anew(new_views, how):
    views = await new_views(how)
    async with working(views.worker()), following_reader(views) as source:
        await views.caught_up()
        before = await _position(views)

        assert before.epoch == (await _renewed(views.shop.database.address))[0]
        await views.caught_up()

        assert [] == views.differences()
        assert {b"2"} == set(views.redis.hvals(views.keys.serving(0)))
        with pytest.raises(PositionUnknown):
            await (await source.reading()).at_least(before, 1000)


async def _is_stale(source, product_id):
    reading = await source.reading()
    await reading.get(Product, product_id)
    return reading.stale
