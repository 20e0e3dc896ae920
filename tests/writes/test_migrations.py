"""The migrated schema is the schema the code means, on both databases, and both hold to it."""

import re

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from shop import log
from writes import migrate
from writes import tables as t

_SQLITE_SCHEMA = sa.text("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name <> 'alembic_version'")

# All that PostgreSQL itself knows of columns, constraints and indexes, as it would write them.
_POSTGRES_SCHEMA = sa.text("""
    SELECT concat_ws(' ', relation.relname, attribute.attname) AS name,
           concat_ws(' ', format_type(atttypid, atttypmod), CASE WHEN attnotnull THEN 'NOT NULL' END,
                     pg_get_expr(adbin, adrelid), rules.collname, attidentity) AS sql
    FROM pg_class AS relation JOIN pg_attribute AS attribute ON attribute.attrelid = relation.oid AND attnum > 0
    LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
    LEFT JOIN pg_collation AS rules ON rules.oid = attcollation
    WHERE relation.relnamespace = 'public'::regnamespace AND relkind = 'r'
    UNION ALL
    SELECT concat_ws(' ', conrelid::regclass, conname), pg_get_constraintdef(oid)
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace
    UNION ALL
    SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
""")


@pytest.fixture
def migrated(databases, tmp_path):
    database = databases.new(tmp_path)
    yield database
    database.close()


@pytest.fixture
def declared(databases, tmp_path):
    """Given a database whose tables were made as the code declares them, without migrations."""
    database = databases.new_empty(tmp_path)
    database.change(t.metadata.create_all)
    yield database
    database.close()


def schema_of(database):
    query = _SQLITE_SCHEMA if database.kind == "sqlite" else _POSTGRES_SCHEMA
    found = {row.name: row.sql for row in database.read(lambda connection: connection.execute(query).all())}
    return {name: re.sub(r"\s*,\s*", ", ", sql) for name, sql in found.items() if "alembic_version" not in name}


def differences(connection):
    return compare_metadata(MigrationContext.configure(connection), t.metadata)


def pragma(engine, name):
    with engine.connect() as connection:
        return connection.exec_driver_sql(f"PRAGMA {name}").scalar()


def test_alembic_finds_nothing_to_add_to_the_migrated_schema(migrated):
    assert [] == migrated.read(differences)


def test_the_migrated_schema_is_the_one_the_tables_declare_to_the_letter(migrated, declared):
    assert {"events", "log_head"} <= {name.split()[0] for name in schema_of(migrated)}
    assert schema_of(declared) == schema_of(migrated)


def test_migrating_again_keeps_the_epoch(migrated):
    assert migrated.read(log.head)[0] == migrated.change(migrate.upgrade) == migrated.change(migrate.upgrade)


def test_each_new_store_has_an_epoch_of_its_own(databases, tmp_path):
    stores = [databases.new_empty(tmp_path) for _ in range(2)]
    one, other = (store.change(migrate.upgrade) for store in stores)
    for store in stores:
        store.close()
    assert one != other


def test_a_check_of_the_migrated_schema_is_enforced(migrated):
    row = sa.insert(log.log_head).values(only=2, epoch="00000000", position=0)
    with pytest.raises(sa.exc.IntegrityError, match=r"(?i)check"):
        migrated.change(lambda connection: connection.execute(row))


def test_a_reference_to_nothing_is_refused_at_once(migrated):
    row = sa.insert(t.carts).values(id="cart_1", channel="nowhere", status="OPEN", expires_at="")
    with pytest.raises(sa.exc.IntegrityError, match=r"(?i)foreign key"):
        migrated.change(lambda connection: connection.execute(row))


def test_commits_to_a_sqlite_file_are_on_the_disk_and_keys_are_held(sqlite_databases, tmp_path):
    engine = sqlite_databases.new(tmp_path).engine
    assert ("wal", 2, 1) == (pragma(engine, "journal_mode"), pragma(engine, "synchronous"), pragma(engine, "foreign_keys"))
