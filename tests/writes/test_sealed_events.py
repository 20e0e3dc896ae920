"""What events tell of a person is stored sealed, under one key a person, and read as if it were not."""

import sqlite3

import msgspec
import pytest
import sqlalchemy as sa

from shop import cipher, events, keyring, log
from shop.events import Address
from shop.tail import LogUnavailableError, open_tail
from writes import carts, checkout, customers, orders

ZOE = Address(name="Zoë Quux", line1="7 Wharf", city="Hull", country="GB", phone="+44 1482 1")
TOLD = {"email": "zoe@example.org", "shipping_address": ZOE, "metadata": {"gift": "for Quux"}}


async def ordered(shop, **told):
    cart_id = await shop.cart((await shop.sells(f"S-{len(shop.log())}", stocked=5), 1))
    checkout_id = (await shop.given(checkout.StartCheckout(cart_id, **told)))["checkout_id"]
    return (await shop.given(shop.completing(checkout_id)))["order_id"], checkout_id


def rows_of(shop, kind):
    return shop.rows(sa.select(log.stored_events).where(log.stored_events.c.type == kind.__name__))


def key_ids(shop, *named):
    columns = log.subject_ids.c
    return {row.key_id for row in shop.rows(sa.select(columns.key_id).where(columns.id.in_(named)))}


async def test_what_is_told_of_a_person_is_not_in_the_log_and_is_read_from_it(shop):
    await ordered(shop, **TOLD)

    (stored,) = rows_of(shop, events.OrderCreated)
    assert not any(part in stored.data for part in ("zoe", "Wharf", "Quux", "gift", "email"))
    assert b"zoe" not in stored.sealed
    (told,) = (one.event for one in shop.log() if isinstance(one.event, events.OrderCreated))
    assert TOLD == {name: getattr(told, name) for name in TOLD}


async def test_an_order_and_its_checkout_have_one_key_and_another_guest_has_another(shop):
    order_id, checkout_id = await ordered(shop, **TOLD)
    other_id, _ = await ordered(shop, **TOLD)
    await shop.given(orders.AddOrderNote(order_id, "Ring twice"))

    assert 1 == len(key_ids(shop, order_id, checkout_id))
    assert 2 == len(key_ids(shop, order_id, other_id))
    assert key_ids(shop, order_id) == {row.key_id for row in rows_of(shop, events.OrderNoted)}


async def test_what_tells_of_nobody_has_no_key(shop):
    await ordered(shop)

    assert [] == shop.rows(sa.select(log.stored_events.c.type).where(log.stored_events.c.key_id.is_not(None)))


async def test_events_that_were_stored_before_anything_was_sealed_are_read_as_they_were(shop):
    registered = events.CustomerRegistered(customer_id="cus_old", name="Zoë Quux")
    row = {"position": 10**6, "id": "evt_old", "type": "CustomerRegistered", "schema_version": 1, "stream": "cus_old"}
    row |= {"stream_version": 1, "at": "", "actor": "", "command_id": "", "data": msgspec.json.encode(registered).decode()}
    shop.database.change(lambda connection: connection.execute(sa.insert(log.stored_events).values(row)))

    assert registered == shop.log()[-1].event


async def test_a_destroyed_key_leaves_nulls_and_all_else(shop):
    order_id, checkout_id = await ordered(shop, **TOLD)
    (key_id,) = key_ids(shop, order_id)

    destroy(shop, key_id)

    told = {type(one.event): one.event for one in shop.log()}
    for kind in (events.CheckoutStarted, events.OrderCreated):
        assert dict.fromkeys(TOLD) == {name: getattr(told[kind], name) for name in TOLD}
    assert (order_id, checkout_id, 1000) == (
        told[events.OrderCreated].order_id,
        told[events.OrderCreated].checkout_id,
        told[events.OrderCreated].total,
    )


async def test_a_key_that_is_lost_is_an_outage_and_no_erasure(shop):
    order_id, _ = await ordered(shop, **TOLD)
    (key_id,) = key_ids(shop, order_id)

    lose(shop, key_id)

    with pytest.raises(cipher.KeyLostError, match=f"{key_id} .*backup.*tradewind keys lost"):
        shop.log()
    async with open_tail(shop.database.address) as tail:
        with pytest.raises(LogUnavailableError, match=key_id):
            await tail.after(0, 1000)


async def test_a_sealed_part_is_read_nowhere_but_where_it_was_written(shop):
    order_id, _ = await ordered(shop, **TOLD)
    for note in ("Ring twice", "Do not ring"):
        await shop.given(orders.AddOrderNote(order_id, note))
    one, other = rows_of(shop, events.OrderNoted)
    move = sa.update(log.stored_events).where(log.stored_events.c.position == other.position).values(sealed=one.sealed)

    shop.database.change(lambda connection: connection.execute(move))

    with pytest.raises(ValueError, match=f"{order_id} at version {other.stream_version} does not fit"):
        shop.log()


async def test_a_refused_command_leaves_no_trace_of_who_it_was_about(shop):
    await shop.given(customers.RegisterCustomer("REF-1", "Zoë Quux"))
    before = shop.rows(sa.select(log.subject_ids))

    refused = await shop.bus.send(customers.RegisterCustomer("REF-1", "Ann"))
    empty = await shop.bus.send(checkout.StartCheckout((await shop.given(carts.CreateCart("uk")))["cart_id"], **TOLD))

    assert refused.refused is not None
    assert empty.refused is not None
    assert before == shop.rows(sa.select(log.subject_ids))


async def test_a_key_is_on_the_disk_before_its_event_is(sqlite_databases, tmp_path):
    """As another process sees it amid the transaction: the key is committed, the event is not."""
    database = sqlite_databases.new(tmp_path)
    seen = keyring.KeyFile(database.address)
    with database.engine.connect() as connection:
        key = seen.fresh(connection)

    with sqlite3.connect(keyring.file(database.address)) as other:
        assert [(key.secret,)] == other.execute("SELECT key FROM subject_keys WHERE id = ?", (key.id,)).fetchall()
    other.close()
    seen.close()
    database.close()


def destroy(shop, key_id):
    changed(shop, f"UPDATE {{}}subject_keys SET key = NULL, destroyed_at = 'now' WHERE id = '{key_id}'")


def lose(shop, key_id):
    changed(shop, f"DELETE FROM {{}}subject_keys WHERE id = '{key_id}'")


def changed(shop, sql):
    """Do something to the keyring behind the writer's back."""
    if shop.database.kind == "postgres":
        shop.database.change(lambda connection: connection.exec_driver_sql(sql.format("keyring.")))
        return
    with sqlite3.connect(keyring.file(shop.database.address)) as connection:
        connection.execute(sql.format(""))
    connection.close()
