"""The whole suite, part by part, each with a budget in seconds: `python -m tests.parts [--soak]`. Over budget fails.

`--soak` runs the same tests with larger numbers and no budgets, and writes its result to docs/soak.md.
"""

import datetime as dt
import os
import subprocess
import sys
import time
from pathlib import Path

_HOME = Path(__file__).parents[1]
_BIN = Path(sys.executable).parent

# Tests are shared out over both cores, but for journeys and crashes, which measure time and end processes.
_ON_BOTH_CORES = ["-n", "2", "--dist", "worksteal"]

# name, budget in seconds, command
_PARTS = (
    ("lint", 30, ["ruff", "check", "."]),
    ("format", 30, ["ruff", "format", "--check", "."]),
    ("types", 180, ["mypy"]),
    ("shop and writes", 360, ["pytest", *_ON_BOTH_CORES, "tests/shop", "tests/writes"]),
    ("projections and oracle", 240, ["pytest", *_ON_BOTH_CORES, "tests/oracle", "tests/reads"]),
    ("engine", 240, ["pytest", *_ON_BOTH_CORES, "tests/engine"]),
    ("schema and house", 60, ["pytest", *_ON_BOTH_CORES, "tests/schema", "tests/house"]),
    ("imports", 180, ["pytest", *_ON_BOTH_CORES, "tests/server"]),
    ("journeys", 400, ["pytest", "tests/journeys"]),
    ("crashes", 360, ["pytest", "tests/crash"]),
)

# In the soak alone: every guard of the engine is taken out of a copy, and its tests must fail without it.
_SOAK_PARTS = (("guards", 600, ["python", "-m", "tests.guards"]),)

# What the soak asks for more of; each test names its own default.
_SOAK = {
    "TRADEWIND_CRASH_ROUNDS": "20",
    "TRADEWIND_KILLS": "1000",
    "TRADEWIND_RANDOM_SHOPS": "12",
    "TRADEWIND_READ_TRIES": "2000",
    "TRADEWIND_ANY_ORDERS": "400",
    "TRADEWIND_SWITCH_READS": "40000",
}


def main() -> int:
    """Run every part; return 1 if one failed or took longer than it may."""
    soak = "--soak" in sys.argv
    told = []
    for name, budget, command in _PARTS + (_SOAK_PARTS if soak else ()):
        began = time.monotonic()
        print(f"== {name}", flush=True)
        environment = os.environ | (_SOAK if soak else {})
        code = subprocess.call([str(_BIN / command[0]), *command[1:]], cwd=_HOME, env=environment)
        took = time.monotonic() - began
        over = took > budget and not soak
        verdict = "failed" if code else "over budget" if over else "passed"
        told.append((name, verdict, took, budget))
    lines = [f"{name:24s} {verdict:12s} {took:6.1f} s of {budget} s" for name, verdict, took, budget in told]
    passed = sum(verdict == "passed" for _, verdict, _, _ in told)
    print("\n".join(["", *lines, "", f"parts: {passed} passed, {len(told) - passed} failed"]))
    if soak:
        _write(lines)
    return 0 if passed == len(told) else 1


def _write(lines: list[str]) -> None:
    commit = subprocess.check_output(["git", "rev-parse", "--short", "HEAD"], cwd=_HOME, text=True).strip()
    numbers = "\n".join(f"- `{name}={value}`" for name, value in _SOAK.items())
    text = "\n".join(lines)
    head = f"# The last soak\n\n`make soak` at {commit}, {dt.datetime.now(dt.UTC).date()}, with\n\n{numbers}\n"
    (_HOME / "docs" / "soak.md").write_text(f"{head}\n```\n{text}\n```\n")


if __name__ == "__main__":
    sys.exit(main())
