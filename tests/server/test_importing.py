"""Taking books over: what is recorded, what is refused, and that doing it again changes nothing."""

import pytest

from server.assortment import CannotImport
from server.books_file import read_books
from server.importing import import_books
from writes.catalog import UnpublishProduct
from writes.channels import CreateChannel


def sold(number, code, quantity, day, price, customer=""):
    return f"{number},{code},{code} THING,{quantity},2010-12-{day:02} 10:00:00,{price},{customer},UK"


def some_books(book):
    """Thirty orders of three customers, and credits for some of what they bought."""
    rows = []
    for n in range(30):
        customer = ("", "17850", "12748")[n % 3]
        rows += [sold(1000 + n, f"code{i}", n + i + 1, 1 + n // 10, f"1.{n:02}5", customer) for i in range(4)]
        if n % 5 == 4:
            rows.append(sold(f"C{2000 + n}", "CODE1", -(n + 3), 2 + n // 10, "1.005", customer))
    return book(*rows, name="thirty.csv")


async def imported(shop, path, *, channel="retail", currency="GBP"):
    return await import_books(shop.bus, read_books(path, currency), channel, currency, lambda *_: None)


async def test_books_become_placed_paid_and_shipped_orders_of_products_on_sale(shop, book):
    summary = await imported(shop, book(sold("536365", "85123a", 6, 1, "2.555", "17850"), sold("536365", "22", 1, 1, "1")))

    assert (2, 1, 0, 2, []) == (
        summary.products_created,
        summary.orders_recorded,
        summary.credits_recorded,
        summary.lines,
        summary.bad,
    )
    assert [("536365", "PLACED", "2010-12-01T10:00:00.000Z", 1633, 1633, "17850")] == shop.rows(
        "SELECT number, o.status, placed_at, total, captured, external_ref FROM orders o"
        " JOIN payments p ON p.order_id = o.id JOIN customers c ON c.id = customer_id"
    )
    assert [("2.555", 1533, 6, "SHIPPED")] == shop.rows(
        "SELECT unit_price, total, shipped, status FROM order_lines WHERE sku = '85123A'"
    )
    assert [("85123a THING", 256, "retail")] == shop.rows(
        "SELECT p.name, amount, pub.channel FROM products p JOIN variants v ON v.product_id = p.id"
        " JOIN variant_prices ON variant_id = v.id JOIN publications pub ON pub.product_id = p.id WHERE sku = '85123A'"
    )
    assert [] == shop.rows("SELECT * FROM stock_levels")
    assert [("retail-books", 0)] == shop.rows("SELECT code, active FROM warehouses")


async def test_products_of_one_name_have_slugs_of_their_own(shop, book):
    await imported(shop, book(*(f"{n},{code},CAKE CASE,1,2010-12-01 10:00,1,,UK" for n, code in enumerate("abc", 1))))

    assert [("A", "cake-case"), ("B", "cake-case-2"), ("C", "cake-case-3")] == shop.rows(
        "SELECT sku, slug FROM products p JOIN variants v ON v.product_id = p.id ORDER BY sku"
    )


async def test_a_credit_is_held_against_what_was_bought_before_it_and_the_rest_is_a_credit_of_its_own(shop, book):
    summary = await imported(
        shop,
        book(
            sold("1", "A", 2, 1, "5", "17850"),
            sold("2", "A", 2, 2, "5", "17850"),
            sold("C3", "A", -5, 3, "5", "17850"),
            sold("4", "A", 9, 4, "5", "17850"),
        ),
    )

    assert (3, 1) == (summary.orders_recorded, summary.credits_recorded)
    assert [("1", 1000), ("2", 1000)] == shop.rows(
        "SELECT number, refunded FROM returns r JOIN orders o ON o.id = order_id ORDER BY number"
    )
    assert [("C3", 500)] == shop.rows("SELECT number, amount FROM credits")


async def test_a_credit_before_its_order_in_the_file_is_not_held_against_it(shop, book):
    await imported(shop, book(sold("C1", "A", -1, 1, "5", "17850"), sold("2", "A", 2, 2, "5", "17850")))

    assert [] == shop.rows("SELECT * FROM returns")
    assert [("C1", 500)] == shop.rows("SELECT number, amount FROM credits")


async def test_a_credit_without_a_customer_is_held_against_nothing(shop, book):
    await imported(shop, book(sold("1", "A", 2, 1, "5"), sold("C2", "A", -1, 2, "5")))

    assert [("C2", 500)] == shop.rows("SELECT number, amount FROM credits")


async def test_the_same_books_again_append_no_event(shop, book):
    path = some_books(book)
    first = await imported(shop, path)
    before = shop.head()

    second = await imported(shop, path)

    assert before == shop.head()
    assert (0, first.products_created, 0, first.orders_recorded, 0, first.credits_recorded, first.lines) == (
        second.products_created, second.products_known, second.orders_recorded, second.orders_known,
        second.credits_recorded, second.credits_known, second.lines,
    )  # fmt: skip


async def test_the_same_books_again_do_not_put_back_on_sale_what_staff_took_off(shop, book):
    path = book(sold("1", "A", 2, 1, "5"))
    await imported(shop, path)
    ((product_id,),) = shop.rows("SELECT id FROM products")
    await shop.bus.send(UnpublishProduct(product_id, ["retail"]))

    await imported(shop, path)

    assert [] == shop.rows("SELECT * FROM publications")


@pytest.mark.parametrize("commits", [1, 3, 6, 9, 14, 22, 30])
async def test_books_that_were_killed_half_way_end_at_the_same_figures(shop, another_shop, book, killed, commits):
    path = some_books(book)
    killed("books", commits, path)

    await imported(shop, path)

    await imported(another_shop, path)
    assert another_shop.figures() == shop.figures()


async def test_a_later_part_of_the_books_goes_on_from_the_first(shop, book):
    await imported(shop, book(sold("1", "A", 2, 1, "5", "17850")))

    summary = await imported(shop, book(sold("C2", "A", -1, 2, "5", "17850"), sold("3", "B", 1, 2, "1", "17850")))

    assert (1, 1, 1, 1) == (summary.products_created, summary.products_known, summary.orders_recorded, summary.credits_recorded)
    assert [("1", 500)] == shop.rows("SELECT number, refunded FROM returns r JOIN orders o ON o.id = order_id")


async def test_a_channel_with_another_currency_is_refused_and_nothing_is_written(shop, book):
    await shop.bus.send(CreateChannel("retail", "Retail", "EUR"))

    with pytest.raises(CannotImport, match="The channel retail sells in EUR, not in GBP"):
        await imported(shop, book(sold("1", "A", 2, 1, "5")))

    assert 1 == shop.head()


async def test_a_currency_that_is_none_is_refused_and_nothing_is_written(shop, book):
    with pytest.raises(CannotImport, match="'pounds' is no ISO 4217 currency code"):
        await imported(shop, book(sold("1", "A", 2, 1, "5")), currency="pounds")

    assert 0 == shop.head()


async def test_an_invoice_number_of_another_channel_is_listed_and_the_rest_goes_on(shop, book):
    await imported(shop, book(sold("1", "A", 2, 1, "5")), channel="other")

    summary = await imported(shop, book(sold("1", "A", 2, 1, "5"), sold("2", "A", 2, 1, "5")))

    assert 1 == summary.orders_recorded
    assert [(2, "invoice 1: The order number 1 belongs to another channel.")] == [(bad.line, bad.reason) for bad in summary.bad]


async def test_progress_is_told_of_products_and_then_of_lines(shop, book):
    told = []
    books = read_books(some_books(book), "GBP")

    await import_books(shop.bus, books, "retail", "GBP", lambda *said: told.append(said))

    assert (4, 4, "products") == told[0]
    assert (126, 126, "lines") == told[-1]
