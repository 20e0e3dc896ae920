"""The log is dense, in commit order, and tells of every document that an event changes."""

import json
import types
import typing

import msgspec
import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from shop import events, log
from shop.events import Address
from writes.books import BookLine, RecordCredit, RecordPastOrder
from writes.catalog import CreateProduct, UnpublishProduct, UpdateProduct
from writes.checkout import CancelCheckout, ExpireCheckout, StartCheckout
from writes.fulfillment import SetOrderLineStatus
from writes.orders import CancelOrder


async def a_full_day(shop):
    """Given a shop in which nearly everything happened once."""
    mug = await shop.sells("M", stocked=9)
    when = "2010-12-01T08:26:00Z"
    await shop.given(RecordPastOrder("1", "uk", shop.warehouse, when, [BookLine("M", "Mug", 2, "2.55")], "17850"))
    await shop.given(RecordCredit("C1", "uk", when, [BookLine("M", "Mug", 3, "2.55")], "17850"))
    shipped = await shop.order((mug, 1))
    for status in ("PICKING", "SHIPPED", "DELIVERED"):
        await shop.given(SetOrderLineStatus(shipped, shop.lines(shipped)[0].id, status))
    for captured in (True, False):
        await shop.given(CancelOrder(await shop.order((mug, 1), capture=captured), "no"))
    declined = await shop.checkout((mug, 1))
    await shop.when(shop.completing(declined, "decline"))
    await shop.given(CancelCheckout(declined))
    expired = await shop.checkout((mug, 1))
    shop.passes(minutes=11)
    await shop.given(ExpireCheckout(expired), StartCheckout(await shop.cart((mug, 1))))


def arbitrary(kind):
    """Any value of a field's type: what JSON can say, and no more."""
    if kind is typing.Any:
        return st.recursive(
            st.none() | st.booleans() | st.text(), lambda some: st.lists(some) | st.dictionaries(st.text(), some)
        )
    if isinstance(kind, types.UnionType):
        return st.one_of(*map(arbitrary, typing.get_args(kind)))
    if typing.get_origin(kind) is list:
        return st.lists(arbitrary(typing.get_args(kind)[0]), max_size=3)
    if typing.get_origin(kind) is dict:
        return st.dictionaries(*map(arbitrary, typing.get_args(kind)), max_size=3)
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return st.builds(kind, **{field.name: arbitrary(field.type) for field in msgspec.structs.fields(kind)})
    return {str: st.text(), int: st.integers(-(2**53), 2**53), bool: st.booleans(), type(None): st.none()}[kind]


@pytest.mark.parametrize("kind", events.ALL, ids=lambda kind: kind.__name__)
def test_every_event_survives_being_stored(kind):
    @settings(max_examples=30, deadline=None)
    @given(arbitrary(kind))
    def survives(event):
        assert event == events.decode(kind.__name__, kind.schema_version, msgspec.json.encode(event).decode())
        assert event.stream is not None
        assert all(isinstance(root, str) for root in event.roots())

    survives()


def test_every_event_is_registered_and_public():
    def below(kind):
        return {kind, *(one for child in kind.__subclasses__() for one in below(child))}

    whole = {kind for kind in below(events.Event) if kind.__module__.startswith("shop.") and not kind.__subclasses__()}
    assert whole == set(events.ALL)
    assert {kind.__name__ for kind in events.ALL} <= set(events.__all__)


async def test_positions_are_dense(shop):
    await a_full_day(shop)
    recorded = shop.log()
    assert list(range(1, len(recorded) + 1)) == [one.position for one in recorded]


async def test_versions_of_a_stream_follow_each_other(shop):
    await a_full_day(shop)
    versions = {}
    for one in shop.log():
        assert versions.get(one.stream, 0) + 1 == one.stream_version
        versions[one.stream] = one.stream_version
    assert versions == {row.id: row.version for row in shop.rows(log.streams.select())}


async def test_a_stream_whose_command_was_refused_has_no_version(shop):
    await shop.when(CreateProduct("Mug", category_ids=["cat_0"]))
    assert 0 == shop.read(log.version, "prod_0")


async def test_every_root_of_every_event_leads_to_it(shop):
    await a_full_day(shop)
    rows = shop.rows(log.event_roots.select())
    assert {(root, one.position) for one in shop.log() for root in one.event.roots()} == {tuple(row) for row in rows}


async def test_all_events_of_a_product_are_found_by_its_root(shop):
    made = await shop.given(CreateProduct("Mug"))
    await shop.given(UpdateProduct(made["product_id"], name="Cup"), UnpublishProduct(made["product_id"], ["uk"]))
    of_root = sa.select(log.event_roots.c.position).where(log.event_roots.c.root == made["product_id"])
    types_ = {one.position: one.type for one in shop.log()}
    assert ["ProductCreated", "ProductDescribed"] == [types_[row.position] for row in shop.rows(of_root)]


async def test_what_is_read_back_is_what_was_recorded(shop):
    address = Address("Zoë", "1 High St", "York", "GB")
    cart_id = await shop.cart((await shop.sells(stocked=1), 1))
    await shop.when(StartCheckout(cart_id, shipping_address=address, metadata={"a": [1, None, "é"]}))
    started = shop.first(events.CheckoutStarted)
    assert (address, {"a": [1, None, "é"]}) == (started.shipping_address, started.metadata)


async def test_stored_events_name_their_type_and_their_schema_version(shop):
    await shop.given(CreateProduct("Mug"))
    row = shop.rows(log.stored_events.select())[-1]
    assert ("ProductCreated", 1, "Mug") == (row.type, row.schema_version, json.loads(row.data)["name"])


async def test_the_log_is_read_on_from_any_position(shop):
    await a_full_day(shop)
    whole = shop.log()
    assert whole[5:8] == shop.read(log.after, 5, 3)
    assert len(whole) == shop.read(log.head)[1]


async def test_a_command_is_found_by_its_id_at_its_last_position(shop):
    await shop.when(CreateProduct("Mug"))
    last = shop.log()[-1]
    assert {last.command_id: last.position} == shop.read(log.positions_of, [last.command_id, "cmd_0"])
