"""`tradewind rebuild` beside a shop that is open: of all, of one view, of one document; back again, and cleaned up."""

import asyncio
import re

from shop import views
from tests.crash.order_book import write_book
from tests.journeys.test_operating import a_new_name

_EVERY = [view.view for view in views.ALL]


async def _generations(front):
    return {view["name"]: view["generation"] for view in await front.until_caught_up()}


async def test_all_views_are_made_anew_and_answer(operated, front):
    before = await _generations(front)

    told = operated.says("rebuild")

    assert (0, "") == (told.returncode, told.stderr)
    after = await _generations(front)
    assert {name: number + 1 for name, number in before.items()} == after
    assert told.stdout.endswith(" now answer.\n")
    assert {f"{name}.{number}" for name, number in after.items()} == set(re.findall(r"\w+\.\d+", told.stdout))
    assert [] == operated.differences()


async def test_one_view_is_made_anew_and_no_other(operated, front):
    before = await _generations(front)

    told = operated.says("rebuild", "product")

    assert (0, f"product.{before['product'] + 1} now answer.\n") == (told.returncode, told.stdout)
    assert before | {"product": before["product"] + 1} == await _generations(front)


async def test_a_view_that_there_is_not_is_refused_in_one_line(operated, front):
    before = await _generations(front)

    told = operated.says("rebuild", "nonsense")

    assert (1, "") == (told.returncode, told.stdout)
    assert re.fullmatch(r"tradewind: there is no view 'nonsense': name some of [\w, ]+\.\n", told.stderr)
    assert all(name in told.stderr for name in _EVERY)
    assert before == await _generations(front)


async def test_a_rebuild_that_nobody_works_on_says_so_and_goes_on_when_somebody_does(operated, front):
    with operated.stopped("worker"):
        asking, lines = operated.command("rebuild", "product", "order"), [""]
        async with asyncio.timeout(20):
            while "no worker" not in lines[-1]:
                lines.append(await asyncio.to_thread(asking.stderr.readline))
    asking.communicate(timeout=30)

    assert 0 == asking.returncode
    assert re.fullmatch(r"0 of [\d,]+ events in (product|order)\.\d+\n", lines[1])
    assert re.fullmatch(r"0 of [\d,]+ events; no worker runs: start `tradewind worker`\n", lines[-1])


async def test_the_shop_shows_how_far_a_rebuild_is_and_answers_meanwhile(operated, front, tmp_path):
    write_book(tmp_path / "book.csv", 7, invoices=600)
    imported = operated.says("import", "orders", str(tmp_path / "book.csv"), "--channel", "books", "--currency", "GBP")
    assert 0 == imported.returncode, imported.stderr
    await front.until_caught_up()
    asking, seen, products = operated.command("rebuild"), [], []
    while asking.poll() is None:
        seen += [view["rebuild"] for view in await front.views() if view["rebuild"] is not None]
        products.append((await front.data("{ products(first: 1) { totalCount } }"))["products"]["totalCount"])
        await asyncio.sleep(0.01)
    asking.communicate()

    assert 0 == asking.returncode
    assert [one for one in seen if 0 < one["applied"] < one["total"] and one["etaMs"] is not None]
    assert 1 == len(set(products))
    assert [] == operated.differences()


async def test_rollback_goes_back_to_what_answered_before_with_all_that_came_since_and_forth_again(operated, front):
    before = await _generations(front)
    assert 0 == operated.says("rebuild", "product").returncode
    await a_new_name(front)

    back = operated.says("rebuild", "--rollback", "product")
    went_back = await _generations(front)
    forth = operated.says("rebuild", "--rollback", "product")

    assert (0, f"product.{before['product']} now answer.\n") == (back.returncode, back.stdout)
    assert before == went_back
    assert (0, f"product.{before['product'] + 1} now answer.\n") == (forth.returncode, forth.stdout)
    assert before | {"product": before["product"] + 1} == await _generations(front)
    assert [] == operated.differences()


async def test_rollback_gives_up_a_rebuild_that_is_going_on(operated, front):
    before = await _generations(front)
    with operated.stopped("worker"):
        asking = operated.command("rebuild", "product")
        while (await front.view("product"))["rebuild"] is None:
            await asyncio.sleep(0.05)
        back = operated.says("rebuild", "--rollback", "product")
    asking.communicate(timeout=30)

    assert (0, f"product.{before['product']} now answer.\n") == (back.returncode, back.stdout)
    assert before == await _generations(front)


async def test_what_was_cleaned_up_cannot_be_gone_back_to(operated, front):
    before = (await front.view("product"))["generation"]
    assert 0 == operated.says("rebuild", "product").returncode
    number = (await front.view("product"))["generation"]
    assert operated.redis.keys(f"*product.{before}:*")

    cleaned, again = operated.says("rebuild", "--clean", "product"), operated.says("rebuild", "--clean", "product")
    back = operated.says("rebuild", "--rollback", "product")

    assert 0 == cleaned.returncode
    assert re.fullmatch(rf"Removed (product\.\d+, )*product\.{before}\b.*\.\n", cleaned.stdout)
    assert [] == operated.redis.keys(f"*product.{before}[:/]*")
    assert (0, "There is no generation to remove.\n") == (again.returncode, again.stdout)
    assert (1, "") == (back.returncode, back.stdout)
    assert "tradewind: No generation of product answered before the present one.\n" == back.stderr
    assert number == (await front.view("product"))["generation"]


async def test_one_document_is_folded_anew(operated, front):
    product_id, _ = await a_new_name(front)
    await front.until_caught_up()
    generation = (await front.view("product"))["generation"]
    key = f"{{tw0}}:product.{generation}:{product_id}"
    right = operated.redis.getset(key, b'{"id":"%b","slug":"s","name":"spoiled","created_at":""}' % product_id.encode())

    told = operated.says("rebuild", "--document", f"product:{product_id}")

    assert (0, f"product {product_id} is folded.\n") == (told.returncode, told.stdout)
    assert right == operated.redis.get(key)
    assert [] == operated.differences()


async def test_two_things_at_once_are_refused(operated):
    told = operated.says("rebuild", "--clean", "--rollback")

    assert 2 == told.returncode
    assert "Ask for one thing" in told.stderr
