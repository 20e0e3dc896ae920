"""What an operator is told of the views: by `tradewind status`, by `views`, and by `viewsChanged` as it happens."""

import os
import re

from shop import views
from tests.journeys.client import VIEW

_EVERY = sorted(view.view for view in views.ALL)


async def a_new_name(front):
    """Rename the first product; its id, and the position of that."""
    found = await front.data("{ products(first: 1, sort: {field: NAME}) { nodes { id name } } }")
    product = found["products"]["nodes"][0]
    change = (
        "mutation ($id: ID!, $d: String!) { productUpdate(id: $id, input: {description: $d}) { position errors { message } } }"
    )
    done = (await front.data(change, id=product["id"], d=os.urandom(8).hex()))["productUpdate"]
    assert [] == done["errors"]
    return product["id"], done["position"]


async def test_status_of_a_shop_at_rest_says_of_every_view_that_it_is_up_to_date(operated, front):
    told = operated.says("status")

    log, *lines = told.stdout.splitlines()
    assert (0, "") == (told.returncode, told.stderr)
    assert re.fullmatch(r"log  epoch [0-9a-f]{8}, position \d+", log)
    assert _EVERY == sorted(line.split()[0] for line in lines)
    assert all(re.fullmatch(r"\w+ +generation \d+, up to date", line) for line in lines)


async def test_status_names_who_moves_what_is_behind(operated, front):
    [owner] = {part["owner"] for view in await front.views() for part in view["segments"]}
    with operated.stopped("worker"):
        await a_new_name(front)

        told = operated.says("status")

    assert re.search(r"^product +generation \d+, 1 events? \([\d,]+ ms\) behind$", told.stdout, re.MULTILINE)
    behind = [line for line in told.stdout.splitlines() if "    segment  0" in line]
    assert len(_EVERY) == len(behind)
    assert all(line.endswith(f" ms, moved by {owner}") for line in behind)


async def test_views_tells_of_every_view_where_it_stands_and_who_moves_it(front):
    every = await front.views()

    position = (await front.data("{ position }"))["position"]
    assert _EVERY == sorted(view["name"] for view in every)
    for view in every:
        assert (position, 0, 0, 0, None) == tuple(view[key] for key in ("position", "lagEvents", "lagMs", "parked", "rebuild"))
        [part] = view["segments"]
        assert (0, view["generation"], position, 0) == tuple(
            part[key] for key in ("segment", "generation", "position", "lagMs")
        )
        assert part["owner"]


async def test_views_changed_tells_when_a_rebuild_begins_and_when_it_answers(operated, front):
    before = await front.view("product")
    async with front.socket() as socket:
        await socket.subscribe(f"subscription {{ viewsChanged {{ {VIEW} }} }}")
        first = await socket.next()
        with operated.stopped("worker"):
            asking = operated.command("rebuild", "product")
            begun = await _told_of("product", socket, lambda view: view["rebuild"] is not None)
        answers = await _told_of("product", socket, lambda view: view["rebuild"] is None)
    asking.communicate(timeout=30)

    assert _EVERY == sorted(view["name"] for view in first)
    assert (before["generation"], before["generation"] + 1) == (begun["generation"], begun["rebuild"]["generation"])
    assert 0 == begun["rebuild"]["applied"] < begun["rebuild"]["total"]
    assert before["generation"] + 1 == answers["generation"]
    assert 0 == asking.returncode


async def _told_of(name, socket, is_so):
    while True:
        for view in await socket.next():
            if view["name"] == name and is_so(view):
                return view
