"""When another generation may answer: where it stands beside the one that does, wanted, held, and of the log as it is."""

from contextlib import contextmanager

import msgspec
import pytest

from projections.generations import Generations
from projections.store import RefusedError
from projections.worker import Worker
from shop.tail import open_tail
from tests.databases import SqliteFile, copy_sqlite
from tests.engine import seen
from tests.oracle.conftest import Fixture
from tests.oracle.random_shop import RandomShop


async def test_a_generation_that_stands_beside_the_one_that_answers_takes_its_place(random_shop):
    async with random_shop(70) as one:
        worker, present, coming = await _next_one_made(one)

        assert await _switched(worker, present, coming)
        assert b"2" == one.redis.hget(one.keys.serving(0), "product")
        assert b"1" == one.redis.hget(one.keys.previous(0), "product")


async def test_a_generation_that_stands_behind_the_one_that_answers_does_not(random_shop):
    async with random_shop(71) as one:
        worker, present, coming = await _next_one_made(one)
        await one.shop.does(10)
        await worker._present.advance(list(worker._lines_present()))
        with _nothing_changes(one):
            assert not await _switched(worker, present, coming)


async def test_a_generation_that_is_not_wanted_any_more_does_not_answer(random_shop):
    async with random_shop(72) as one:
        worker, present, coming = await _next_one_made(one)
        await Generations(one.async_redis, one.keys).roll_back(["product"])
        with _nothing_changes(one), pytest.raises(RefusedError, match="goal"):
            await _switched(worker, present, coming)


async def test_a_generation_that_another_worker_makes_now_is_not_switched_by_the_one_before(random_shop):
    async with random_shop(73) as one:
        worker, present, coming = await _next_one_made(one)
        await Worker(one.tail, one.async_redis, one.keys, name="w")._renew()
        with _nothing_changes(one), pytest.raises(RefusedError, match="lease"):
            await _switched(worker, present, coming)


async def test_a_generation_that_answers_already_is_not_switched_again(random_shop):
    async with random_shop(74) as one:
        worker, present, coming = await _next_one_made(one)
        await _switched(worker, present, coming)
        with _nothing_changes(one), pytest.raises(RefusedError, match="serving"):
            await _switched(worker, present, coming)


async def test_a_generation_that_has_moved_since_is_looked_at_anew(random_shop):
    async with random_shop(75) as one:
        worker, present, coming = await _next_one_made(one)
        elsewhere = msgspec.structs.replace(coming.checkpoint, position=1)
        coming.checkpoint, one_before = elsewhere, present.checkpoint
        one.redis.hset(one.keys.checkpoints(0), "product.1", str(elsewhere))  # as if both stood there
        with _nothing_changes(one), pytest.raises(RefusedError, match="checkpoint"):
            await _switched(worker, present, coming)
        assert one_before == seen.checkpoint(one, 0, "product.2")


async def test_views_of_a_log_that_has_a_new_epoch_are_made_anew_and_the_old_ones_left_as_they_are(random_shop):
    async with random_shop(76, 2) as one:
        worker = Worker(one.tail, one.async_redis, one.keys)
        await worker.catch_up()
        before = [seen.checkpoint(one, segment, "order.1") for segment in range(2)]
        await one.tail.new_epoch(before[0].epoch)
        await one.shop.does(20)

        await worker.catch_up()

        assert [] == one.differences()
        assert before == [seen.checkpoint(one, segment, "order.1") for segment in range(2)]


async def test_a_log_that_was_set_back_and_grew_on_is_found_out_and_folded_anew(random_shop, tmp_path):
    """It is even longer than before: only the event at the checkpoint tells."""
    async with random_shop(77, 2) as one:
        copy = tmp_path / "copy.db"
        copy_sqlite(one.shop.database.address, copy)
        await one.shop.does(20)
        await Worker(one.tail, one.async_redis, one.keys, name="w").catch_up()
        async with open_tail(copy) as tail:
            other = Fixture(RandomShop(SqliteFile(copy), 78), tail, one.async_redis, one.redis, one.keys)
            await other.shop.does(60)
            epoch, head = await tail.head()
            assert head > (await one.tail.head())[1]

            await Worker(tail, one.async_redis, one.keys, name="w").catch_up()

            assert [] == other.differences()
            assert epoch != (await tail.head())[0]
            assert seen.due(other) == sorted(seen.told(other))
            await other.shop.close()


async def _next_one_made(one):
    """A worker with a next generation of products that stands beside the present one, not switched yet."""
    worker = Worker(one.tail, one.async_redis, one.keys, name="w")
    await worker.catch_up()
    await Generations(one.async_redis, one.keys).rebuild((await one.tail.head())[0], ["product"])
    await worker._renew()
    [line] = worker._lines_coming()
    await worker._coming.advance([line])
    [holding] = worker._held.values()
    return worker, holding.serving["product"], line.units["product"]


async def _switched(worker, present, coming):
    return await worker._store.switch(0, present.generation, coming, present.checkpoint.epoch, "2026-02-01T00:00:00.000Z")


@contextmanager
def _nothing_changes(one):
    before = one.dump()
    yield
    assert before == one.dump()
