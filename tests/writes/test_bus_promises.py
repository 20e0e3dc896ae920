"""A command is carried out at most once for its key, and its answer is the same however often it is asked for."""

import asyncio

import pytest
import sqlalchemy as sa

from shop import log
from shop.position import Position
from writes import keys
from writes import tables as t
from writes.carts import CreateCart, ExpireCart
from writes.catalog import CreateProduct
from writes.channels import CreateChannel
from writes.checkout import StartCheckout
from writes.handlers import HANDLERS
from writes.refusals import BusyError, KeyReused, NotFound, OutOfStock, StillInProgress


async def test_the_same_key_and_input_gives_the_first_answer_again(shop):
    first = await shop.when(CreateProduct("Mug"), key="once")
    second = await shop.when(CreateProduct("Mug"), key="once")
    assert [] == shop.happened
    assert (first.ids, first.position, True) == (second.ids, second.position, second.replayed)
    assert not first.replayed


async def test_the_same_key_with_other_input_is_refused(shop):
    await shop.when(CreateProduct("Mug"), key="once")
    await shop.when(CreateProduct("Cup"), key="once")
    assert KeyReused is type(shop.refused)
    assert [] == shop.happened


async def test_a_key_is_its_callers_own_and_each_commands_own(shop):
    first = await shop.when(CreateProduct("Mug"), key="once", actor="ann")
    for command, actor in ((CreateProduct("Mug"), "bob"), (CreateCart("uk"), "ann")):
        await shop.when(command, key="once", actor=actor)
        assert not shop.answer.replayed
        assert first.ids != shop.answer.ids


async def test_a_refusal_stores_nothing_and_the_key_may_be_tried_again(shop):
    mug = await shop.sells()
    cart_id = await shop.cart((mug, 1))
    await shop.when(StartCheckout(cart_id), key="once")
    assert OutOfStock is type(shop.refused)
    assert (None, {}) == (shop.answer.position, shop.answer.ids)
    await shop.receives(mug, 1)
    await shop.when(StartCheckout(cart_id), key="once")
    assert (None, False) == (shop.refused, shop.answer.replayed)


async def test_commands_without_a_key_are_each_their_own(shop):
    ids = {(await shop.when(CreateCart("uk"))).ids["cart_id"] for _ in range(2)}
    assert 2 == len(ids)


async def test_two_twins_at_the_same_time_commit_once(shop):
    answers = await asyncio.gather(*(shop.bus.send(CreateProduct("Mug"), key="once") for _ in range(10)))
    assert 1 == len(shop.rows(t.products.select()))
    assert [False, *[True] * 9] == sorted(answer.replayed for answer in answers)
    assert 1 == len({(answer.ids["product_id"], answer.position) for answer in answers})


async def test_two_twins_of_other_input_at_the_same_time_commit_one(shop):
    answers = await asyncio.gather(*(shop.bus.send(CreateProduct(name), key="once") for name in ("Mug", "Cup")))
    assert [type(None), KeyReused] == [type(answer.refused) for answer in answers]


async def test_a_twin_of_a_command_that_never_ends_is_told_so(shop, monkeypatch):
    monkeypatch.setattr("writes.bus._TWIN_SECONDS", 0.05)
    command = CreateProduct("Mug")
    claim = keys.Key("anonymous:CreateProduct", "once", keys.request_hash(command))
    shop.database.change(lambda connection: keys.claim(connection, claim, "cmd_0", "2026-01-31T12:00:00.000Z"))
    await shop.when(command, key="once")
    assert StillInProgress is type(shop.refused)


async def test_what_is_in_progress_has_no_answer_in_sql_either(shop):
    claim = keys.Key("scope", "key", "hash")
    shop.database.change(lambda connection: keys.claim(connection, claim, "cmd_0", "2026-01-31T12:00:00.000Z"))
    assert [("key",)] == shop.rows(sa.select(t.idempotency_keys.c.key).where(t.idempotency_keys.c.answer.is_(sa.null())))


async def test_old_keys_are_swept(shop):
    await shop.when(CreateProduct("Mug"), key="once")
    assert 0 < shop.database.change(lambda connection: keys.sweep(connection, "2026-02-07T12:00:00.000Z"))
    await shop.when(CreateProduct("Mug"), key="once")
    assert not shop.answer.replayed


async def test_a_command_that_changed_nothing_has_no_position_when_replayed_either(shop):
    for _ in range(2):
        await shop.when(ExpireCart("cart_0"), key="once")
        assert shop.answer.position is None
    assert shop.answer.replayed


async def test_an_answer_tells_the_position_of_its_last_event(shop):
    await shop.when(CreateProduct("Mug"))
    assert Position(*shop.read(log.head)) == shop.answer.position


async def test_the_worker_is_nudged_after_each_commit_that_wrote(shop):
    before = list(shop.nudges)
    await shop.when(CreateCart("uk"))
    await shop.when(CreateCart("mars"))
    await shop.when(ExpireCart("cart_0"))
    assert [*before, len(shop.log())] == shop.nudges


async def test_a_bug_is_raised_and_undone(shop, monkeypatch):
    handler = HANDLERS[CreateProduct]

    def broken(work, command):
        handler(work, command)
        raise ZeroDivisionError

    monkeypatch.setitem(HANDLERS, CreateProduct, broken)
    with pytest.raises(ZeroDivisionError):
        await shop.bus.send(CreateProduct("Mug"), key="once")
    monkeypatch.undo()
    assert [] == shop.rows(t.products.select())
    assert not (await shop.when(CreateProduct("Mug"), key="once")).replayed


async def test_events_tell_who_did_it_by_which_command(shop):
    await shop.when(CreateProduct("Mug"), actor="staff:ann")
    last = shop.log()[-1]
    assert ("staff:ann", "2026-01-31T12:00:00.000Z") == (last.actor, last.at)
    assert last.command_id.startswith("cmd_")


async def test_every_command_of_the_shop_is_named_as_its_handler(shop):
    for command, handler in HANDLERS.items():
        assert command.__name__.lower() == handler.__name__.replace("_", "")


async def test_two_writers_of_one_database_never_sell_one_thing_twice(shop):
    mug = await shop.sells(stocked=5)
    carts = [await shop.cart((mug, 1)) for _ in range(50)]
    other = shop.database.new_writer()
    try:
        buses = [shop.bus, shop.another_bus(other)]
        answers = await asyncio.gather(*(buses[n % 2].send(StartCheckout(cart)) for n, cart in enumerate(carts)))
    finally:
        await other.close()
    assert 5 == sum(answer.refused is None for answer in answers)
    assert (5, 0, 5) == shop.level(mug)
    assert list(range(1, len(shop.log()) + 1)) == [recorded.position for recorded in shop.log()]


@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
async def test_a_file_that_another_process_holds_is_told_to_all_that_wait_at_once(shop, monkeypatch):
    monkeypatch.setattr("writes.sqlite._BUSY_SECONDS", 0.1)
    with shop.database.engine.connect() as holder, holder.begin():
        began = asyncio.get_running_loop().time()
        sending = (shop.bus.send(CreateCart("uk")) for _ in range(20))
        outcomes = await asyncio.gather(*sending, return_exceptions=True)
        assert {BusyError} == {type(outcome) for outcome in outcomes}
        assert 1.0 > asyncio.get_running_loop().time() - began
    assert (await shop.when(CreateCart("uk"))).refused is None


async def test_what_names_nothing_is_told_not_raised(empty_shop):
    await empty_shop.when(CreateCart("nowhere"))
    assert NotFound is type(empty_shop.refused)
    assert (await empty_shop.when(CreateChannel("uk", "Britain", "GBP"))).refused is None
