"""The lists that orders stand in, and the words they are found by, told from what the tables say of each order."""

from shop.views import Order
from verify.expected import Expected
from verify.finding import words_of
from verify.products import as_number


def expect_order_entries(expected: Expected, order: Order, total: int) -> None:
    expected.sorted_by(order, "lookup", f"number={order.number}")
    for back in order.returns:
        expected.sorted_by(order, "lookup", f"return={back.id}")
        expected.sorted_by(order, f"returns:{back.state}", f"{back.created_at} {back.id}")
    for word in _words(order):
        expected.sorted_by(order, "search", word)
    keys = {
        "PLACED_AT": order.created_at if order.placed_at is None else order.placed_at,
        "NUMBER": "0" * (20 - len(order.number)) + order.number,
        "TOTAL": as_number(total),
        "UPDATED_AT": expected.updated_at(order),
    }
    for one in _whole_lists(order):
        for sort, key in keys.items():
            expected.sorted_by(order, f"orders:{one}:{sort}", key)
    for one in _lists_by_time(order):
        expected.sorted_by(order, f"orders:{one}:PLACED_AT", keys["PLACED_AT"])


def _whole_lists(order: Order) -> list[str]:
    lists = [
        "all:",
        f"channel:{order.channel}",
        f"status:{order.status}",
        f"payment:{order.payment_status}",
        f"fulfillment:{order.fulfillment_status}",
    ]
    return lists if order.customer_id is None else [*lists, f"customer:{order.customer_id}"]


def _lists_by_time(order: Order) -> set[str]:
    lists = {f"line:{line.status}" for line in order.lines} | {f"return:{back.state}" for back in order.returns}
    lists |= {f"warehouse:{held.warehouse_id}" for line in order.lines for held in line.allocations}
    lists |= {f"warehouse:{sent.warehouse_id}" for sent in order.fulfillments if sent.state != "CANCELED"}
    return lists if order.placed_at is None else {*lists, "placed:"}


def _words(order: Order) -> set[str]:
    texts = {order.number, *(line.sku for line in order.lines)}
    texts |= {told.name for told in (order.shipping_address, order.billing_address) if told is not None}
    texts |= set() if order.email is None else {order.email}
    parts = [part for text in texts for part in text.split()]
    return {part.casefold()[:60] for part in parts} | {word for part in parts for word in words_of([part])}
