"""Every field of every event that may tell of a person is declared personal or plain, so that no later event forgets."""

import typing

import msgspec
import pytest

from shop import events
from shop.events import personal
from shop.events.base import Address, Event

_PLAIN_ENDINGS = ("_id", "_ids", "_at")


def holds(kind, wanted):
    """Whether a type is, or has somewhere in it, one of the wanted types."""
    return kind in wanted or any(holds(part, wanted) for part in typing.get_args(kind))


def structs(kind):
    """The structs that a type is made of."""
    here = [kind] if isinstance(kind, type) and issubclass(kind, msgspec.Struct) else []
    return here + [one for part in typing.get_args(kind) for one in structs(part)]


def undeclared(kind):
    """What a person must be asked about: fields with text, an address or free JSON that nothing is said of."""
    silent = []
    for field in msgspec.structs.fields(kind):
        told = f"{kind.__name__}.{field.name}"
        if field.name in personal.PERSONAL.get(kind, ()):
            continue
        if holds(field.type, personal.OF_A_PERSON) or (
            holds(field.type, (str, typing.Any))
            and not (
                field.name.endswith(_PLAIN_ENDINGS)
                or field.name in personal.PLAIN
                or kind in personal.PLAIN_IN.get(field.name, ())
            )
        ):
            silent.append(told)
        silent += [one for part in structs(field.type) if part not in personal.OF_A_PERSON for one in undeclared(part)]
    return silent


def problems(kinds):
    silent = sorted({one for kind in kinds for one in undeclared(kind)})
    return [
        f"{one}: does it tell of a person? Then name it in PERSONAL of shop/events/personal.py, and give it the default None. "
        "If not, name it in PLAIN or PLAIN_IN there."
        for one in silent
    ]


def test_every_field_that_may_tell_of_a_person_is_declared():
    assert [] == problems(events.ALL)


class _Called(Event, frozen=True, kw_only=True, omit_defaults=True):
    customer_id: str
    nickname: str | None = None
    home: Address | None = None


class _Line(msgspec.Struct, frozen=True):
    remark: str


class _Remarked(Event, frozen=True, kw_only=True, omit_defaults=True):
    order_id: str
    lines: list[_Line] = []
    metadata: typing.Any = None


def test_a_field_that_nothing_is_said_of_is_named_with_what_to_do():
    told = problems([_Called, _Remarked])

    assert ["_Called.home", "_Called.nickname", "_Line.remark", "_Remarked.metadata"] == [one.partition(":")[0] for one in told]
    assert all("PERSONAL" in one and "shop/events/personal.py" in one for one in told)


@pytest.mark.parametrize("kind", personal.PERSONAL, ids=lambda kind: kind.__name__)
def test_what_is_personal_may_be_gone_and_its_person_is_named(kind):
    fields = {field.name: field for field in msgspec.structs.fields(kind)}

    assert {None} == {fields[name].default for name in personal.PERSONAL[kind]}
    assert {"customer_id", "order_id", "checkout_id"} & fields.keys()


def test_what_is_declared_is_an_event_that_is_stored():
    assert [] == [kind.__name__ for kind in personal.PERSONAL if kind not in events.ALL]
