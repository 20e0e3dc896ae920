"""The page on adding a feature names files that are there."""

import re
from pathlib import Path

HOME = Path(__file__).parents[2]


def test_every_file_that_the_page_names_is_there() -> None:
    page = (HOME / "docs" / "adding-a-feature.md").read_text()
    named = {name for name in re.findall(r"`([\w/.]+)`", page) if "/" in name}

    assert len(named) > 40
    assert [] == sorted(name for name in named if not (HOME / name).exists())
