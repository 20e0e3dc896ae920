"""What docs/webhooks.md shows to receivers is run as it stands there: it takes what we sign, and nothing else."""

import json
import re
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from graphql import build_schema as built
from graphql import parse, validate

from schema.root import build_schema
from server.delivery import payload
from shop import events
from shop.log import Recorded
from writes.signatures import sign

PAGE = (Path(__file__).parents[2] / "docs" / "webhooks.md").read_text()
SECRET = "whsec_abc"
OTHERS = [("whsec_abd", b"", 0), (SECRET, b" ", 0), (SECRET, b"", -400), (SECRET, b"", 400)]  # another secret, body, time


def block(language):
    (found,) = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    return found


def python_check(header, body):
    shown = {}
    exec(block("python"), shown)
    return shown["is_ours"](SECRET, header, body)


def typescript_check(header, body):
    """Node as it is here may not read types: they are taken off."""
    code = re.sub(r": (string|Buffer|boolean)\b", "", block("typescript"))
    asked = (
        f"process.exit(isOurs({json.dumps(SECRET)}, {json.dumps(header)}, Buffer.from({json.dumps(body.decode())})) ? 0 : 7)"
    )
    done = subprocess.run(["node", "--input-type=module", "-e", f"{code}\n{asked}"], check=False)
    assert done.returncode in {0, 7}
    return done.returncode == 0


def body():
    told = events.CategoryCreated(category_id="cat_1", slug="toys", name="Spielzeug für Zoë")
    return payload("0a1b2c3d", Recorded(7, "evt_1", "cat_1", 1, "2026-01-31T12:00:00.000Z", "staff", "cmd_1", told))


CHECKS = [
    python_check,
    pytest.param(typescript_check, marks=pytest.mark.skipif(shutil.which("node") is None, reason="there is no Node here")),
]


@pytest.mark.parametrize("is_ours", CHECKS)
def test_the_check_takes_what_we_sign_and_nothing_else(is_ours):
    now = int(time.time())

    assert is_ours(sign(SECRET, body(), now), body())
    for secret, added, later in OTHERS:
        assert not is_ours(sign(secret, body() + added, now + later), body())


def test_the_body_has_the_fields_that_the_page_shows():
    shown = json.loads(block("json"))

    assert list(shown) == list(json.loads(body()))
    assert shown["position"].count(".") == 2


def test_the_mutation_of_the_page_is_valid():
    assert [] == validate(built(build_schema().as_str()), parse(block("graphql")))
