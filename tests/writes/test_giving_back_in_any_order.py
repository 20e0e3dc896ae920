"""However an order is canceled, sent, refunded and returned part by part: what goes back is what was paid, and never more."""

import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from shop.events import LineQuantity
from writes import tables as t
from writes.cancels import CancelOrderLines
from writes.charging import CapturePayment, RefundPayment
from writes.fulfillment import SetOrderLineStatus
from writes.returns import ApproveReturn, ReceiveReturn, RequestReturn

_steps = st.lists(
    st.tuples(st.sampled_from(["cancel", "send", "refund", "bring_back"]), st.integers(0, 9), st.integers(1, 4)), max_size=14
)
_charges = st.lists(st.tuples(st.integers(0, 300), st.integers(0, 300)), min_size=2, max_size=2)
_ONWARD = {"ALLOCATED": ["PICKING", "SHIPPED"], "PICKING": ["SHIPPED"]}


class Buyer:
    """An order of two lines that is paid for, and what may be done about its parts."""

    def __init__(self, shop, order_id):
        self.shop, self.order_id = shop, order_id
        self.payment = shop.rows(sa.select(t.payments).where(t.payments.c.order_id == order_id))[0]

    def line(self, index):
        lines = self.shop.lines(self.order_id)
        return lines[index % len(lines)]

    async def cancel(self, line, quantity):
        await self.shop.bus.send(CancelOrderLines(self.order_id, [LineQuantity(line.id, quantity)]))

    async def send(self, line, quantity):
        for status in _ONWARD.get(line.status, []):
            answer = await self.shop.bus.send(SetOrderLineStatus(self.order_id, line.id, status, quantity))
            if answer.refused is None and quantity < line.quantity:
                line = self.shop.lines(self.order_id)[-1]

    async def refund(self, line, quantity):
        await self.shop.bus.send(RefundPayment(self.payment.id, lines=[LineQuantity(line.id, quantity)]))

    async def bring_back(self, line, quantity):
        answer = await self.shop.bus.send(RequestReturn(self.order_id, [LineQuantity(line.id, quantity)]))
        if answer.refused is None:
            return_id = answer.ids["return_id"]
            await self.shop.given(ApproveReturn(return_id), ReceiveReturn(return_id, self.shop.warehouse))

    async def gives_all_back(self):
        for index in range(len(self.shop.lines(self.order_id))):
            line = self.line(index)
            await (self.bring_back if line.shipped else self.cancel)(line, line.quantity)
        for line in self.shop.lines(self.order_id):  # what was refunded by hand stays the buyer's
            await self.bring_back(line, line.quantity - line.returned)

    def refunded(self):
        return self.shop.row(t.payments, self.payment.id).refunded


async def bought(shop, charges):
    """Given an order of 3 and 2, paid, with discounts and taxes on its lines in smallest units."""
    three, two = await shop.sells("A", price="3.33", stocked=9), await shop.sells("B", price="9.99", stocked=9)
    order_id = await shop.order((three, 3), (two, 2))
    shop.database.change(lambda connection: _charge(connection, order_id, charges))
    buyer = Buyer(shop, order_id)
    await shop.given(CapturePayment(buyer.payment.id))
    return Buyer(shop, order_id)


def _charge(connection, order_id, charges):
    """Write discounts and taxes as a promotion and a rate would, before the money is taken."""
    columns = t.order_lines.c
    lines = connection.execute(sa.select(columns.id).where(columns.order_id == order_id).order_by(columns.ordinal))
    for line_id, (discount, tax) in zip(lines.scalars().all(), charges, strict=True):
        connection.execute(sa.update(t.order_lines).where(columns.id == line_id).values(discount=discount, tax=tax))
    discount, tax = (sum(one) for one in zip(*charges, strict=True))
    more = {"discount": discount, "tax": tax, "total": t.orders.c.total - discount + tax}
    connection.execute(sa.update(t.orders).where(t.orders.c.id == order_id).values(more))
    promised = {"authorized": t.payments.c.authorized - discount + tax}
    connection.execute(sa.update(t.payments).where(t.payments.c.order_id == order_id).values(promised))


@given(_charges, _steps)
@settings(
    max_examples=12,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
async def test_what_goes_back_is_what_was_paid_and_never_more(new_shop, charges, steps):
    async with new_shop() as shop:
        await shop.opens()
        buyer = await bought(shop, charges)
        for what, index, quantity in steps:
            line = buyer.line(index)
            await getattr(buyer, what)(line, min(quantity, line.quantity))
            assert buyer.refunded() <= buyer.payment.captured

        await buyer.gives_all_back()

        assert buyer.payment.captured == buyer.refunded()
        assert {"RETURNED", "CANCELED"} >= {line.status for line in shop.lines(buyer.order_id)}
