"""A rebuild, a rollback and a clean-up while the shop sells: no read fails, nothing goes back, and what is new is right."""

import asyncio

import pytest
from redis.asyncio import Redis

from projections import passes
from projections.generations import VERSIONS, Generations, NoSuchGenerationError
from projections.store import RefusedError
from projections.worker import Worker
from reads.errors import ViewRebuilding
from reads.reading import Views
from shop import views
from tests.engine.busy import Reader, busy, remade

ALL = list(VERSIONS)
EVERYWHERE = pytest.mark.parametrize(("segments", "workers"), [(1, 1), (4, 1), (1, 2), (4, 2)])


@pytest.fixture
async def clients(redis_address, async_redis):
    """Two Redis clients, as two processes of readers have them."""
    both = [Redis.from_url(redis_address, protocol=2) for _ in range(2)]
    yield both
    for client in both:
        await client.aclose()


@pytest.fixture(autouse=True)
def small_batches(monkeypatch):
    """A rebuild takes many batches even of a short log, so that much happens between its beginning and its end."""
    monkeypatch.setattr(passes, "_MOST_DOCUMENTS", 12)
    monkeypatch.setattr(passes, "_MOST_FOLDS", 40)


@EVERYWHERE
async def test_nobody_notices_that_all_views_and_then_one_are_made_anew(random_shop, clients, segments, workers):
    async with random_shop(300, segments) as one, busy(one, clients, workers) as it:
        begun = await it.rebuild(ALL)
        again = await it.rebuild(["order"])

        assert sorted(f"{view}.2" for view in ALL) == [str(generation) for generation in begun]
        assert ["order.3"] == [str(generation) for generation in again]
        assert [{3}, {2}] == [it.serving("order"), it.serving("product")]


@EVERYWHERE
async def test_nobody_notices_a_rollback_and_what_answers_again_has_all_that_happened_meanwhile(
    random_shop, clients, segments, workers
):
    async with random_shop(301, segments) as one, busy(one, clients, workers) as it:
        await it.rebuild(ALL)
        await asyncio.sleep(0.3)
        back = await it.roll_back(ALL)

        assert sorted(f"{view}.1" for view in ALL) == [str(generation) for generation in back]
        assert [{1}] * len(ALL) == [it.serving(view) for view in ALL]


@EVERYWHERE
async def test_nobody_notices_that_a_rebuild_is_given_up_halfway(random_shop, clients, segments, workers):
    async with random_shop(302, segments) as one, busy(one, clients, workers, commands=150) as it:
        await it.generations.rebuild(it.epoch, ALL)
        await it.until_some_of_it_is_made(2)
        kept = await it.roll_back(ALL)
        await asyncio.sleep(0.2)  # a batch that was in hand is written still
        made = it.made(2)
        await asyncio.sleep(0.2)

        assert sorted(f"{view}.1" for view in ALL) == [str(generation) for generation in kept]
        assert [{1}] * len(ALL) == [it.serving(view) for view in ALL]
        assert made == it.made(2)


async def test_what_was_rolled_back_to_is_caught_up_from_where_it_was_left(random_shop):
    """Its worker still has the lease, and once knew the documents as they were then."""
    async with random_shop(303) as one:
        kept, other = (Worker(one.tail, one.async_redis, one.keys, name=name) for name in ("kept", "other"))
        generations = Generations(one.async_redis, one.keys)
        await kept.catch_up()
        await one.shop.does(40)
        await kept.catch_up()
        await generations.rebuild((await one.tail.head())[0], ALL)
        await other.catch_up()
        await one.shop.does(40)
        await other.catch_up()
        await generations.roll_back(ALL)
        await kept.catch_up()
        await other.catch_up()
        await one.shop.does(40)

        await kept.catch_up()

        assert [] == one.differences()


async def test_who_still_moves_what_was_left_behind_is_refused_and_announces_nothing(random_shop):
    async with random_shop(304) as one:
        kept, other = (Worker(one.tail, one.async_redis, one.keys, name=name) for name in ("kept", "other"))
        await kept.catch_up()
        await Generations(one.async_redis, one.keys).rebuild((await one.tail.head())[0], ALL)
        await other.catch_up()
        await one.shop.does(40)
        feed = list(one.feed())

        with pytest.raises(RefusedError, match="not answering"):
            await kept._present.advance(list(kept._lines_present()))

        assert feed == list(one.feed())


async def test_cleaning_removes_every_key_of_what_does_not_answer_and_no_other(random_shop):
    async with random_shop(305, 4) as one:
        worker, generations = one.worker(), Generations(one.async_redis, one.keys)
        await worker.catch_up()
        await generations.rebuild((await one.tail.head())[0], ALL)
        await worker.catch_up()
        before, old = one.views(), {key for key in one.views() if b".1:" in key or b".1/" in key}

        gone = await generations.clean(["product", "order"])
        left = one.views()
        gone += await generations.clean(ALL)

        of_two = {key for key in old if key.partition(b":")[2].startswith((b"product.", b"order."))}
        assert {key: value for key, value in before.items() if key not in of_two} == left
        assert {key: value for key, value in before.items() if key not in old} == one.views()
        assert sorted(f"{view}.1" for view in ALL) == sorted(str(generation) for generation in gone)
        assert not any(b".1" in name for key in one.redis.keys("*:checkpoints") for name in one.redis.hgetall(key))
        assert [] == one.differences()


async def test_after_cleaning_there_is_nothing_to_go_back_to(random_shop):
    async with random_shop(306) as one:
        worker, generations = one.worker(), Generations(one.async_redis, one.keys)
        await worker.catch_up()
        await generations.rebuild((await one.tail.head())[0], ["product"])
        await worker.catch_up()
        await generations.clean(["product"])

        with pytest.raises(NoSuchGenerationError):
            await generations.roll_back(["product"])
        with pytest.raises(NoSuchGenerationError):
            await generations.roll_back(["order"])

        await worker.catch_up()
        assert {b"product": b"2", b"order": b"1"}.items() <= one.redis.hgetall(one.keys.serving(0)).items()


async def test_a_fold_that_is_new_makes_its_view_anew_by_itself_while_an_older_worker_moves_the_present_one(
    random_shop, monkeypatch
):
    async with random_shop(307, 4) as one:
        older = Worker(one.tail, one.async_redis, one.keys, name="older")
        await older.catch_up()
        await one.shop.does(30)
        monkeypatch.setitem(VERSIONS, "product", VERSIONS["product"] + 1)
        newer = Worker(one.tail, one.async_redis, one.keys, name="newer")
        await newer.catch_up()
        goals = one.redis.hgetall(one.keys.goals(0))
        begun = one.redis.hgetall(one.keys.serving(0))
        monkeypatch.setitem(VERSIONS, "product", VERSIONS["product"] - 1)
        await older.catch_up()
        monkeypatch.setitem(VERSIONS, "product", VERSIONS["product"] + 1)
        await newer.catch_up()

        assert {b"product": b"2", b"order": b"1"}.items() <= goals.items()
        assert b"1" == begun[b"order"]
        assert {2} == {int(one.redis.hget(one.keys.serving(at), "product")) for at in range(4)}
        assert [] == one.differences()


async def test_an_older_worker_never_begins_a_view_anew_against_a_newer(random_shop, monkeypatch):
    async with random_shop(308, 4) as one:
        monkeypatch.setitem(VERSIONS, "product", 2)
        newer = Worker(one.tail, one.async_redis, one.keys, name="newer", lease_seconds=0.05)
        await newer.catch_up()
        await asyncio.sleep(0.1)
        await one.shop.does(30)
        monkeypatch.setitem(VERSIONS, "product", 1)
        older = Worker(one.tail, one.async_redis, one.keys, name="older", lease_seconds=0.05)

        await older.catch_up()

        left = [line for line in one.differences() if ":checkpoints" in line]
        assert ["product.1"] * 4 == [line.split()[1].rstrip(":") for line in left]
        assert {b"1"} == {one.redis.hget(one.keys.goals(at), "product") for at in range(4)}


@EVERYWHERE
async def test_while_a_view_is_made_for_the_first_time_only_its_own_reads_fail(random_shop, clients, segments, workers):
    others = [(views.Order, views.orders_by("all", "", "PLACED_AT")), (views.StockLevel, views.EVERY)]
    async with random_shop(309, segments) as one:
        await one.shop.does(150)
        await Worker(one.tail, one.async_redis, one.keys, name="earlier", lease_seconds=0.05).catch_up()
        remade(one, "product")
        sources = [Views(client, one.keys, one.tail) for client in clients]
        readers = [Reader(sources, others), Reader(sources, [(views.Product, views.EVERY)])]
        reading = [asyncio.create_task(reader.run()) for reader in readers]
        await asyncio.sleep(0.2)
        folding = [
            Worker(one.tail, one.async_redis, one.keys, name=f"worker-{number}", lease_seconds=1) for number in range(workers)
        ]
        running = [asyncio.create_task(worker.run()) for worker in folding]
        await one.shop.does(60)
        async with asyncio.timeout(30):
            while one.differences():
                await asyncio.sleep(0.1)
        for reader in readers:
            reader.open = False
        await asyncio.gather(*reading)
        for worker in folding:
            worker.stop()
        await asyncio.gather(*running)

    assert [] == readers[0].wrong
    assert {ViewRebuilding.__name__} == {wrong.partition("(")[0] for wrong in readers[1].wrong}
    assert min(reader.reads for reader in readers) > 0


async def test_a_view_made_for_the_first_time_answers_no_earlier_than_the_others(random_shop):
    """It was begun on a shorter log: where that ended it is behind, and answers would go back there with it."""
    async with random_shop(310) as one:
        worker, source = one.worker(), Views(one.async_redis, one.keys, one.tail)
        await one.shop.does(150)
        await worker.catch_up()
        remade(one, "product")
        worker._forget()
        await worker.step()
        await one.shop.does(5)
        places = []
        while await worker.step():
            places.append((await source.reading()).position)

        assert sorted(places) == places
        assert [] == one.differences()
