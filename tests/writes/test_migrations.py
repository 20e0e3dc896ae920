"""The migrated schema is the schema the code means, and SQLite holds to it."""

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from writes import tables as t
from writes.migrate import migrate
from writes.sqlite import open_engine

_SCHEMA = sa.text("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name <> 'alembic_version'")


def schema_of(engine):
    with engine.connect() as connection:
        return {row.name: row.sql for row in connection.execute(_SCHEMA)}


def pragma(engine, name):
    with engine.connect() as connection:
        return connection.exec_driver_sql(f"PRAGMA {name}").scalar()


@pytest.fixture
def migrated(tmp_path):
    engine = open_engine(tmp_path / "migrated.db")
    migrate(engine)
    return engine


def test_alembic_finds_nothing_to_add_to_the_migrated_schema(migrated):
    with migrated.connect() as connection:
        assert [] == compare_metadata(MigrationContext.configure(connection), t.metadata)


def test_the_migrated_schema_is_the_one_the_tables_declare_to_the_letter(migrated, tmp_path):
    declared = open_engine(tmp_path / "declared.db")
    t.metadata.create_all(declared)
    assert schema_of(declared) == schema_of(migrated)


def test_migrating_again_keeps_the_epoch(migrated):
    assert migrate(migrated) == migrate(migrated)


def test_each_new_store_has_an_epoch_of_its_own(tmp_path):
    assert migrate(open_engine(tmp_path / "a.db")) != migrate(open_engine(tmp_path / "b.db"))


def test_commits_are_on_the_disk_and_keys_are_held(migrated):
    assert ("wal", 2, 1) == (
        pragma(migrated, "journal_mode"),
        pragma(migrated, "synchronous"),
        pragma(migrated, "foreign_keys"),
    )


def test_a_check_of_the_migrated_schema_is_enforced(migrated):
    head = t.metadata.tables["log_head"]
    with migrated.begin() as connection, pytest.raises(sa.exc.IntegrityError, match="CHECK"):
        connection.execute(sa.insert(head).values(only=2, epoch="00000000", position=0))


def test_a_reference_to_nothing_is_refused_at_once(migrated):
    row = {"id": "cart_1", "channel": "nowhere", "status": "OPEN", "expires_at": ""}
    with migrated.begin() as connection, pytest.raises(sa.exc.IntegrityError, match="FOREIGN KEY"):
        connection.execute(sa.insert(t.carts).values(row))
