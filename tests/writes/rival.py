"""One of two processes that do the same things at the same time: sends each command it is told, and says what came of them.

`python rival.py ADDRESS NOW` reads a line of JSON, `[[name, command], ...]`, says that it is ready, and begins at the next.
"""

import asyncio
import datetime as dt
import json
import sys
from pathlib import Path

import msgspec

from writes.bus import Bus
from writes.database import open_database, open_writer
from writes.handlers import HANDLERS
from writes.providers import Manual
from writes.trial import Test

_BY_NAME = {command.__name__: command for command in HANDLERS}


async def _nobody(_position):
    """No worker follows here."""


async def main(address, now):
    writer = open_writer(open_database(address if "://" in address else Path(address)))
    bus = Bus(
        writer, providers={"test": Test(), "manual": Manual()}, committed=_nobody, now=lambda: dt.datetime.fromisoformat(now)
    )
    commands = [msgspec.convert(given, _BY_NAME[name]) for name, given in json.loads(sys.stdin.readline())]
    print("ready", flush=True)
    sys.stdin.readline()
    answers = [await bus.send(command) for command in commands]
    await writer.close()
    print(json.dumps([None if answer.refused is None else type(answer.refused).__name__ for answer in answers]))


asyncio.run(main(*sys.argv[1:]))
