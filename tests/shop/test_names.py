"""Ids, positions and keys: texts that compare as the things they name do."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shop import clock, ids, position, views
from shop.position import Position

PLACES = st.builds(Position, st.just("0a1b2c3d"), st.integers(0, 10**14 - 1), st.integers(0, 99_999))


@given(PLACES)
def test_a_position_is_read_back_as_it_was_written(place):
    assert place == position.parse(str(place))


@given(PLACES, PLACES)
def test_positions_compare_as_their_texts_do(one, other):
    assert (one < other) == (str(one) < str(other))


@pytest.mark.parametrize("text", ["", "1", "0a1b2c3d.1.0", "0A1B2C3D.00000000000001.00000", "zz1b2c3d.00000000000001.00000"])
def test_another_text_is_no_position(text):
    with pytest.raises(ValueError, match="log position"):
        position.parse(text)


def test_later_ids_sort_after_earlier_ones():
    assert ids.uuid7(now_ns=1_700_000_000_000_000_000) < ids.uuid7(now_ns=1_700_000_000_001_000_000)


def test_an_id_is_a_uuid_of_version_seven():
    text = ids.uuid7()

    assert ("7", True) == (text[12], text[16] in "89ab")


@given(st.integers(-(10**16), 10**16), st.integers(-(10**16), 10**16))
def test_numbers_in_an_index_compare_as_numbers(one, other):
    assert (one < other) == (views.number_key(one) < views.number_key(other))


def test_a_moment_survives_being_written():
    now = clock.utc_now()

    assert now == clock.moment(clock.text(now))


def test_all_that_hangs_on_a_root_lies_in_its_segment():
    keys = views.Keys(16)

    assert {keys.segment("prod_1")} == {keys.segment(f"prod_1:{part}") for part in ("retail", "var_1:wh_1", "uk:2010-12")}


def test_a_segments_keys_share_their_hash_tag():
    keys = views.Keys(16)
    segment = keys.segment("prod_1")
    made = [
        keys.document(views.Product, "prod_1", 1),
        keys.index(views.Product, segment, "x", 1),
        keys.feed(segment, "0a1b2c3d"),
    ]
    made += [
        name(segment)
        for name in (
            keys.serving, keys.goals, keys.previous, keys.checkpoints, keys.writing, keys.folds, keys.leases, keys.parked,
            keys.wishes, keys.feed_from,
        )
    ]  # fmt: skip

    assert {f"{{tw{segment}}}"} == {key.partition(":")[0] for key in made}
