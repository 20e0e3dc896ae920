"""Refusals as clients see them, and what they are told of everything else that goes wrong."""

import pytest
from graphql import GraphQLError, Source, parse, validate

from reads.errors import ReadError, ViewRebuilding
from schema import errors, faults
from schema.root import build_schema
from writes import refusals
from writes.refusals import Refused

EXAMPLES = (
    Refused("no"),
    refusals.Invalid("no", ["input", "lines", 0]),
    refusals.NotFound("no"),
    refusals.NotBought("no"),
    refusals.Taken("no"),
    refusals.VersionConflict(3, 2),
    refusals.OutOfStock("var_1", 3, 2, ["lines", 0]),
    refusals.StockConflict("var_1", "wh_1", 5),
    refusals.NotAllowedFrom("The order", "CANCELED", ["PLACED"]),
    refusals.ReservationExpired("no"),
    refusals.PriceChanged(100, 1250, "GBP"),
    refusals.AboveLimit("no", 999),
    refusals.CodeNotApplicable("MINIMUM_NOT_MET", "no", 550, "GBP"),
    refusals.PaymentRefused("PAYMENT_DECLINED", "no", "pay_1", "card_declined", retryable=True),
    refusals.KeyReused("no"),
    refusals.StillInProgress("no"),
)


def every(kind: type) -> set[type]:
    return {kind}.union(*(every(below) for below in kind.__subclasses__()))


def test_every_refusal_has_its_place_in_the_table() -> None:
    assert every(Refused) == set(errors.TOLD)


def test_every_refusal_has_an_example_here() -> None:
    assert every(Refused) == {type(refused) for refused in EXAMPLES}


@pytest.mark.parametrize("refused", EXAMPLES, ids=lambda refused: type(refused).__name__)
def test_a_refusal_keeps_its_code_its_words_and_its_path(refused: Refused) -> None:
    told = errors.told(refused)

    assert (refused.code, refused.message, refused.path) == (told.code, told.message, told.path)


def test_an_out_of_stock_tells_what_is_free() -> None:
    told = errors.told(refusals.OutOfStock("var_1", 3, 2))

    assert isinstance(told, errors.StockError)
    assert ("var_1", 3, 2) == (told.variant_id, told.requested, told.available)


def test_a_changed_price_is_told_as_money() -> None:
    told = errors.told(refusals.PriceChanged(100, 1250, "GBP"))

    assert isinstance(told, errors.PriceChangedError)
    assert ("1.00", "12.50", "GBP") == (told.expected.amount, told.actual.amount, told.actual.currency)


def test_a_wrong_state_tells_which_steps_are_allowed() -> None:
    told = errors.told(refusals.NotAllowedFrom("The order", "CANCELED", ["PLACED"]))

    assert isinstance(told, errors.TransitionError)
    assert ("CANCELED", ["PLACED"]) == (told.from_, told.allowed)


def test_every_error_type_can_be_found_behind_the_interface() -> None:
    assert every(errors.UserError) - {errors.UserError} == set(errors.TYPES)


def raised(cause: Exception) -> GraphQLError:
    """An error as it looks after a field's resolver raised its cause."""
    return GraphQLError(str(cause), path=["order"], original_error=cause)


def test_a_bug_is_told_as_an_internal_error_and_no_more() -> None:
    told = faults.told(raised(RuntimeError("the password is 1234")))

    assert ("Internal error", {"code": "INTERNAL"}, ["order"]) == (told.message, told.extensions, told.path)
    assert told.original_error is None


def test_a_bug_before_the_first_field_is_masked_too() -> None:
    told = faults.told(GraphQLError("secret", original_error=RuntimeError("secret")))

    assert "Internal error" == told.message


def test_a_broken_promise_of_a_type_is_masked() -> None:
    told = faults.told(raised(TypeError("Cannot return null for non-nullable field Order.channel.")))

    assert "Internal error" == told.message


@pytest.mark.parametrize("kind", sorted(every(ReadError), key=lambda kind: kind.__name__), ids=lambda kind: kind.__name__)
def test_a_read_that_cannot_be_answered_is_told_with_its_code(kind: type[ReadError]) -> None:
    cause = kind.__new__(kind)

    assert {"code": kind.code} == faults.told(raised(cause)).extensions


def test_a_view_that_is_being_made_tells_how_far_it_is() -> None:
    assert {"code": "VIEW_REBUILDING", "applied": 3, "total": 10} == faults.told(raised(ViewRebuilding(3, 10))).extensions


def test_a_read_error_keeps_its_words() -> None:
    assert str(ViewRebuilding(3, 10)) == faults.told(raised(ViewRebuilding(3, 10))).message


def test_our_own_errors_pass() -> None:
    own = faults.bad_input("Give one of id and slug.")

    assert own is faults.told(own)


@pytest.mark.parametrize(
    "query", ["{ nope }", '{ sales(from: "x", to: "2026-01-31") { date } }', '{ products(first: "1") { totalCount } }']
)
def test_what_graphql_itself_finds_wrong_passes(query: str) -> None:
    schema = build_schema()._schema  # type: ignore[attr-defined]

    found = validate(schema, parse(Source(query)))

    assert found
    assert found == [faults.told(error) for error in found]


def test_what_is_no_position_is_unknown() -> None:
    with pytest.raises(GraphQLError) as told:
        faults.parse_position("yesterday")

    assert {"code": "POSITION_UNKNOWN"} == told.value.extensions
