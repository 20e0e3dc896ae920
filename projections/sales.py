"""What was sold: per channel and day, and per product, channel and month (by day) for ranking."""

from collections.abc import Iterable

import msgspec

from projections.projection import Entry, Projection, replace
from shop import events, ids, views
from shop.log import Recorded
from shop.money import money, plus
from shop.views import DayOfProduct, ProductSales, SalesDay


def _empty_day(document_id: str, recorded: Recorded) -> SalesDay:
    _, channel, date = document_id.split("_")
    nothing = money(0, recorded.event.currency)  # type: ignore[attr-defined]
    return SalesDay(id=document_id, channel=channel, date=date, revenue=nothing, refunded=nothing)


def _empty_month(document_id: str, _: Recorded) -> ProductSales:
    return ProductSales(id=document_id, channel=document_id.split(":")[1])


sales_day = Projection(SalesDay, empty=_empty_day)
product_sales = Projection(ProductSales, empty=_empty_month)

_AnySale = events.OrderPlaced | events.PastOrderRecorded
_AnyRefund = events.PaymentRefunded | events.PastReturnRecorded | events.CreditRecorded


def _day_id(event: _AnySale | _AnyRefund) -> list[str]:
    return [ids.sales_day(event.channel, event.day)]


@sales_day.on(events.OrderPlaced, _day_id)
def order_placed(view: SalesDay, event: events.OrderPlaced, _: Recorded) -> SalesDay:
    return _sold(view, sum(sold.units for sold in event.sold), sum(sold.revenue for sold in event.sold))


@sales_day.on(events.PastOrderRecorded, _day_id)
def past_order_recorded(view: SalesDay, event: events.PastOrderRecorded, _: Recorded) -> SalesDay:
    return _sold(view, sum(line.quantity for line in event.lines), event.total)


@sales_day.on(events.PaymentRefunded, _day_id)
def payment_refunded(view: SalesDay, event: events.PaymentRefunded, _: Recorded) -> SalesDay:
    return replace(view, refunded=plus(view.refunded, event.goods))


@sales_day.on(events.PastReturnRecorded, _day_id)
def past_return_recorded(view: SalesDay, event: events.PastReturnRecorded, _: Recorded) -> SalesDay:
    return replace(view, refunded=plus(view.refunded, event.refunded))


@sales_day.on(events.CreditRecorded, _day_id)
def credit_recorded(view: SalesDay, event: events.CreditRecorded, _: Recorded) -> SalesDay:
    return replace(view, refunded=plus(view.refunded, event.amount))


def _sold(view: SalesDay, units: int, revenue: int) -> SalesDay:
    return replace(view, orders=view.orders + 1, units=view.units + units, revenue=plus(view.revenue, revenue))


def month_id(product_id: str, channel: str, day: str) -> str:
    """A month's figures hang on their product: `product:channel:YYYY-MM`."""
    return f"{product_id}:{channel}:{day[:7]}"


class _DaySold(msgspec.Struct, frozen=True, gc=False):
    """What an event sold of one product; `revenue` in the currency's smallest units."""

    day: str
    units: int
    revenue: int


def _placed(event: events.OrderPlaced) -> dict[str, _DaySold]:
    return {
        month_id(sold.product_id, event.channel, event.day): _DaySold(event.day, sold.units, sold.revenue)
        for sold in event.sold
    }


def _placed_long_ago(event: events.PastOrderRecorded) -> dict[str, _DaySold]:
    """Sum the lines of each product, in the order of their ids."""
    sums: dict[str, tuple[int, int]] = {}
    for line in event.lines:
        units, revenue = sums.get(line.product_id, (0, 0))
        sums[line.product_id] = (units + line.quantity, revenue + line.total)
    day, after_product = event.day, month_id("", event.channel, event.day)
    return {f"{product_id}{after_product}": _DaySold(day, *sums[product_id]) for product_id in sorted(sums)}


@product_sales.shares(events.PastOrderRecorded, _placed_long_ago)
@product_sales.shares(events.OrderPlaced, _placed)
def product_sold(view: ProductSales, sold: _DaySold, _: Recorded) -> ProductSales:
    days, was = view.days.copy(), view.days.get(sold.day)
    units, revenue = (0, 0) if was is None else (was.units, was.revenue)
    days[sold.day] = DayOfProduct(units + sold.units, revenue + sold.revenue)
    return replace(view, days=days)


def _entries(document: ProductSales) -> Iterable[Entry]:
    product_id = views.root(document.id)
    for day, sold in document.days.items():
        yield views.top(document.channel, day, "UNITS"), product_id, sold.units
        yield views.top(document.channel, day, "REVENUE"), product_id, sold.revenue


def _every_day(document: SalesDay) -> Iterable[Entry]:
    yield views.EVERY, views.member(document.date, document.id), 0


product_sales.entries = _entries
sales_day.entries = _every_day
