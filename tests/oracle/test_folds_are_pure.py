"""Folds from the outside: nothing that goes in is changed, and what comes out depends on nothing else."""

import msgspec
import pytest

from projections.all import touched
from projections.carts import cart
from shop import events
from shop.log import Recorded
from shop.views import Cart
from tests.oracle.conftest import SHOPS


@pytest.mark.parametrize("seed", range(SHOPS))
async def test_a_fold_leaves_the_document_that_it_is_given_as_it_was(random_shop, seed):
    async with random_shop(seed) as one:
        await one.shop.does(200)
        documents = {}

        for recorded in await one.tail.after(0, 100_000):
            for touch in touched(recorded):
                name = (touch.projection.view, touch.document_id)
                given = documents.get(name)
                before = msgspec.json.encode(given)
                documents[name] = touch.projection.fold(given, touch.document_id, recorded, touch.ordinal, touch.part)

                assert before == msgspec.json.encode(given)
                assert given is not documents[name]
                assert documents[name] == touch.projection.fold(given, touch.document_id, recorded, touch.ordinal)


def test_a_fold_with_nothing_to_change_marks_the_place_on_a_document_of_its_own():
    given = Cart(id="cart_1", channel="uk", currency="GBP", expires_at="", checkout_id="chk_new", folded_position=3)
    late = events.CheckoutExpired(checkout_id="chk_old", cart_id="cart_1")
    recorded = Recorded(7, "evt_1", late.stream, 2, "2026-01-31T12:00:00Z", "system", "cmd_1", late)

    folded = cart.fold(given, "cart_1", recorded, 1)

    assert ("chk_new", 7) == (folded.checkout_id, folded.folded_position)
    assert 3 == given.folded_position
