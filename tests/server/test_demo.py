"""The demo catalog: it is loaded once, whole, and never touched again."""

import pytest

from server.demo import load_demo, read_demo
from writes.catalog import UnpublishProduct
from writes.channels import CreateChannel


async def test_the_demo_is_a_small_shop_whose_products_are_all_on_sale(shop):
    assert await load_demo(shop.bus)

    assert [("default", "USD")] == shop.rows("SELECT code, currency FROM channels")
    assert [(24,)] == shop.rows("SELECT count(*) FROM publications")
    assert [(58,)] == shop.rows("SELECT count(*) FROM variants")
    assert [(8,)] == shop.rows("SELECT count(*) FROM categories")
    assert [(24,)] == shop.rows("SELECT count(DISTINCT product_id) FROM product_categories")


def test_what_is_on_sale_for_less_costs_less_than_before():
    for product in read_demo().products:
        for variant in product.variants:
            assert variant.compare_at is None or float(variant.price) < float(variant.compare_at), variant.sku


async def test_a_second_start_loads_nothing(shop):
    await load_demo(shop.bus)
    before = shop.head()

    assert not await load_demo(shop.bus)
    assert before == shop.head()


async def test_what_became_of_the_demo_is_left_alone(shop):
    await load_demo(shop.bus)
    for (product_id,) in shop.rows("SELECT id FROM products"):
        await shop.bus.send(UnpublishProduct(product_id, ["default"]))

    assert not await load_demo(shop.bus)
    assert [] == shop.rows("SELECT * FROM publications")


async def test_a_channel_that_others_made_is_not_filled(shop):
    await shop.bus.send(CreateChannel("default", "Mine", "EUR"))

    assert not await load_demo(shop.bus)
    assert 1 == shop.head()


@pytest.mark.parametrize("commits", [1, 4, 12, 40, 70, 81])
async def test_a_load_that_was_killed_is_finished_by_the_next(shop, another_shop, killed, commits):
    killed("demo", commits)

    assert await load_demo(shop.bus)
    await load_demo(another_shop.bus)
    assert another_shop.figures() == shop.figures()
