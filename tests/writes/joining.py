"""One process of a customer who signs in: merges each guest's cart it is given, all at once, and prints what was refused.

`python joining.py ADDRESS CUSTOMER CART...`
"""

import asyncio
import sys
from pathlib import Path

from writes.bus import Bus
from writes.database import open_database, open_writer
from writes.merging import MergeCarts


async def _nobody(_position):
    """No worker follows here."""


async def main(address, customer, *carts):
    writer = open_writer(open_database(address if "://" in address else Path(address)))
    bus = Bus(writer, providers={}, committed=_nobody)
    answers = await asyncio.gather(*(bus.send(MergeCarts(cart, customer)) for cart in carts))
    await writer.close()
    print([repr(answer.refused) for answer in answers if answer.refused])


asyncio.run(main(*sys.argv[1:]))
