"""Returns by their state: what staff work through. They stand in their orders' documents."""

from collections.abc import Sequence

from reads.pages import Edge, Page, Window, member, page
from reads.reading import Reading
from shop import views
from shop.views import Order, Return

STATES = ("REQUESTED", "APPROVED", "RECEIVED", "REFUNDED", "REJECTED", "CANCELED")


async def returns(reading: Reading, states: Sequence[str] | None, window: Window) -> Page[Order]:
    """Returns in any of these states, newest first: a page of the orders they belong to. `return_of` tells which is meant."""
    wanted = set(STATES if states is None else states)
    indexes = [views.returns_in(state) for state in sorted(wanted)]
    found = await page(reading, Order, indexes, window, falling=True)
    return Page([edge for edge in found.edges if return_of(edge).state in wanted], found.page_info, found.total_count)


async def order_of_return(reading: Reading, return_id: str) -> Order | None:
    order_id = await reading.lookup(Order, "return", return_id)
    return None if order_id is None else await reading.get(Order, order_id)


def return_of(edge: Edge[Order]) -> Return:
    """The return that an entry of the list means."""
    return_id = views.sort_key(member(edge.cursor) or "").rpartition(" ")[2]
    return next(back for back in edge.node.returns if back.id == return_id)


def returnable(order: Order, line: views.OrderLine) -> int:
    """How many units of a line can be asked back: those that were sent and that no return has, or is to bring."""
    coming = (one.quantity for back in order.returns if back.state in {"REQUESTED", "APPROVED"} for one in _of(back, line))
    return max(0, line.quantity_shipped - line.quantity_returned - sum(coming))


def _of(back: Return, line: views.OrderLine) -> list[views.MovedLine]:
    return [one for one in back.lines if one.line_id == line.id]
