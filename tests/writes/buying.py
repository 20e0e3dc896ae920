"""One process of buyers: starts a checkout for each cart it is given, all at once, and prints how many got theirs.

`python buying.py ADDRESS CART...`
"""

import asyncio
import sys

from writes.bus import Bus
from writes.checkout import StartCheckout
from writes.database import open_database, open_writer


async def _nobody(_position):
    """No worker follows here."""


async def main(address, *carts):
    writer = open_writer(open_database(address))
    bus = Bus(writer, providers={}, committed=_nobody)
    answers = await asyncio.gather(*(bus.send(StartCheckout(cart)) for cart in carts))
    await writer.close()
    print(sum(answer.refused is None for answer in answers))


asyncio.run(main(*sys.argv[1:]))
