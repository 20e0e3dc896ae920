"""Takes a retailer's books and product exports over, command by command. Running the same file again changes nothing.

Every step looks first whether it is done: a run that was killed is finished by the next, with the same figures.
"""

import asyncio
from collections.abc import Iterator, Sequence

import msgspec

from server.assortment import Assortment, Offered, Wanted, windows
from server.books_file import Books, Invoice
from server.csv_file import BadRow
from server.products_file import Export, Product, Variant
from server.progress import Progress
from writes.books import RecordCredit, RecordPastOrder
from writes.bus import Bus
from writes.catalog import CreateCategory, CreateProduct, slug_of
from writes.stock import CreateWarehouse
from writes.variants import PriceIn, VariantIn

_ACTOR = "system"
_MOST_INVOICES = 64


class Summary(msgspec.Struct):
    """What an import did. `known` is what it found done; `lines` are the invoice lines that are now on record.

    `bad` are the rows that were left out: those that are wrong in the file, and those that the shop refused.
    """

    products_created: int = 0
    products_known: int = 0
    orders_recorded: int = 0
    orders_known: int = 0
    credits_recorded: int = 0
    credits_known: int = 0
    lines: int = 0
    bad: list[BadRow] = []

    def add(self, invoice: Invoice, *, known: bool) -> None:
        """Count an invoice that is on record now."""
        self.lines += len(invoice.lines)
        self.orders_known += known and not invoice.credit
        self.orders_recorded += not known and not invoice.credit
        self.credits_known += known and invoice.credit
        self.credits_recorded += not known and invoice.credit


async def import_books(bus: Bus, books: Books, channel: str, currency: str, progress: Progress) -> Summary:
    """Record past orders and credits with the products they name. Raises CannotImport if the channel does not fit."""
    assortment = Assortment(bus, channel, _ACTOR)
    await assortment.open(channel.capitalize(), currency)
    shelf = CreateWarehouse(f"{channel}-books", f"Books of {channel}", active=False)  # past goods left from somewhere
    warehouse_id = await assortment.warehouse(shelf)
    summary = Summary(bad=list(books.bad))
    wanted = [
        Wanted(
            CreateProduct(goods.name, variants=[VariantIn(sku=code, prices=[PriceIn(channel, goods.price, currency)])]),
            [goods.line],
            [{}],
        )
        for code, goods in books.products.items()
    ]
    await _offer_all(assortment, wanted, summary, progress)
    await _record_all(assortment, books.invoices, warehouse_id, summary, progress)
    summary.bad.sort()
    return summary


async def import_products(bus: Bus, export: Export, channel: str, currency: str, progress: Progress) -> Summary:
    """Bring the products of an export on sale. Raises CannotImport if the channel does not fit."""
    assortment = Assortment(bus, channel, _ACTOR)
    await assortment.open(channel.capitalize(), currency)
    warehouse_id = await assortment.warehouse(CreateWarehouse("main", "Main warehouse"))
    names = dict.fromkeys(product.category for product in export.products if product.category is not None)
    category_ids = {name: await assortment.category(CreateCategory(name)) for name in names}
    summary = Summary(bad=list(export.bad))
    wanted = [_wanted(product, channel, currency, warehouse_id, category_ids) for product in export.products]
    await _offer_all(assortment, wanted, summary, progress)
    summary.bad.sort()
    return summary


async def _offer_all(assortment: Assortment, wanted: Sequence[Wanted], summary: Summary, progress: Progress) -> None:
    done = 0
    for window in windows(wanted):
        for offered in await assortment.offer(window):
            _count(offered, summary)
        done += len(window)
        progress(done, len(wanted), "products")


def _count(offered: Offered, summary: Summary) -> None:
    summary.bad += offered.refused
    if offered.created:
        summary.products_created += 1
    elif not offered.refused:
        summary.products_known += 1


def _windows(invoices: Sequence[Invoice]) -> Iterator[list[Invoice]]:
    """Cut the books into parts whose invoices may be recorded in any order.

    A credit is held against what its customer bought before it in the file, so it shares no part with another invoice
    of the same customer. Credits without a customer are held against nothing.
    """
    window: list[Invoice] = []
    buyers: set[str | None] = set()
    credited: set[str | None] = set()
    for invoice in invoices:
        customer = invoice.customer_ref
        races = customer is not None and (customer in credited or (invoice.credit and customer in buyers))
        if races or len(window) == _MOST_INVOICES:
            yield window
            window, buyers, credited = [], set(), set()
        window.append(invoice)
        (credited if invoice.credit else buyers).add(customer)
    if window:
        yield window


async def _record_all(
    assortment: Assortment, invoices: Sequence[Invoice], warehouse_id: str, summary: Summary, progress: Progress
) -> None:
    done = await assortment.invoices()
    passed, total = 0, sum(len(invoice.lines) for invoice in invoices)
    for window in _windows(invoices):
        commands = [_command(invoice, assortment.channel, warehouse_id) for invoice in window if invoice.number not in done]
        answers = iter(await asyncio.gather(*map(assortment.send, commands)))
        for invoice in window:
            refused = None if invoice.number in done else next(answers).refused
            if refused is not None:
                summary.bad.append(BadRow(invoice.line, f"invoice {invoice.number}: {refused.message}"))
            else:
                summary.add(invoice, known=invoice.number in done)
        passed += sum(len(invoice.lines) for invoice in window)
        progress(passed, total, "lines")


def _command(invoice: Invoice, channel: str, warehouse_id: str) -> RecordPastOrder | RecordCredit:
    if invoice.credit:
        return RecordCredit(invoice.number, channel, invoice.at, invoice.lines, invoice.customer_ref)
    return RecordPastOrder(invoice.number, channel, warehouse_id, invoice.at, invoice.lines, invoice.customer_ref)


def _wanted(product: Product, channel: str, currency: str, warehouse_id: str, category_ids: dict[str, str]) -> Wanted:
    command = CreateProduct(
        product.title,
        slug=slug_of(product.handle),
        description=product.description,
        vendor=product.vendor,
        category_ids=[category_ids[product.category]] if product.category is not None else [],
        tags=product.tags,
        media=product.media,
        variants=[_variant(variant, channel, currency) for variant in product.variants],
    )
    lines = [variant.line for variant in product.variants]
    stock = [{warehouse_id: variant.stock} for variant in product.variants]
    return Wanted(command, lines, stock, product.published)


def _variant(variant: Variant, channel: str, currency: str) -> VariantIn:
    return VariantIn(
        variant.sku,
        [PriceIn(channel, variant.price, currency, variant.compare_at)],
        option_values=variant.options,
        backorderable=variant.backorderable,
        weight_grams=variant.grams,
        barcode=variant.barcode,
        image=variant.image,
    )
