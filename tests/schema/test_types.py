"""What types make of their sources, where no store is needed to see it."""

import datetime as dt
from typing import Any

import pytest
import strawberry
from graphql import GraphQLError, parse
from graphql.type import GraphQLInterfaceType

from schema import node_query, nodes, scalars
from schema.money import span
from schema.nodes import Within, one_of
from schema.root import build_schema
from shop import views
from shop.money import Money


def variant(**told: Any) -> views.Variant:
    return views.Variant(id="var_1", version=1, updated_at="", sku="A", name="A", **told)


def test_every_node_is_known_by_the_prefix_of_its_id() -> None:
    schema = build_schema()._schema  # type: ignore[attr-defined]
    node = schema.get_type("Node")
    assert isinstance(node, GraphQLInterfaceType)

    implementors = {one.name for one in schema.get_implementations(node).objects}

    assert implementors == set(nodes.TYPES.values())


def test_what_can_be_loaded_by_id_has_a_type() -> None:
    assert set() == node_query.LOADERS.keys() - nodes.TYPES.keys()


def test_no_middleware_runs_for_each_field() -> None:
    schema = build_schema()

    assert [] == [one for one in schema.get_extensions() if one._implements_resolve()]


def test_a_variant_is_in_stock_while_some_are_free_or_may_be_ordered_back() -> None:
    assert variant(available_quantity=1).in_stock
    assert variant(backorderable=True).in_stock
    assert not variant().in_stock
    assert not variant(available_quantity=1, discontinued=True).in_stock


def test_a_span_goes_by_value_and_not_by_text() -> None:
    low, high = Money("9.50", "GBP"), Money("10.00", "GBP")

    found = span([high, None, low])

    assert found is not None
    assert (low, high) == (found.min, found.max)


def test_without_prices_there_is_no_span() -> None:
    assert span([None]) is None


def test_what_was_reached_through_something_reads_as_itself() -> None:
    line = Within(variant(), "uk")

    assert ("A", "uk") == (line.sku, line.owner)


def test_a_thing_is_named_in_exactly_one_way() -> None:
    assert {"slug": "cup"} == one_of(id=strawberry.UNSET, slug="cup")
    for both_or_none in ({"id": "1", "slug": "cup"}, {"id": None, "slug": strawberry.UNSET}):
        with pytest.raises(GraphQLError):
            one_of(**both_or_none)


def test_a_decimal_is_a_text_and_never_a_float() -> None:
    assert "19.90" == scalars._decimal("19.90")
    for wrong in (19.9, 19, "NaN", "Infinity", "ten", "", None, True):
        with pytest.raises(ValueError, match="Write it"):
            scalars._decimal(wrong)


def test_a_country_is_two_capital_letters() -> None:
    assert "DE" == scalars._country("DE")
    for wrong in ("de", "DEU", "D1", "", 49):
        with pytest.raises(ValueError, match="Write it"):
            scalars._country(wrong)


def test_a_date_is_a_calendar_date() -> None:
    assert dt.date(2026, 1, 31) == scalars._date("2026-01-31")
    for wrong in ("20260131", "2026-01-31T00:00:00Z", "2026-02-30", 1):
        with pytest.raises(ValueError, match=r"Write it|day"):
            scalars._date(wrong)


def test_the_printed_schema_can_be_read_back() -> None:
    assert parse(build_schema().as_str())
