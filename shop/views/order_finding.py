"""What an order is found by: the axes that lists of orders are cut by, and the words they are searched by.

Pure functions of the order's document and of texts. The worker files what they say, readers ask for it in the same form.
"""

from collections.abc import Iterator

from shop.views.finding import words
from shop.views.orders import Order

SORTED_AXES = ("all", "channel", "status", "payment", "fulfillment", "customer")  # lists of these can be had in any order
_LONGEST = 60  # letters of a text that is found as a whole


def order_axes(document: Order) -> Iterator[tuple[str, str]]:
    """Axis and value of each list that an order stands in."""
    yield "all", ""
    yield "channel", document.channel
    yield "status", document.status
    yield "payment", document.payment_status
    yield "fulfillment", document.fulfillment_status
    if document.customer_id is not None:
        yield "customer", document.customer_id
    if document.placed_at is not None:
        yield "placed", ""
    for status in {line.status for line in document.lines}:
        yield "line", status
    for state in {back.state for back in document.returns}:
        yield "return", state
    for warehouse_id in order_warehouses(document):
        yield "warehouse", warehouse_id


def order_warehouses(document: Order) -> set[str]:
    """The warehouses that hold goods of an order, or have sent some."""
    held = {one.warehouse_id for line in document.lines for one in line.allocations}
    return held | {one.warehouse_id for one in document.fulfillments if one.state != "CANCELED"}


def order_words(document: Order) -> set[str]:
    """Words that an order is found by: its number, email, names and SKUs, each as a whole and cut into words."""
    names = [one.name for one in (document.shipping_address, document.billing_address) if one is not None]
    texts = [document.number, document.email or "", *names, *{line.sku for line in document.lines}]
    return {word for text in texts for part in text.split() for word in (*words(part), part.casefold()[:_LONGEST])}


def searched_words(text: str) -> list[str]:
    """What a search asks for: each part is a word, or a text that is to be found as a whole, such as an email address."""
    return [alone[0] if len(alone := words(part)) == 1 else part.casefold()[:_LONGEST] for part in text.split()]
