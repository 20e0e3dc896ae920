"""A line of which some came back is cut in two: the tables and the view agree on which part those were of."""

import sqlalchemy as sa

from writes import books, fulfillment
from writes import tables as t


async def test_what_came_back_stays_with_the_rest_of_a_line_as_far_as_it_can(random_shop):
    async with random_shop(1) as one:
        sku, warehouse_id = one.shop.value("SELECT sku FROM variants"), one.shop.value("SELECT id FROM warehouses")
        bought, back = books.BookLine(sku, "five of it", 5, "12"), books.BookLine(sku, "five of it", 4, "12")
        sent = await one.shop.bus.send(
            books.RecordPastOrder("1", "uk", warehouse_id, "2026-01-01T08:00:00Z", [bought], "REF-1")
        )
        order_id = sent.ids["order_id"]
        assert (
            await one.shop.bus.send(books.RecordCredit("C2", "uk", "2026-01-02T08:00:00Z", [back], "REF-1"))
        ).refused is None
        line_id = one.shop.value(f"SELECT id FROM order_lines WHERE order_id = '{order_id}'")

        worker = one.worker()
        for _ in range(2):
            answer = await one.shop.bus.send(fulfillment.SetOrderLineStatus(order_id, line_id, "DELIVERED", 1))
            assert answer.refused is None
            await worker.catch_up()

            assert [] == one.differences()
        columns = t.order_lines.c
        lines = sa.select(columns.returned).where(columns.order_id == order_id).order_by(columns.ordinal)
        assert [3, 0, 1] == list(one.shop.database.read(lambda connection: connection.scalars(lines).all()))
