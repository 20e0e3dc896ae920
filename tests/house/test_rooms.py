"""The house: which room may import which, and where each library lives. Shown here to catch a violation."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

HOME = Path(__file__).parents[2]

SHARED = {
    "shop.events",
    "shop.views",
    "shop.log",
    "shop.tail",
    "shop.money",
    "shop.pricing",
    "shop.ids",
    "shop.clock",
    "shop.position",
    "shop.upsert",
}
ROOMS: dict[str, set[str]] = {
    "shop": set(),
    "writes": SHARED - {"shop.views"} | {"shop.appending", "shop.keyring", "shop.sealing"},
    "projections": SHARED | {"shop.beside"},
    "reads": SHARED - {"shop.log", "shop.tail"},
    "verify": {"shop.views", "shop.money", "shop.events", "shop.clock"},
    "schema": {"writes", "reads", "shop.views", "shop.money", "shop.ids", "shop.events", "shop.position", "shop.clock"},
    "server": {"shop", "writes", "projections", "reads", "verify", "schema"},
}
LIBRARIES: dict[str, set[str]] = {
    "strawberry": {"schema", "server"},
    "graphql": {"schema", "server"},
    "cryptography": {"shop"},
    "sqlalchemy": {"writes", "shop", "verify"},
    "alembic": {"writes"},
    "redis": {"projections", "reads", "verify", "server"},
    "starlette": {"server"},
    "uvicorn": {"server"},
    "httpx": {"server"},
    "typer": {"server"},
    "pydantic_settings": {"server"},
}


def imports_of(source: str) -> set[str]:
    """Every module that a source imports, `from a import b` as `a` and as `a.b`."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def violations(room: str, source: str) -> list[str]:
    """What a file of that room imports and may not."""
    wrong = []
    for module in imports_of(source):
        top = module.partition(".")[0]
        if top in ROOMS and top != room and module != "shop" and not _allowed(room, module):
            wrong.append(f"{room} may not import {module}")
        if top in LIBRARIES and room not in LIBRARIES[top]:
            wrong.append(f"{room} is no home of {top}")
    return wrong


def _allowed(room: str, module: str) -> bool:
    return any(module == may or module.startswith(f"{may}.") for may in ROOMS[room])


def _sources() -> list[tuple[str, Path]]:
    return [(room, path) for room in ROOMS for path in sorted((HOME / room).rglob("*.py"))]


@pytest.mark.parametrize(("room", "path"), _sources(), ids=lambda value: str(value).removeprefix(str(HOME)))
def test_a_file_imports_only_what_its_room_may(room: str, path: Path) -> None:
    assert [] == violations(room, path.read_text())


@pytest.mark.parametrize(
    ("room", "source"),
    [
        ("reads", "from writes.bus import Bus"),
        ("reads", "from shop import log"),
        ("reads", "import sqlalchemy as sa"),
        ("writes", "from shop import views"),
        ("writes", "import reads.products"),
        ("projections", "from shop import appending"),
        ("projections", "from writes import stock"),
        ("schema", "from server.settings import Settings"),
        ("schema", "from shop.appending import append"),
        ("shop", "from writes.tables import orders"),
        ("shop", "import redis"),
        ("verify", "from projections.orders import fold"),
        ("verify", "from shop import log"),
        ("reads", "from verify import differences"),
        ("writes", "def late():\n    from projections.all import ALL"),
    ],
)
def test_a_planted_violation_is_caught(room: str, source: str) -> None:
    assert violations(room, source)


def test_reading_loads_neither_the_write_side_nor_sqlalchemy() -> None:
    code = "import sys, reads.live, reads.reports; print({m.partition('.')[0] for m in sys.modules} & {'sqlalchemy','writes'})"

    loaded = subprocess.check_output([sys.executable, "-c", code], cwd=HOME, text=True)

    assert "set()" == loaded.strip()


def test_verifying_loads_nothing_of_those_whose_work_it_checks() -> None:
    code = "import sys, verify; print({m.partition('.')[0] for m in sys.modules} & {'projections','writes','reads','schema'})"

    loaded = subprocess.check_output([sys.executable, "-c", code], cwd=HOME, text=True)

    assert "set()" == loaded.strip()


def test_no_import_hides_inside_a_function() -> None:
    hidden = [
        f"{path.name}:{inner.lineno}"
        for _, path in _sources()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for inner in ast.walk(node)
        if isinstance(inner, ast.Import | ast.ImportFrom)
    ]

    assert [] == hidden


def test_no_file_grows_out_of_its_room() -> None:
    sizes = {str(path.relative_to(HOME)): len(path.read_text().splitlines()) for _, path in _sources()}

    assert {} == {name: lines for name, lines in sizes.items() if lines > 400}


def test_every_file_says_what_lives_there() -> None:
    silent = [str(path.relative_to(HOME)) for _, path in _sources() if not ast.get_docstring(ast.parse(path.read_text()))]

    assert [] == silent
