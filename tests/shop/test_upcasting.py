"""Events of an older shape are read in the shape of now; what a newer program wrote is refused, never guessed."""

from typing import ClassVar

import msgspec
import pytest

from shop import events
from shop.events.base import Event
from shop.events.upcasting import StoredEvents


class _CardGiven(Event, frozen=True, kw_only=True, omit_defaults=True):
    """Version 1 had `value` as a text, version 2 split the currency off, version 3 named its `card`."""

    schema_version: ClassVar[int] = 3
    card: str
    amount: int
    currency: str
    note: str | None = None


class _CardTaken(Event, frozen=True, kw_only=True, omit_defaults=True):
    card: str


def split(told):
    amount, currency = told["value"].split(" ")
    return {name: field for name, field in told.items() if name != "value"} | {"amount": int(amount), "currency": currency}


def named(told):
    return {name: field for name, field in told.items() if name != "id"} | {"card": f"card_{told['id']}"}


STEPS = {("_CardGiven", 1): split, ("_CardGiven", 2): named}
STORED = StoredEvents([_CardGiven, _CardTaken], STEPS)
GIVEN = _CardGiven(card="card_7", amount=500, currency="GBP", note="é")


@pytest.mark.parametrize(
    ("version", "data"),
    [
        (1, '{"id":7,"value":"500 GBP","note":"é"}'),
        (2, '{"id":7,"amount":500,"currency":"GBP","note":"é"}'),
        (3, '{"card":"card_7","amount":500,"currency":"GBP","note":"é"}'),
    ],
)
def test_every_version_that_was_ever_stored_is_read_as_the_event_of_now(version, data):
    assert GIVEN == STORED.decode("_CardGiven", version, data)
    assert GIVEN == STORED.decode("_CardGiven", version, data.encode())


def test_an_event_that_never_changed_needs_no_step():
    assert _CardTaken(card="card_7") == STORED.decode("_CardTaken", 1, '{"card":"card_7"}')


@pytest.mark.parametrize(("kind", "version"), [("_CardGiven", 4), ("_CardTaken", 2), ("_CardBurnt", 1), ("_CardGiven", 0)])
def test_what_only_a_newer_program_knows_is_refused_with_what_to_do(kind, version):
    with pytest.raises(events.UnknownEventError, match=f"{kind} of version {version}.* newer Tradewind .* must be updated"):
        STORED.decode(kind, version, "{}")


def test_the_events_of_the_shop_refuse_what_they_do_not_know():
    with pytest.raises(events.UnknownEventError, match="ProductCreated of version 99"):
        events.decode("ProductCreated", 99, "{}")


@pytest.mark.parametrize("version", [1, 2, 3])
def test_another_shape_than_the_versions_is_an_error(version):
    with pytest.raises((msgspec.ValidationError, KeyError)):
        STORED.decode("_CardGiven", version, '{"id":7,"amount":"many","currency":"GBP"}')


@pytest.mark.parametrize("missing", STEPS)
def test_a_missing_step_is_found_before_any_event_is_read(missing):
    with pytest.raises(ValueError, match=f"_CardGiven from version {missing[1]} to {missing[1] + 1} is missing"):
        StoredEvents([_CardGiven, _CardTaken], {step: upcast for step, upcast in STEPS.items() if step != missing})


@pytest.mark.parametrize("step", [("_CardGiven", 3), ("_CardTaken", 1), ("_CardBurnt", 1)])
def test_a_step_that_leads_nowhere_is_found_before_any_event_is_read(step):
    with pytest.raises(ValueError, match=f"{step[0]} from version {step[1]} to {step[1] + 1} leads nowhere"):
        StoredEvents([_CardGiven, _CardTaken], STEPS | {step: named})
