"""One process of buyers with a code: completes each checkout it is given, all at once, and prints how many could.

`python redeeming.py ADDRESS CHECKOUT...`
"""

import asyncio
import sys
from pathlib import Path

from writes.bus import Bus
from writes.completing import CompleteCheckout
from writes.database import open_database, open_writer
from writes.providers import Manual


async def _nobody(_position):
    """No worker follows here."""


async def main(address, *checkouts):
    writer = open_writer(open_database(address if "://" in address else Path(address)))
    bus = Bus(writer, providers={"manual": Manual()}, committed=_nobody)
    commands = [CompleteCheckout(one, "18.00", "GBP", "manual") for one in checkouts]
    answers = await asyncio.gather(*(bus.send(command) for command in commands))
    await writer.close()
    print(sum(answer.refused is None for answer in answers))


asyncio.run(main(*sys.argv[1:]))
