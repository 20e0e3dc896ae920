"""`tradewind log ...` as an operator runs it: a process of its own, with the database that the environment names."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from shop import log


@pytest.fixture(params=["sqlite", "postgres"])
def databases(request):
    return request.getfixturevalue(f"{request.param}_databases")


@pytest.fixture
def database(databases, tmp_path):
    """Given a migrated database of either kind."""
    database = databases.new(tmp_path)
    yield database
    database.close()


@pytest.fixture
def tradewind(tmp_path):
    """Run the command line in an empty folder; return its exit code and what it said on each stream."""

    def run(*words, **environment):
        ended = subprocess.run(
            [sys.executable, "-m", "server", *words],
            cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(Path.cwd()), **environment}, capture_output=True, text=True,
            timeout=60, check=False,
        )  # fmt: skip
        return ended.returncode, ended.stdout, ended.stderr

    return run


def url_of(database):
    return f"sqlite:///{database.address}" if database.kind == "sqlite" else database.address


def test_a_new_epoch_is_told_beside_the_old_one_with_what_it_is_for(database, tradewind):
    old, position = database.read(log.head)

    code, told, _ = tradewind("log", "new-epoch", DATABASE_URL=url_of(database))

    new, position_now = database.read(log.head)
    assert 0 == code
    assert f"The log's epoch was {old} and is now {new}." == told.splitlines()[0]
    assert re.search("restore .* promotion .* views are made anew.* positions .* unknown", told.splitlines()[1])
    assert (True, position) == (old != new, position_now)


def test_each_time_it_is_asked_for_there_is_another_epoch(database, tradewind):
    for _ in range(2):
        tradewind("log", "new-epoch", DATABASE_URL=url_of(database))

    _, told, _ = tradewind("log", "new-epoch", DATABASE_URL=url_of(database))

    old, new = re.findall("[0-9a-f]{8}", told)
    assert old != new
    assert new == database.read(log.head)[0]


def test_where_there_is_no_database_none_is_made(tradewind, tmp_path):
    code, told, problem = tradewind("log", "new-epoch", TRADEWIND_DATA=str(tmp_path), DATABASE_URL="")

    assert (1, "") == (code, told)
    assert re.fullmatch(
        "tradewind: there is no database at .*/tradewind.db, so no log: `tradewind migrate` begins one.\n", problem
    )
    assert [] == list(tmp_path.iterdir())


def test_a_database_without_a_log_is_refused_in_one_line(postgres_databases, tradewind):
    address = postgres_databases.empty("without_a_log")

    code, told, problem = tradewind("log", "new-epoch", DATABASE_URL=address)

    assert (1, "", 1) == (code, told, len(problem.splitlines()))
    assert "has no log yet (`tradewind migrate` begins one)" in problem


def test_a_file_without_a_log_is_refused_in_one_line(tradewind, tmp_path):
    (tmp_path / "empty.db").touch()

    code, told, problem = tradewind("log", "new-epoch", DATABASE_URL=f"sqlite:///{tmp_path}/empty.db")

    assert (1, "", 1) == (code, told, len(problem.splitlines()))
    assert "has no log yet (`tradewind migrate` begins one)" in problem


def test_a_server_that_does_not_answer_is_told_in_one_line(tradewind):
    code, told, problem = tradewind("log", "new-epoch", DATABASE_URL="postgresql://nobody@127.0.0.1:1/nothing")

    assert (1, "", 1) == (code, told, len(problem.splitlines()))
    assert "or is silent" in problem
