"""Taking product exports over: products on sale with stock, and that doing it again changes nothing."""

import pytest

from server.importing import import_products
from server.products_file import read_products

PRODUCTS = """\
Handle,Title,Type,Published,Option1 Name,Option1 Value,Variant SKU,Variant Inventory Qty,Variant Price,Variant Compare At Price
top,Top,Tops,true,Size,S,,5,60,70
top,,,,,M,,0,,
lamp,Lamp,Light,true,Title,Default Title,L-1,3,19.90,
draft,Draft,Light,false,Title,Default Title,D-1,2,1,
"""


async def stocked(shop, path, *, channel="web", currency="USD"):
    return await import_products(shop.bus, read_products(path, currency), channel, currency, lambda *_: None)


async def test_an_export_becomes_products_with_prices_stock_and_categories(shop, written):
    summary = await stocked(shop, written(PRODUCTS))

    assert (3, []) == (summary.products_created, summary.bad)
    assert [
        ("D-1", "draft", "DRAFT", 100, None, 2, "Light"),
        ("L-1", "lamp", "ACTIVE", 1990, None, 3, "Light"),
        ("TOP-M", "top", "ACTIVE", 6000, 7000, None, "Tops"),
        ("TOP-S", "top", "ACTIVE", 6000, 7000, 5, "Tops"),
    ] == shop.rows(
        "SELECT sku, p.slug, status, amount, compare_at, on_hand, c.name FROM variants v JOIN products p ON p.id = v.product_id"
        " JOIN variant_prices vp ON vp.variant_id = v.id LEFT JOIN stock_levels s ON s.variant_id = v.id"
        " JOIN product_categories pc ON pc.product_id = p.id JOIN categories c ON c.id = category_id ORDER BY sku"
    )
    assert [("lamp",), ("top",)] == shop.rows("SELECT slug FROM publications JOIN products ON id = product_id ORDER BY slug")


async def test_the_same_export_again_appends_no_event(shop, written):
    path = written(PRODUCTS)
    await stocked(shop, path)
    before = shop.head()

    summary = await stocked(shop, path)

    assert before == shop.head()
    assert (0, 3) == (summary.products_created, summary.products_known)


@pytest.mark.parametrize("commits", range(1, 12, 2))
async def test_an_export_that_was_killed_half_way_ends_at_the_same_figures(shop, another_shop, written, killed, commits):
    path = written(PRODUCTS)
    killed("products", commits, path)

    await stocked(shop, path)

    await stocked(another_shop, path)
    assert another_shop.figures() == shop.figures()


async def test_a_variant_that_was_added_to_the_file_is_added_to_its_product(shop, written):
    await stocked(shop, written(PRODUCTS))

    await stocked(shop, written(PRODUCTS.replace("lamp,Lamp", "top,,,,,L,,4,,\nlamp,Lamp")))

    assert [("TOP-L", 6000, 4), ("TOP-M", 6000, None), ("TOP-S", 6000, 5)] == shop.rows(
        "SELECT sku, amount, on_hand FROM variants v JOIN variant_prices vp ON vp.variant_id = v.id"
        " LEFT JOIN stock_levels s ON s.variant_id = v.id WHERE sku LIKE 'TOP%' ORDER BY sku"
    )


async def test_the_same_export_for_a_second_channel_prices_and_publishes_there_and_adds_no_stock(shop, written):
    path = written(PRODUCTS)
    await stocked(shop, path)

    await stocked(shop, path, channel="eu", currency="EUR")

    assert [(4,)] == shop.rows("SELECT count(*) FROM variants")
    assert [("eu", 4), ("web", 4)] == shop.rows("SELECT channel, count(*) FROM variant_prices GROUP BY 1 ORDER BY 1")
    assert [("eu", 2), ("web", 2)] == shop.rows("SELECT channel, count(*) FROM publications GROUP BY 1 ORDER BY 1")
    assert [(10,)] == shop.rows("SELECT sum(on_hand) FROM stock_levels")


async def test_a_sku_of_another_product_is_listed_and_the_rest_goes_on(shop, written):
    await stocked(shop, written(PRODUCTS))
    header = PRODUCTS.partition("\n")[0]

    more = f"{header}\nshade,Shade,Light,true,Size,S,l-1,1,5,\nshade,,,,,M,L-2,1,5,\nlone,Lone,Light,true,,,L-1,1,5,\n"
    with_refusals = await stocked(shop, written(more))

    assert [("L-2",)] == shop.rows("SELECT sku FROM variants v JOIN products p ON p.id = product_id WHERE slug = 'shade'")
    assert 1 == with_refusals.products_created
    assert [(2, "The SKU l-1 belongs to another product."), (4, "the SKU L-1 stands on line 2 already")] == [
        (bad.line, bad.reason) for bad in with_refusals.bad
    ]


async def test_a_type_whose_slug_belongs_to_another_category_gets_one_of_its_own(shop, written):
    text = PRODUCTS.replace("Tops", "Light!")

    await stocked(shop, written(text))

    assert [("Light", "light-2"), ("Light!", "light")] == shop.rows("SELECT name, slug FROM categories ORDER BY name")
