"""What a buyer is told of an order: public types, their public fields, and who did it as the buyer knows them."""

import pytest

from shop import events
from shop.views import Timeline, TimelineEntry, as_buyer
from shop.views.timelines import PUBLIC


def told(*entries, customer_id="cus_1"):
    every = [TimelineEntry(at, "2026-01-31T12:00:00.000Z", *entry) for at, entry in enumerate(entries)]
    return as_buyer(Timeline(id="ord_1", number="T1", customer_id=customer_id, entries=every))


def test_a_buyer_is_told_of_events_that_exist_and_of_fields_that_they_have():
    known = {kind.__name__: kind.__struct_fields__ for kind in events.OF_ORDERS}
    assert set() == PUBLIC.keys() - known.keys()
    assert {} == {kind: missing for kind, names in PUBLIC.items() if (missing := set(names) - set(known[kind]))}


def test_what_is_the_shops_own_business_is_left_out():
    paid = ("PaymentCaptured", {"amount": 999, "currency": "GBP", "provider_ref": "x", "message": "risky"})
    (entry,) = told(("staff", "StockShipped", {"moves": []}), ("staff", *paid), ("staff", "OrderDescribed", {"email": "a@b"}))
    assert ("PaymentCaptured", {"amount": 999, "currency": "GBP"}) == (entry.type, entry.data)


def test_a_note_is_told_where_it_is_meant_for_the_buyer():
    notes = [
        ("staff", "OrderNoted", {"note": "Ring twice"}),
        ("staff", "OrderNoted", {"note": "Sent", "visible_to_customer": True}),
    ]
    assert [{"note": "Sent"}] == [entry.data for entry in told(*notes)]


@pytest.mark.parametrize(
    ("actor", "customer_id", "known_as"),
    [("cus_1", "cus_1", "you"), ("anonymous", None, "you"), ("anonymous", "cus_1", "shop"), ("staff", "cus_1", "shop"),
     ("system", None, "system"), ("cus_2", "cus_1", "shop")],
)  # fmt: skip
def test_who_did_it_is_you_the_shop_or_the_system(actor, customer_id, known_as):
    (entry,) = told((actor, "OrderPlaced", {}), customer_id=customer_id)
    assert known_as == entry.actor


def test_what_is_left_out_of_an_event_is_left_out_here():
    (entry,) = told(("staff", "ReturnRejected", {"return_id": "ret_1"}))
    assert {"return_id": "ret_1"} == entry.data
