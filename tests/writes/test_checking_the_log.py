"""Before a start, the first and the newest event of every kind in the log are tried. It takes no longer for a longer log."""

import pytest
import sqlalchemy as sa

from shop import events, log
from shop.tail import LogUnavailableError, open_tail
from writes.catalog import CreateProduct

AT = "2026-01-31T12:00:00.000Z"


@pytest.fixture
async def tail(empty_shop):
    async with open_tail(empty_shop.database.address) as tail:
        yield tail


def stored(*rows, after=0):
    """Rows of the log as anyone may have written them: (type, version, data)."""
    return [
        {
            "position": position, "id": f"evt_{position}", "type": kind, "schema_version": version,
            "stream": f"s_{position}", "stream_version": 1, "at": AT, "actor": "test", "command_id": f"cmd_{position}",
            "data": data,
        }
        for position, (kind, version, data) in enumerate(rows, after + 1)
    ]  # fmt: skip


def holds(shop, *rows, after=0):
    shop.database.change(lambda connection: connection.execute(sa.insert(log.stored_events), stored(*rows, after=after)))


PUBLISHED = ("ProductPublished", 1, '{"product_id":"prod_1","channel":"uk"}')


async def test_an_empty_log_can_be_read(tail):
    assert [] == await tail.unreadable()


async def test_a_log_of_known_events_can_be_read(shop, tail):
    await shop.order((await shop.sells(stocked=1), 1))
    assert [] == await tail.unreadable()


async def test_kinds_that_a_newer_program_wrote_are_named_with_their_place(empty_shop, tail):
    await empty_shop.given(CreateProduct("Mug"))
    newer = ("ProductPublished", 2, "{}"), ("ProductPainted", 1, "{}")
    holds(empty_shop, PUBLISHED, *newer, PUBLISHED, *newer, PUBLISHED, after=1)
    told = await tail.unreadable()
    assert ["ProductPublished of version 2 at position 3", "ProductPainted of version 1 at position 4"] == [
        line.partition(":")[0] for line in told[:2]
    ]
    assert ["at position 6", "at position 7"] == [line.partition(":")[0][-13:] for line in told[2:]]
    assert all("this process must be updated" in line for line in told)


@pytest.mark.parametrize("bad", [1, 5])
async def test_the_first_and_the_newest_event_of_a_kind_are_tried(empty_shop, tail, bad):
    rows = [PUBLISHED] * 5
    rows[bad - 1] = ("ProductPublished", 1, '{"channel":"uk"}')
    holds(empty_shop, *rows)
    (told,) = await tail.unreadable()
    assert told.startswith(f"ProductPublished of version 1 at position {bad}: ValidationError: Object missing required field")


async def test_whatever_an_upcaster_stumbles_over_is_told(empty_shop, monkeypatch):
    def stumbles(*_):
        raise KeyError("value")

    monkeypatch.setattr(events, "decode", stumbles)
    holds(empty_shop, PUBLISHED)
    assert ["ProductPublished of version 1 at position 1: KeyError: 'value'"] == empty_shop.read(log.unreadable)


async def test_a_database_that_is_not_migrated_yet_is_waited_for_not_searched(empty_shop, tail):
    empty_shop.database.change(lambda connection: connection.execute(sa.text("DROP INDEX events_by_kind")))
    with pytest.raises(LogUnavailableError, match="not migrated"):
        await tail.unreadable()


@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
async def test_no_step_of_the_search_reads_the_whole_log(empty_shop):
    plan = {row.detail for row in empty_shop.rows(sa.text(f"EXPLAIN QUERY PLAN {log._SAMPLES}"))}
    scans = {step for step in plan if step.startswith("SCAN")}
    assert "SEARCH events USING COVERING INDEX events_by_kind (type>?)" in plan
    assert {"SCAN CONSTANT ROW", "SCAN firsts", "SCAN lasts", "SCAN samples"} == scans


@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
async def test_a_longer_log_takes_no_more_steps(empty_shop):
    def steps(connection):
        taken = 0

        def count():
            nonlocal taken
            taken += 1

        driver = connection.connection.dbapi_connection
        driver.set_progress_handler(count, 1)
        assert 6 == len(connection.execute(log._SAMPLES).all())
        driver.set_progress_handler(None, 1)
        return taken

    kinds = [("A", 1, "{}"), ("A", 2, "{}"), ("B", 1, "{}")]
    holds(empty_shop, *kinds * 10)
    empty_shop.read(steps)  # the first statement of a connection also learns the schema
    short = empty_shop.read(steps)
    holds(empty_shop, *kinds * 1000, after=30)
    assert short == empty_shop.read(steps)
