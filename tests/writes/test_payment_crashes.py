"""Processes that pay, killed between two phases, and some that bring the same answer at once: one outcome, stock right."""

import asyncio
import contextlib
import datetime as dt
import sys
from pathlib import Path

import pytest

from server.small_files import SmallFiles
from shop import clock
from tests.writes.paying import ledger, recover, standing
from tests.writes.test_payment_answers import PLACED, completing, only
from writes import tables as t
from writes.checkout import ExpireCheckout
from writes.trial import Test

PROCESS = Path(__file__).with_name("paying_process.py")
KEY = "0123456789abcdef0123456789abcdef"  # as the process has it
CANCELED = ("CANCELED", "EXPIRED", ["FAILED"], 0)


@pytest.fixture
def deeds(tmp_path):
    """What the bank of all these processes remembers."""
    return tmp_path / "deeds"


@pytest.fixture
async def shop(new_shop, deeds):
    async with new_shop(test=Test(SmallFiles(deeds), {})) as one:
        await one.opens()
        yield one


@contextlib.asynccontextmanager
async def processes(shop, deeds, *each):
    """Start a process for each (step, what, ...) and wait until all are ready; `go()` lets them run, and gives their words."""
    pipe = asyncio.subprocess.PIPE
    started = [
        await asyncio.create_subprocess_exec(
            sys.executable, PROCESS, str(shop.database.address), str(deeds), *told, stdin=pipe, stdout=pipe,
            cwd=PROCESS.parents[2], env={"PYTHONPATH": str(PROCESS.parents[2])},
        )
        for told in each
    ]  # fmt: skip
    try:
        for one in started:
            assert b"ready\n" == await asyncio.wait_for(one.stdout.readline(), 60)

        async def go():
            ends = await asyncio.wait_for(asyncio.gather(*(one.communicate(b"go\n") for one in started)), 60)
            return [said.decode().strip() for said, _ in ends]

        yield go
    finally:
        for one in started:
            if one.returncode is None:
                one.kill()
                await one.wait()


def money_moved(shop, deeds):
    """What the bank holds for the shop, as the bank has it: promised and not voided, captured and not refunded."""
    bank, sums = SmallFiles(deeds), {"AUTHORIZE": 1, "VOID": -1, "CAPTURE": 1, "REFUND": -1}
    every = [shop.providers["test"]._deed(entry_id) for entry_id in bank]
    return sum(sums[deed.kind] * deed.amount for deed in every if deed.succeeded)


@pytest.mark.parametrize(("step", "ends", "moved"), [
    ("prepared", CANCELED, 0), ("acted", PLACED, 2000), ("recorded", PLACED, 2000),
])  # fmt: skip
async def test_whenever_the_one_who_pays_is_killed_recovery_comes_to_one_end(shop, deeds, step, ends, moved):
    command = await completing(shop)
    told = (command.checkout_id, command.expected_total, "approve")
    async with processes(shop, deeds, (step, "complete", *told)) as go:
        assert [""] == await go()
    shop.now = clock.utc_now()
    shop.passes(seconds=30)
    assert (0 if step == "recorded" else 1) == await recover(shop)
    again = await shop.when(command, key=KEY)
    assert (True, [], "PAYMENT_DECLINED" if step == "prepared" else None) == (
        again.replayed, shop.happened, again.refused and again.refused.code,
    )  # fmt: skip
    shop.passes(minutes=10)
    await shop.given(ExpireCheckout(command.checkout_id))
    assert (ends, moved, 0) == (standing(shop), money_moved(shop, deeds), await recover(shop))
    free = 3 if ends == PLACED else 5
    (level,) = shop.rows(t.stock_levels.select())
    assert (5, free, 0) == (level.on_hand, level.on_hand - level.allocated - level.reserved, level.reserved)


async def test_processes_that_bring_the_same_answer_at_once_place_one_order(shop, deeds):
    shop.now = clock.utc_now() - dt.timedelta(seconds=30)
    await shop.when(await completing(shop, "action", capture=True))
    entry, payment = only(shop, t.ledger_entries), only(shop, t.payments)
    same = (
        ("", "continue", payment.id),
        ("", "webhook", payment.order_id, payment.id, entry.id),
        ("", "recover", entry.id),
    )
    async with processes(shop, deeds, *same) as go:
        said = await go()
    assert {"done"} == set(said) - {"PAYMENT_PENDING"}  # recovery may have asked before the buyer was back
    assert (("PLACED", "COMPLETED", ["CAPTURED"], 2), [("CAPTURE", "SUCCESS")]) == (standing(shop), ledger(shop))
    names = [recorded.type for recorded in shop.log()]
    assert (1, 1, 2000) == (names.count("OrderPlaced"), names.count("PaymentCaptured"), only(shop, t.payments).captured)


async def test_a_checkout_that_expires_in_one_process_while_another_pays_is_paid_with_stock_or_gives_back(shop, deeds):
    """Reservations of this shop's clock are long over by the clock of the processes."""
    command = await completing(shop)
    told = (command.checkout_id, command.expected_total, "approve")
    async with processes(shop, deeds, ("", "complete", *told), ("", "expire", command.checkout_id)) as go:
        await go()
    names = {recorded.type for recorded in shop.log()}
    if "OrderPlaced" in names:
        assert (PLACED, 2000) == (standing(shop), money_moved(shop, deeds))
    else:
        assert "CheckoutExpired" in names
        assert (0, 0) == (
            sum(row.allocated + row.reserved for row in shop.rows(t.stock_levels.select())),
            money_moved(shop, deeds),
        )
