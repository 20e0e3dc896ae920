"""Reading product exports: rows of one Handle are one product, blank cells mean "as above"."""

import pytest

from server.csv_file import BadFile
from server.products_file import read_products
from shop.events import Attribute, Media

HEADER = (
    "Handle,Title,Body (HTML),Vendor,Type,Tags,Published,Option1 Name,Option1 Value,Option2 Name,Option2 Value,Variant SKU,"
    "Variant Grams,Variant Inventory Qty,Variant Inventory Policy,Variant Price,Variant Compare At Price,Variant Barcode,"
    "Image Src,Image Alt Text,Variant Image"
)
COLUMNS = HEADER.split(",")


@pytest.fixture
def export(written):
    def write(*rows):
        lines = [",".join(f'"{row.get(column, "")}"' for column in COLUMNS) for row in rows]
        return read_products(written("\n".join([HEADER, *lines])), "USD")

    return write


def row(handle="top", **cells):
    named = {"title": "Title", "price": "Variant Price", "sku": "Variant SKU", "qty": "Variant Inventory Qty"}
    named |= {"option": "Option1 Name", "value": "Option1 Value", "option2": "Option2 Name", "value2": "Option2 Value"}
    return {"Handle": handle} | {named.get(name, name): value for name, value in cells.items()}


def test_rows_of_one_handle_are_one_product_with_their_options_as_variants(export):
    (product,) = export(
        row(title="Top", option="Size", value="Small", price="60"),
        row(value="Medium", price="61"),
        row(value="Large"),
    ).products

    assert ("top", "Top", 2) == (product.handle, product.title, product.line)
    assert [
        ("TOP-SMALL", "60.00", [Attribute("Size", "Small")], 2),
        ("TOP-MEDIUM", "61.00", [Attribute("Size", "Medium")], 3),
        ("TOP-LARGE", "61.00", [Attribute("Size", "Large")], 4),
    ] == [(one.sku, one.price, one.options, one.line) for one in product.variants]


def test_default_title_means_no_options(export):
    (product,) = export(row("Blue-Shirt", title="Blue Shirt", option="Title", value="Default Title", price="50")).products

    (variant,) = product.variants
    assert ("BLUE-SHIRT", []) == (variant.sku, variant.options)


def test_what_is_written_is_read(export):
    (product,) = export(
        row(title="Top", price="9.9", sku="T-1", qty="7")
        | {
            "Body (HTML)": "<p>Soft.</p>",
            "Vendor": "Acme",
            "Type": "Tops",
            "Tags": "men, summer ,",
            "Published": "true",
            "Variant Grams": "250",
            "Variant Inventory Policy": "continue",
            "Variant Compare At Price": "12",
            "Variant Barcode": "'0012",
            "Image Src": "https://example.com/a.jpg",
            "Image Alt Text": "A top",
            "Variant Image": "https://example.com/b.jpg",
        },
    ).products

    (variant,) = product.variants
    assert ("<p>Soft.</p>", "Acme", "Tops", ["men", "summer"], True) == (
        product.description, product.vendor, product.category, product.tags, product.published,
    )  # fmt: skip
    assert [Media("https://example.com/a.jpg", "A top")] == product.media
    assert ("T-1", "9.90", "12.00", 250, "0012", 7, True, Media("https://example.com/b.jpg")) == (
        variant.sku, variant.price, variant.compare_at, variant.grams, variant.barcode,
        variant.stock, variant.backorderable, variant.image,
    )  # fmt: skip


def test_a_second_option_is_taken_from_above_where_its_cell_is_blank(export):
    (product,) = export(
        row(title="Top", option="Size", value="S", option2="Color", value2="Red", price="1"), row(value="M")
    ).products

    assert [["S", "Red"], ["M", "Red"]] == [[option.value for option in one.options] for one in product.variants]


def test_a_price_from_above_brings_what_it_is_compared_with_and_an_own_price_does_not(export):
    (product,) = export(
        row(title="Top", option="Size", value="S", price="8") | {"Variant Compare At Price": "10"},
        row(value="M"),
        row(value="L", price="9"),
    ).products

    assert ["10.00", "10.00", None] == [one.compare_at for one in product.variants]


def test_a_row_with_only_an_image_adds_a_picture(export):
    (product,) = export(
        row(title="Top", price="1") | {"Image Src": "https://example.com/1.jpg"},
        row() | {"Image Src": "https://example.com/2.jpg"},
    ).products

    assert 1 == len(product.variants)
    assert ["https://example.com/1.jpg", "https://example.com/2.jpg"] == [picture.url for picture in product.media]


def test_made_skus_are_unique_and_leave_the_given_ones_alone(export):
    products = export(
        row("a b", title="One", price="1"), row("a-b", title="Two", price="1"), row("c", title="Three", price="1", sku="a-b-2")
    ).products

    assert ["A-B", "A-B-3", "a-b-2"] == [product.variants[0].sku for product in products]


def test_a_draft_and_an_unpublished_product_are_not_published(written):
    text = "Handle,Title,Option1 Name,Option1 Value,Variant SKU,Variant Price,Published,Status\n"
    text += "a,A,,,1,1,false,active\nb,B,,,2,1,true,draft\nc,C,,,3,1,true,active\n"

    assert [False, False, True] == [product.published for product in read_products(written(text), "USD").products]


@pytest.mark.parametrize(
    ("cells", "named"),
    [
        ({"price": "many"}, "Variant Price 'many'"),
        ({"price": ""}, "Variant Price is empty"),
        ({"price": "-1"}, "Variant Price '-1'"),
        ({"price": "1.999"}, "1.999 has more decimals than USD"),
        ({"price": "1", "qty": "-3"}, "Variant Inventory Qty '-3'"),
        ({"price": "1", "Variant Grams": "heavy"}, "Variant Grams 'heavy'"),
        ({"price": "1", "sku": "t-1"}, "SKU t-1 stands on line 2 already"),
    ],
)
def test_a_bad_row_is_listed_by_its_line_and_the_rest_goes_on(export, cells, named):
    found = export(row(title="Top", price="1", sku="T-1"), row("bad", title="Bad", sku="B-1") | row("bad", **cells))

    assert [3] == [bad.line for bad in found.bad]
    assert named in found.bad[0].reason
    assert ["top"] == [product.handle for product in found.products]


def test_the_same_options_twice_are_listed(export):
    found = export(row(title="Top", option="Size", value="S", price="1"), row(value="S"))

    assert [(3, "the product top has a variant with Size S above already")] == [(bad.line, bad.reason) for bad in found.bad]


def test_a_product_without_a_title_is_listed_with_all_its_rows(export):
    found = export(row(price="1"), row(value="M", price="1"))

    assert ([], [2, 3]) == (found.products, [bad.line for bad in found.bad])


def test_a_blank_handle_means_as_above_and_is_listed_where_nothing_is_above(export):
    found = export(row("", title="Lost", price="1"), row(title="Top", option="Size", value="S", price="1"), row("", value="M"))

    assert [2] == [bad.line for bad in found.bad]
    assert [2] == [len(product.variants) for product in found.products]


def test_missing_columns_are_named(written):
    with pytest.raises(BadFile, match="has no column Variant Price"):
        read_products(written("Handle,Title,Option1 Name,Option1 Value,Variant SKU\na,A,,,1\n"), "USD")
