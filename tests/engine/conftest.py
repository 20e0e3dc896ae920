"""Tests of the engine use the random shops and workers that the oracle's tests have, on SQLite unless they say otherwise."""

import pytest

from tests.oracle.conftest import random_shop

__all__ = ["random_shop"]


@pytest.fixture
def place(sqlite_databases):
    return sqlite_databases, 1
