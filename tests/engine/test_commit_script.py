"""The scripts broken after every single write, and run again: all is as if they had never failed."""

import msgspec
import redis.exceptions

from projections.generations import Generations
from projections.products import product
from projections.projection import Route
from projections.worker import Worker
from shop import events, views
from shop.views import Wish
from tests.engine import broken, seen
from writes import catalog


async def test_a_batch_that_broke_after_any_write_is_whole_when_it_is_run_again(random_shop, monkeypatch):
    async with random_shop(30) as one:
        await _worker(one).catch_up()
        await one.shop.does(8)
        await _renames_two_products_of_which_one_cannot_be_folded(one, monkeypatch)
        before = _saved(one)
        await _worker(one).catch_up()
        never_failed = seen.content(one)
        assert 1 == len(seen.parked(one))
        writes = 0
        while await _breaks(one, before, "_commit", writes):
            await _worker(one).catch_up()

            assert never_failed == seen.content(one), f"broken after {writes} writes"
            writes += 1
        assert writes > 20


async def test_a_batch_that_broke_is_made_good_before_what_came_after_it(random_shop):
    """What it left of its own end in the indexes, a batch that goes further would not know of."""
    async with random_shop(36) as one:
        await _worker(one).catch_up()
        await one.shop.does(8)
        before = _saved(one)
        for writes in range(25):
            assert await _breaks(one, before, "_commit", writes)
            await one.shop.does(2)
            await _worker(one).catch_up()

            assert [] == one.differences(), f"broken after {writes} writes"
            assert not one.redis.exists(one.keys.writing(0))


async def test_a_mending_that_broke_after_any_write_is_whole_when_it_is_done_again(random_shop, monkeypatch):
    async with random_shop(31) as one:
        await _worker(one).catch_up()
        await _renames_two_products_of_which_one_cannot_be_folded(one, monkeypatch)
        await _worker(one).catch_up()
        monkeypatch.undo()
        [stuck] = seen.parked(one).values()
        await Generations(one.async_redis, one.keys).wish(Wish("product", 1, stuck.document_id))
        before = _saved(one)
        await _worker(one).catch_up()
        never_failed = _told_once(one)
        writes = 0
        while await _breaks(one, before, "_commit", writes):
            await _worker(one).catch_up()

            assert never_failed == _told_once(one), f"broken after {writes} writes"
            assert [] == one.differences()
            writes += 1
        assert writes > 5


async def test_a_switch_that_broke_after_any_write_is_whole_when_it_is_run_again(random_shop):
    """It may be told twice that another generation answers, at two moments: who hears it only looks anew."""
    async with random_shop(32) as one:
        await _worker(one).catch_up()
        await one.shop.does(8)
        await Generations(one.async_redis, one.keys).rebuild(*await _product(one))
        before = _saved(one)
        await _worker(one).catch_up()
        never_failed = _told_once(one)
        writes = 0
        while await _breaks(one, before, "_switch", writes):
            await _worker(one).catch_up()

            assert never_failed == _told_once(one), f"broken after {writes} writes"
            assert [] == one.differences()
            writes += 1
        assert 3 == writes


async def test_the_first_switch_that_broke_is_whole_when_it_is_run_again(random_shop):
    async with random_shop(33) as one:
        before = _saved(one)
        await _worker(one).catch_up()
        never_failed = _told_once(one)
        writes = 0
        while await _breaks(one, before, "_switch", writes):
            await _worker(one).catch_up()

            assert never_failed == _told_once(one), f"broken after {writes} writes"
            writes += 1
        assert writes > 2


async def test_a_beginning_that_broke_after_any_write_is_made_good(random_shop):
    """A number may be passed by: that generation is of nobody, and is cleaned away as those that answered before are."""
    async with random_shop(34) as one:
        before = _saved(one)
        writes = 0
        while await _begins_and_breaks(one, before, writes):
            await _worker(one).catch_up()
            await Generations(one.async_redis, one.keys).clean(["channel", "warehouse"])

            assert [] == one.differences()
            assert len(views.ALL) == len(one.redis.hkeys(one.keys.checkpoints(0)))
            assert one.redis.hgetall(one.keys.goals(0)) == one.redis.hgetall(one.keys.serving(0))
            writes += 1
        assert 6 == writes


def _worker(one):
    return Worker(one.tail, one.async_redis, one.keys, name="w")


async def _product(one):
    epoch, _ = await one.tail.head()
    return epoch, ["product"]


async def _renames_two_products_of_which_one_cannot_be_folded(one, monkeypatch):
    bad, good = (row.id for row in one.shop.rows("SELECT id FROM products LIMIT 2"))
    right = product.routes[events.ProductDescribed]

    def fold(document, event, recorded):
        if document.id == bad:
            raise ValueError("a fault")
        return right.fold(document, event, recorded)

    monkeypatch.setitem(product.routes, events.ProductDescribed, Route(right.parts, fold))
    for product_id in (good, bad, good, bad):
        await one.shop.bus.send(catalog.UpdateProduct(product_id, name=f"{len(one.shop.rows('SELECT 1 FROM events'))}"))


async def _breaks(one, before, name, writes):
    """Go back to what was before, and have a worker break at the script's next write after some; False where it does not."""
    _restore(one, before)
    worker = _worker(one)
    setattr(worker._store, name, broken.after(writes, getattr(worker._store, name), one.async_redis))
    return await _broke(worker.catch_up())


async def _begins_and_breaks(one, before, writes):
    _restore(one, before)
    generations = Generations(one.async_redis, one.keys)
    generations._begin = broken.after(writes, generations._begin, one.async_redis)
    epoch, _ = await one.tail.head()
    return await _broke(generations.begin(0, epoch, ["channel", "warehouse"]))


async def _broke(work):
    try:
        await work
    except redis.exceptions.ResponseError as error:
        if "broke" not in str(error):
            raise
        return True
    return False


def _saved(one):
    return {key: one.redis.dump(key) for key in one.redis.scan_iter()}


def _restore(one, before):
    one.redis.flushdb()
    for key, value in before.items():
        one.redis.restore(key, 0, value)


def _told_once(one):
    """All content, with each switch told once and at no time."""
    content = seen.content(one)
    for key in [key for key in content if b":feed." in key]:
        said = [(entry.partition(b"-")[0], msgspec.json.decode(fields[b"e"])) for entry, fields in content[key]]
        lines = [(entry, sorted((name, str(value)) for name, value in told.items() if name != "at")) for entry, told in said]
        content[key] = [line for place, line in enumerate(lines) if line not in lines[:place]]
    return content
