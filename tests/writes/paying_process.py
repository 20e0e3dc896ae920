"""One process that does one thing to a payment, to be raced and killed: `python paying_process.py ADDRESS BANK STEP WHAT ...`.

It says `ready`, waits for a line, does it, and says how it ended. `complete` kills its own process at a step, if one is named:
`prepared` (the order waits, nobody was asked), `acted` (the provider has done it), `recorded` (all is done, nobody was told).
"""

import asyncio
import os
import signal
import sys
from pathlib import Path

from server.small_files import SmallFiles
from writes.bus import Bus
from writes.checkout import ExpireCheckout
from writes.completing import CompleteCheckout
from writes.database import open_database, open_writer
from writes.payments import RecordPaymentResult
from writes.providers import ProviderResult
from writes.recovery import ContinuePayment, RecoverPayment
from writes.trial import Test


def die():
    os.kill(os.getpid(), signal.SIGKILL)


class Bank(Test):
    """Dies with its caller once it has acted, where that is the step."""

    step = ""

    async def perform(self, call):
        result = await super().perform(call)
        if self.step == "acted":
            die()
        return result


def command_of(what, *told):
    if what == "complete":
        checkout_id, total, token = told
        return CompleteCheckout(checkout_id, total, "GBP", "test", token)
    if what == "webhook":
        order_id, payment_id, entry_id = told
        result = ProviderResult(succeeded=True, reference=f"test_{entry_id}")
        return RecordPaymentResult(order_id, payment_id, entry_id, result)
    return {"continue": ContinuePayment, "recover": RecoverPayment, "expire": ExpireCheckout}[what](*told)


async def main(address, folder, step, what, *told):
    commits = 0

    async def committed(_position):
        nonlocal commits
        commits += 1
        if (step, commits) in {("prepared", 1), ("recorded", 2)}:
            die()

    bank = Bank(SmallFiles(Path(folder)), {})
    bank.step = step
    writer = open_writer(open_database(address if "://" in address else Path(address)))
    bus = Bus(writer, providers={"test": bank}, committed=committed)
    print("ready", flush=True)
    sys.stdin.readline()
    answer = await bus.send(command_of(what, *told), key="0123456789abcdef0123456789abcdef" if what == "complete" else None)
    await writer.close()
    print("done" if answer.refused is None else answer.refused.code)


asyncio.run(main(*sys.argv[1:]))
