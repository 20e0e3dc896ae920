"""However a line is cut, and its parts paid back: all parts together are what it cost, no smallest unit made or lost."""

from types import SimpleNamespace

from hypothesis import given
from hypothesis import strategies as st

from writes import costs, refunds
from writes.refunds import Given


@st.composite
def bought(draw):
    """An order's line with its unit price, its discount and its tax."""
    quantity, price = draw(st.integers(1, 12)), draw(st.integers(0, 500))
    total = quantity * price
    discount = draw(st.integers(0, total))
    order = SimpleNamespace(tax_included=draw(st.booleans()))
    return order, SimpleNamespace(
        id="ol", quantity=quantity, total=total, discount=discount, tax=draw(st.integers(0, total - discount))
    )


class Parts:
    """A line and all that was cut off it, each with what was given back for it."""

    def __init__(self, order, line):
        self.order = order
        self.lines = [(line, Given())]
        self.paid = 0

    def refund(self, which, quantity):
        line, before = self.lines[which]
        if quantity := min(quantity, line.quantity - before.units):
            part = refunds.part(self.order, line, quantity, before)
            assert part.amount >= 0
            self.paid += part.amount
            self.lines[which] = (line, Given(before.units + quantity, before.amount + part.amount))

    def split(self, which, quantity):
        line, before = self.lines[which]
        if quantity >= line.quantity:
            return
        cut, given_back = refunds.share(self.order, line, quantity, before)
        rest = {name: getattr(line, name) - part for name, part in cut.items()}
        new = SimpleNamespace(id="new", quantity=quantity, **cut)
        self.lines.append((new, given_back))
        kept = Given(before.units - given_back.units, before.amount - given_back.amount)
        self.lines[which] = (SimpleNamespace(id="ol", quantity=line.quantity - quantity, **rest), kept)


@given(bought(), st.lists(st.tuples(st.booleans(), st.integers(0, 20), st.integers(1, 12)), max_size=12))
def test_all_parts_of_a_line_are_what_it_cost_in_any_order(line_of_order, steps):
    order, line = line_of_order
    parts = Parts(order, line)
    for splits, which, quantity in steps:
        (parts.split if splits else parts.refund)(which % len(parts.lines), quantity)
        assert parts.paid <= costs.of_line(order, line)

    for which in range(len(parts.lines)):
        parts.refund(which, 12)

    assert costs.of_line(order, line) == parts.paid
    assert costs.of_line(order, line) == sum(costs.of_line(order, one) for one, _ in parts.lines)
