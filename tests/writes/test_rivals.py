"""Two processes that want what only one can have: an order shipped or canceled, units returned, money given back."""

import asyncio
import json
import sys
from pathlib import Path

import msgspec
import sqlalchemy as sa

from shop.events import LineQuantity
from writes import tables as t
from writes.charging import RefundPayment
from writes.fulfillment import SetOrderLineStatus
from writes.orders import CancelOrder
from writes.returns import RequestReturn

RIVAL = Path(__file__).with_name("rival.py")
ORDERS = 8


async def orders(shop, *statuses, capture=True):
    """Given some paid orders of two of the same goods; return the ids of each, its line and its payment."""
    mug, made = await shop.sells(stocked=2 * ORDERS), []
    for _ in range(ORDERS):
        order_id = await shop.order((mug, 2), capture=capture)
        (line,) = shop.lines(order_id)
        await shop.given(*(SetOrderLineStatus(order_id, line.id, status) for status in statuses))
        payment_id = shop.rows(sa.select(t.payments.c.id).where(t.payments.c.order_id == order_id))[0].id
        made.append((order_id, line.id, payment_id))
    return mug, made


async def told(shop, *rivals):
    """What came of each rival's commands, in their order; both begin at the same moment."""
    processes = [
        await asyncio.create_subprocess_exec(
            sys.executable, RIVAL, str(shop.database.address), shop.now.isoformat(), cwd=RIVAL.parents[2],
            env={"PYTHONPATH": "."}, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        )
        for _ in rivals
    ]  # fmt: skip
    for process, commands in zip(processes, rivals, strict=True):
        named = [(type(command).__name__, msgspec.to_builtins(command)) for command in commands]
        process.stdin.write(f"{json.dumps(named)}\n".encode())
        assert b"ready\n" == await process.stdout.readline()
    return [json.loads((await one)[0]) for one in [asyncio.create_task(process.communicate(b"\n")) for process in processes]]


def won(answers):
    """Who of two won each time: 0 or 1, none where both did or neither."""
    pairs = [[index for index, refused in enumerate(pair) if refused is None] for pair in zip(*answers, strict=True)]
    return [pair[0] if len(pair) == 1 else None for pair in pairs]


async def test_an_order_is_canceled_or_shipped_never_both_and_stock_is_right_either_way(shop):
    mug, made = await orders(shop, "PICKING", capture=False)
    cancels = [CancelOrder(order_id, "changed their mind") for order_id, _, _ in made]
    ships = [SetOrderLineStatus(order_id, line_id, "SHIPPED") for order_id, line_id, _ in reversed(made)]

    answers = await told(shop, cancels, ships)

    winners = won([answers[0], answers[1][::-1]])
    assert None not in winners
    assert (2 * ORDERS - 2 * winners.count(1), 0, 0) == shop.level(mug)
    assert ["CANCELED" if winner == 0 else "SHIPPED" for winner in winners] == [
        shop.row(t.order_lines, line_id).status for _, line_id, _ in made
    ]


async def test_the_same_units_come_back_in_one_return(shop):
    _, made = await orders(shop, "PICKING", "SHIPPED")
    asked = [RequestReturn(order_id, [LineQuantity(line_id, 2)]) for order_id, line_id, _ in made]

    answers = await told(shop, asked, asked)

    assert None not in won(answers)
    assert {None, "AboveLimit"} == {*answers[0], *answers[1]}
    assert ORDERS == len(shop.rows(t.returns.select()))


async def test_the_same_money_goes_back_once(shop):
    _, made = await orders(shop)
    refunds = [RefundPayment(payment_id, lines=[LineQuantity(line_id, 2)]) for _, line_id, payment_id in made]

    answers = await told(shop, refunds, refunds)

    assert None not in won(answers)
    columns = t.payments.c
    assert {(2000, 2000)} == {tuple(row) for row in shop.rows(sa.select(columns.captured, columns.refunded))}
