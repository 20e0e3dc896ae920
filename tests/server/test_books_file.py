"""Reading the order books: which rows are good, why others are not, and which files cannot be used at all."""

import gzip
import os

import pytest

from server.books_file import read_books
from server.csv_file import BadFile
from writes.books import BookLine

GOOD = "536365,85123a,WHITE HEART,6,2010-12-01 08:26:00,2.55,17850,United Kingdom"


def only(path):
    (invoice,) = read_books(path, "GBP").invoices
    return invoice


def reason(path):
    (bad,) = read_books(path, "GBP").bad
    return bad.reason


def test_a_good_row_is_a_line_of_its_invoice(book):
    invoice = only(book(GOOD))

    assert (2, "536365", False, "17850", "2010-12-01T08:26:00.000Z") == (
        invoice.line, invoice.number, invoice.credit, invoice.customer_ref, invoice.at,
    )  # fmt: skip
    assert [BookLine("85123A", "WHITE HEART", 6, "2.55")] == invoice.lines


def test_gzip_is_told_by_the_first_bytes_not_by_the_name(book):
    assert "536365" == only(book(GOOD, packed=True, name="books.csv")).number
    assert "536365" == only(book(GOOD, name="books.csv.gz")).number


def test_an_invoice_that_starts_with_c_is_a_credit_with_its_quantities_turned_around(book):
    invoice = only(book("C536379,D,Discount,-1,2010-12-01 09:41:00,27.50,14527,United Kingdom"))

    assert invoice.credit
    assert [BookLine("D", "Discount", 1, "27.50")] == invoice.lines


@pytest.mark.parametrize(
    ("row", "named"),
    [
        ("A563185,B,Adjust bad debt,1,2011-08-12 14:50:00,11062.06,,United Kingdom", "invoice number 'A563185'"),
        ("c536379,D,Discount,-1,2010-12-01 09:41:00,27.50,14527,UK", "invoice number 'c536379'"),
        (",D,Discount,1,2010-12-01 09:41:00,27.50,14527,UK", "invoice number ''"),
        ("536365,,HEART,6,2010-12-01 08:26:00,2.55,17850,UK", "stock code is empty"),
        ("536365,1,HEART,6,2010-13-01 08:26:00,2.55,17850,UK", "'2010-13-01 08:26:00'"),
        ("536365,1,HEART,0,2010-12-01 08:26:00,2.55,17850,UK", "quantity 0 is not above zero"),
        ("536365,1,HEART,-6,2010-12-01 08:26:00,2.55,17850,UK", "quantity -6 is not above zero"),
        ("C536365,1,HEART,6,2010-12-01 08:26:00,2.55,17850,UK", "quantity 6 is not below zero on a credit"),
        ("536365,1,HEART,many,2010-12-01 08:26:00,2.55,17850,UK", "quantity 'many'"),
        ("536365,1,HEART,1.5,2010-12-01 08:26:00,2.55,17850,UK", "quantity '1.5'"),
        ("536365,1,HEART,6,2010-12-01 08:26:00,0.0,17850,UK", "unit price 0.0"),
        ("536365,1,HEART,6,2010-12-01 08:26:00,-2,17850,UK", "unit price -2"),
        ("536365,1,HEART,6,2010-12-01 08:26:00,NaN,17850,UK", "unit price 'NaN'"),
        ("536365,1,HEART,6,2010-12-01 08:26:00,\u0661,17850,UK", "unit price '\u0661'"),
        ("536365,1,HEART,999999999999,2010-12-01 08:26:00,999999999,17850,UK", "999999999999 times the unit price 999999999"),
        ("536365,1,HEART,6,2010-12-01 08:26:00,2.55", "6 cells and the header has 8"),
        ('536365,1,"HEART" X,6,2010-12-01 08:26:00,2.55,17850,UK', "no CSV"),
    ],
)
def test_any_other_row_is_listed_with_what_is_wrong_about_it(book, row, named):
    books = read_books(book(row, GOOD), "GBP")

    assert [2] == [bad.line for bad in books.bad]
    assert named in books.bad[0].reason
    assert ["536365"] == [invoice.number for invoice in books.invoices]


def test_a_row_is_named_by_the_line_where_it_begins(book):
    books = read_books(
        book('536365,1,"A\nB\nC",0,2010-12-01 08:26:00,1,,UK', "", "536366,1,A,0,2010-12-01 08:26:00,1,,UK"), "GBP"
    )

    assert [2, 6] == [bad.line for bad in books.bad]


@pytest.mark.parametrize("date", ["2010-12-01 08:26:00", "2010-12-01 08:26", "12/1/2010 8:26"])
def test_three_ways_to_write_a_date_are_read(book, date):
    assert "2010-12-01T08:26:00.000Z" == only(book(f"536365,1,A,6,{date},2.55,17850,UK")).at


def test_an_invoice_is_dated_by_its_earliest_row_and_known_by_its_first_customer(book):
    invoice = only(
        book(
            "536365,1,A,6,2010-12-01 08:28:00,2.55,,UK",
            "536365,2,B,1,2010-12-01 08:27:00,1,17850.0,UK",
            "536365,3,C,1,2010-12-01 08:29:00,1,17851,UK",
        )
    )

    assert ("2010-12-01T08:27:00.000Z", "17850") == (invoice.at, invoice.customer_ref)


def test_invoices_come_in_order_of_first_appearance_even_where_their_rows_are_mixed(book):
    def row(number):
        return f"{number},1,A,1,2010-12-01 08:26:00,1,,UK"

    books = read_books(book(row(3), row(1), row(3), row(2)), "GBP")

    assert [("3", 2), ("1", 1), ("2", 1)] == [(invoice.number, len(invoice.lines)) for invoice in books.invoices]


def test_a_product_is_a_code_without_case_named_by_its_first_description_and_first_price(book):
    books = read_books(
        book(
            "1,22a,,1,2010-12-01 08:26:00,2.345,,UK",
            "1,22A,FIRST NAME,1,2010-12-01 08:26:00,9.99,,UK",
            "1,22a,SECOND NAME,1,2010-12-01 08:26:00,9.99,,UK",
            "1,23,,1,2010-12-01 08:26:00,2.355,,UK",
        ),
        "GBP",
    )

    assert {"22A": ("FIRST NAME", "2.34"), "23": ("23", "2.36")} == {
        code: (goods.name, goods.price) for code, goods in books.products.items()
    }


def test_a_line_keeps_its_own_description_and_its_exact_price(book):
    invoice = only(book("1,22,,1,2010-12-01 08:26:00,0.0425,,UK", "1,22,OWN,1,2010-12-01 08:26:00,9,,UK"))

    assert [("OWN", "0.0425"), ("OWN", "9")] == [(line.name, line.unit_price) for line in invoice.lines]


def test_a_bad_row_names_no_product(book):
    books = read_books(book("1,22,BAD,1,2010-12-01 08:26:00,0,,UK", "1,22,GOOD,1,2010-12-01 08:26:00,1,,UK"), "GBP")

    assert "GOOD" == books.products["22"].name


def test_prices_are_rounded_as_the_currency_has_decimals(book):
    assert "3" == read_books(book("1,22,A,1,2010-12-01 08:26:00,2.55,,JP"), "JPY").products["22"].price


def test_country_may_be_absent(book):
    path = book(
        "536365,1,A,6,2010-12-01 08:26,2.55,17850",
        header="InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID",
    )

    assert "536365" == only(path).number


def test_missing_columns_are_named(book):
    with pytest.raises(BadFile, match=r"books\.csv has no columns UnitPrice, CustomerID"):
        read_books(book("1,2", header="InvoiceNo,StockCode,Description,Quantity,InvoiceDate"), "GBP")


def test_a_text_that_is_no_csv_is_refused(written):
    with pytest.raises(BadFile, match="has no columns InvoiceNo, StockCode"):
        read_books(written("Dear diary,\ntoday I sold nothing.\n"), "GBP")


@pytest.mark.parametrize("content", [b"", b"\n\n", gzip.compress(b"", mtime=0)])
def test_an_empty_file_is_refused(written, content):
    with pytest.raises(BadFile, match=r"file\.csv is empty"):
        read_books(written(content), "GBP")


def test_a_truncated_gzip_is_refused(book, written):
    packed = gzip.compress("\n".join(GOOD for _ in range(1000)).encode())

    with pytest.raises(BadFile, match="is cut short"):
        read_books(written(packed[: len(packed) // 2]), "GBP")


def test_a_damaged_gzip_is_refused(written):
    packed = bytearray(gzip.compress(GOOD.encode()))
    packed[-6] ^= 0xFF

    with pytest.raises(BadFile, match="damaged gzip"):
        read_books(written(bytes(packed)), "GBP")


def test_binary_data_is_refused(written):
    with pytest.raises(BadFile, match="is no CSV"):
        read_books(written(b"\x89PNG\x00" + os.urandom(200)), "GBP")


def test_a_quote_that_swallows_the_following_lines_is_refused(book):
    with pytest.raises(BadFile, match="quote that opens on line 3"):
        read_books(book(GOOD, '536366,1,"A,6,2010-12-01 08:26:00,2.55,17850,UK', GOOD, GOOD), "GBP")


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(BadFile, match=r"none\.csv cannot be read: No such file"):
        read_books(tmp_path / "none.csv", "GBP")


def test_text_is_read_as_utf_8_with_or_without_a_mark_and_else_as_windows_1252(book, written):
    plain = book(GOOD.replace("WHITE HEART", "CAF\u00c9 \u00a35")).read_text("utf-8")

    for encoding in ("utf-8", "utf-8-sig", "cp1252"):
        (line,) = only(written(plain.encode(encoding))).lines
        assert "CAF\u00c9 \u00a35" == line.name
