"""What the README says to paste is valid against the schema."""

import re
from pathlib import Path

import pytest
from graphql import build_schema as built
from graphql import parse, validate

from schema.root import build_schema

BLOCKS = re.findall(r"```graphql\n(.*?)```", (Path(__file__).parents[2] / "README.md").read_text(), re.DOTALL)
OPERATIONS = [operation for block in BLOCKS for operation in re.split(r"\n(?=mutation)", block)]


@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_operation_of_the_readme_is_valid(operation: str) -> None:
    schema = built(build_schema().as_str())

    assert [] == validate(schema, parse(operation))


def test_the_readme_has_operations_to_try() -> None:
    assert 5 <= len(OPERATIONS)
