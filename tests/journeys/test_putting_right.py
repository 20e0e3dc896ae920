"""What is wrong in the views is told, served as old, and put right: `tradewind parked` and `tradewind verify`."""

import re

import pytest

from tests.journeys.test_operating import a_new_name

_ONE = "query ($id: ID!) { product(id: $id) { id description } }"
_LISTED = "{ products(first: 100) { nodes { id } } }"


async def _key(front, product_id):
    return f"{{tw0}}:product.{(await front.view('product'))['generation']}:{product_id}"


@pytest.fixture
async def parked(operated, front):
    """A product whose document was lost from Redis before a change of it was to be folded in."""
    product_id, _ = await a_new_name(front)
    operated.child("worker").kill()  # the next one remembers no document
    await front.until_caught_up()
    operated.redis.delete(await _key(front, product_id))
    await a_new_name(front)
    await front.until_caught_up()
    yield product_id
    operated.says("rebuild", "--document", f"product:{product_id}")
    operated.says("verify", "--repair")


async def test_where_nothing_stands_parked_that_is_said(operated, front):
    told = operated.says("parked")

    assert (0, "No document stands parked.\n", "") == (told.returncode, told.stdout, told.stderr)


async def test_a_parked_document_is_listed_with_its_event_and_its_error(operated, front, parked):
    told = operated.says("parked")

    assert 0 == told.returncode
    assert re.fullmatch(
        rf"product:{parked}  \(generation \d+\)\n"
        rf"    ProductDescribed at \d+, since \S+: MissingDocumentError: ProductDescribed at \d+ changes {parked}, .*\n",
        told.stdout,
    )
    assert 1 == (await front.view("product"))["parked"]
    assert re.search("^product .* up to date, 1 parked$", operated.says("status").stdout, re.MULTILINE)


async def test_a_parked_document_is_served_as_old_alone_and_in_a_listing(front, parked):
    alone, listed = await front.ask(_ONE, id=parked), await front.ask(_LISTED)
    others = await front.ask("{ warehouses { id } }")

    assert parked == alone["data"]["product"]["id"]
    assert alone["extensions"]["consistency"]["stale"]
    assert parked in [node["id"] for node in listed["data"]["products"]["nodes"]]
    assert listed["extensions"]["consistency"]["stale"]
    assert not others["extensions"]["consistency"]["stale"]


async def test_a_parked_document_is_folded_anew_on_request(operated, front, parked):
    told = operated.says("parked", "rebuild", f"product:{parked}")

    assert (0, f"product {parked} is folded.\n") == (told.returncode, told.stdout)
    assert "No document stands parked.\n" == operated.says("parked").stdout
    assert not (await front.ask(_ONE, id=parked))["extensions"]["consistency"]["stale"]
    assert 0 == operated.says("verify", "--repair").returncode
    assert [] == operated.differences()


@pytest.mark.parametrize("verb", ["retry", "skip", "rebuild"])
async def test_what_does_not_stand_parked_is_left_alone(operated, front, verb):
    product_id, _ = await a_new_name(front)

    told = operated.says("parked", verb, f"product:{product_id}")

    assert (1, "") == (told.returncode, told.stdout)
    assert f"tradewind: product {product_id} does not stand parked.\n" == told.stderr


async def test_verify_finds_nothing_in_a_shop_that_is_open(operated, front):
    told = operated.says("verify")

    assert 0 == told.returncode
    assert re.fullmatch(r"[\d,]+ documents and [\d,]+ index entries compared: 0 differences\.\n", told.stdout)


async def test_verify_names_what_was_spoiled_and_mends_it_on_request(operated, front):
    product_id, _ = await a_new_name(front)
    await front.until_caught_up()
    key = await _key(front, product_id)
    operated.redis.set(key, operated.redis.get(key).replace(b'"name":"', b'"name":"Spoiled ', 1))

    found, mended, again = operated.says("verify"), operated.says("verify", "--repair"), operated.says("verify")

    assert 1 == found.returncode
    assert key in found.stdout
    assert ": 1 differences." in found.stdout
    assert 0 == mended.returncode
    assert re.search(r"After the repair:\n[^\n]*: 0 differences\.\n$", mended.stdout)
    assert 0 == again.returncode
