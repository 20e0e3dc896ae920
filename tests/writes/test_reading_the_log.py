"""What a follower of the log is told: all that is there, in order, or that the log was set back. On both databases."""

import asyncio
import threading
import time
from contextlib import contextmanager

import pytest
import sqlalchemy as sa

from shop import log
from shop.log import LogSetBackError
from shop.tail import LogUnavailableError, open_tail
from tests.databases import copy_sqlite
from writes.catalog import CreateProduct, UpdateProduct
from writes.database import open_database, open_writer


@pytest.fixture
async def tail(empty_shop):
    async with open_tail(empty_shop.database.address) as tail:
        yield tail


@pytest.fixture
async def ten(empty_shop):
    """Given a log of ten events."""
    await empty_shop.given(*(CreateProduct(f"Mug {n}") for n in range(10)))
    return empty_shop.log()


def loses(shop, upto):
    """The store forgets all that happened after a position, as a standby does that lagged when it was promoted."""

    def forget(connection):
        connection.execute(sa.delete(log.stored_events).where(log.stored_events.c.position > upto))
        connection.execute(sa.delete(log.event_roots).where(log.event_roots.c.position > upto))
        connection.execute(sa.delete(log.streams))
        connection.execute(sa.update(log.log_head).values(position=upto))

    shop.database.change(forget)


@pytest.mark.parametrize("position", [0, 1, 5, 10])
async def test_what_follows_an_event_is_read_from_behind_it(tail, ten, position):
    known = ten[position - 1].id if position else ""
    assert ten[position : position + 3] == await tail.following(position, known, 3)


@pytest.mark.parametrize("types", [["ProductCreated"], ["ProductDescribed"], ["ProductCreated", "ProductDescribed"], []])
@pytest.mark.parametrize(("position", "limit", "upto"), [(0, 100, None), (3, 4, None), (3, 4, 6), (12, 1, None)])
async def test_events_of_some_types_are_found_in_order(tail, ten, empty_shop, types, position, limit, upto):
    await empty_shop.given(*(UpdateProduct(ten[number].stream, name="Cup") for number in (7, 2, 7)))

    found = await tail.run(log.matching, position, limit, types, None, upto)

    every = [one for one in empty_shop.log() if one.type in types and position < one.position <= (upto or 100)]
    assert every[:limit] == found


async def test_events_of_one_stream_are_found_in_order(tail, ten, empty_shop):
    mug = ten[7].stream
    await empty_shop.given(
        UpdateProduct(mug, name="Cup"), UpdateProduct(ten[1].stream, name="Tin"), UpdateProduct(mug, name="Jug")
    )

    assert [8, 11, 13] == [one.position for one in await tail.run(log.matching, 0, 100, None, mug)]
    assert [13] == [one.position for one in await tail.run(log.matching, 11, 1, ["ProductDescribed"], mug)]


async def test_nothing_follows_the_last_event_and_nothing_is_wrong(tail, ten):
    assert [] == await tail.following(10, ten[-1].id, 100)


async def test_nothing_follows_the_beginning_of_an_empty_log(tail):
    assert [] == await tail.following(0, "", 100)


async def test_a_log_that_lost_the_event_is_told_with_what_was_expected(tail, ten, empty_shop):
    loses(empty_shop, 6)
    with pytest.raises(LogSetBackError, match=f"position 7 it had event {ten[6].id}, and now has nothing") as told:
        await tail.following(7, ten[6].id, 100)
    assert not isinstance(told.value, LogUnavailableError)


async def test_a_log_that_lost_all_is_told(tail, ten, empty_shop):
    loses(empty_shop, 0)
    with pytest.raises(LogSetBackError, match="now has nothing"):
        await tail.following(10, ten[-1].id, 100)


async def test_another_event_at_the_same_place_is_told_with_both(tail, ten, empty_shop):
    loses(empty_shop, 6)
    await empty_shop.given(CreateProduct("Cup"), CreateProduct("Pot"))
    now = empty_shop.log()[6].id
    with pytest.raises(LogSetBackError, match=f"event {ten[6].id}, and now has {now}"):
        await tail.following(7, ten[6].id, 100)


async def test_what_was_not_lost_is_followed_as_before(tail, ten, empty_shop):
    loses(empty_shop, 6)
    await empty_shop.given(CreateProduct("Cup"))
    assert ["Cup"] == [one.event.name for one in await tail.following(6, ten[5].id, 100)]


async def test_a_missing_event_is_not_passed_over_even_where_later_ones_stand(tail, ten, empty_shop):
    empty_shop.database.change(lambda c: c.execute(sa.delete(log.stored_events).where(log.stored_events.c.position == 4)))
    with pytest.raises(LogSetBackError, match="nothing"):
        await tail.following(4, ten[3].id, 100)


async def test_the_event_and_what_follows_it_are_read_in_one_statement(ten, empty_shop):
    def statements(connection):
        said = []
        sa.event.listen(connection, "before_cursor_execute", lambda *told: said.append(told[2]))
        log.following(connection, 5, ten[4].id, 3)
        return said

    assert 1 == len(empty_shop.read(statements))


async def test_all_that_changed_a_document_is_read_in_order_between_two_positions(tail, empty_shop):
    made = await empty_shop.given(CreateProduct("Mug 0"))
    for n in range(1, 6):
        await empty_shop.given(CreateProduct("Noise"), UpdateProduct(made["product_id"], name=f"Mug {n}"))
    whole = [one for one in empty_shop.log() if made["product_id"] in one.event.roots()]
    assert whole == await tail.of_root(made["product_id"], 0, 11, 100)
    assert whole[1:3] == await tail.of_root(made["product_id"], whole[0].position, 11, 2)
    assert whole[1:5] == await tail.of_root(made["product_id"], whole[0].position, whole[4].position, 100)
    assert [] == await tail.of_root("prod_0", 0, 11, 100)


async def test_when_an_event_was_recorded_is_told_by_its_position(tail, ten):
    assert ten[3].at == await tail.recorded_at(4)
    assert [None, None] == [await tail.recorded_at(0), await tail.recorded_at(11)]


async def test_a_new_epoch_is_given_once_to_who_knows_the_old_one(tail, ten, empty_shop):
    old, head = await tail.head()
    new = await tail.new_epoch(old)
    assert new != old
    assert [new, new] == [await tail.new_epoch(old), await tail.new_epoch("00000000")]
    assert (new, head) == empty_shop.read(log.head)
    assert new == (await empty_shop.when(CreateProduct("Cup"))).position.epoch


async def test_two_that_ask_for_a_new_epoch_at_once_get_the_same(empty_shop, tail):
    async with open_tail(empty_shop.database.address) as another:
        for _ in range(10):
            old, _ = await tail.head()
            one, other = await asyncio.gather(tail.new_epoch(old), another.new_epoch(old))
            assert old != one
            assert one == other


@contextmanager
def never_resting(database):
    """A writer in a thread, whose next transaction begins where its last one ended."""
    ended = threading.Event()

    def take_time(connection):
        connection.execute(sa.update(log.log_head).values(position=log.log_head.c.position))
        time.sleep(0.03)

    def write_on():
        while not ended.is_set():
            database.change(take_time)

    writing = threading.Thread(target=write_on)
    writing.start()
    yield
    ended.set()
    writing.join()


async def test_a_new_epoch_waits_for_a_writer_that_never_rests(empty_shop, tail):
    with never_resting(empty_shop.database):
        for _ in range(3):
            old, _ = await tail.head()
            assert old != await tail.new_epoch(old)


async def test_a_new_epoch_of_a_store_without_a_log_is_an_outage(empty_shop, tail):
    empty_shop.database.change(lambda connection: connection.execute(sa.delete(log.log_head)))
    with pytest.raises(LogUnavailableError):
        await tail.new_epoch("00000000")


@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
async def test_a_file_that_was_put_back_from_a_copy_is_told_however_it_went_on(empty_shop, tmp_path):
    copy = tmp_path / "copy.db"
    await empty_shop.given(*(CreateProduct(f"Mug {n}") for n in range(5)))
    copy_sqlite(empty_shop.database.address, copy)
    await empty_shop.given(CreateProduct("Lost"))
    fifth, lost = empty_shop.log()[-2:]

    async with open_tail(copy) as tail:
        assert [] == await tail.following(5, fifth.id, 100)
        with pytest.raises(LogSetBackError, match="nothing"):
            await tail.following(6, lost.id, 100)
        writer = open_writer(open_database(copy))
        await empty_shop.another_bus(writer).send(CreateProduct("New"))
        await writer.close()
        assert ["New"] == [one.event.name for one in await tail.following(5, fifth.id, 100)]
        with pytest.raises(LogSetBackError, match="now has evt_"):
            await tail.following(6, lost.id, 100)
