"""`tradewind keys ...`: what an operator does to the keyring, the store of the keys of personal data."""

import asyncio
from typing import Annotated

import typer

from server.settings import Settings
from shop import clock, log
from shop.tail import open_tail
from writes.database import close, open_database
from writes.scrubbing import scrub

key_commands = typer.Typer(help="The keys of personal data.", no_args_is_help=True)

_WARNING = "whom they belong to is erased for good: in the log, in the views and, when the API runs, in the tables"


@key_commands.callback()
def _group() -> None:
    """Keep the commands' names on the command line even while there is only one."""


@key_commands.command()
def lost(
    yes: Annotated[bool, typer.Option("--yes", help="Give them up without asking.")] = False,
) -> None:
    """Give up keys that are in no backup of the keyring any more: until then the log is not read on."""
    key_ids = asyncio.run(_missing())
    if not key_ids:
        typer.echo("No key is missing.")
        return
    if not yes:
        typer.confirm(f"{len(key_ids)} keys are missing. If they are given up, {_WARNING}. Give them up?", abort=True)
    asyncio.run(_given_up(key_ids))
    typer.echo(f"{len(key_ids)} keys were given up.")


async def _missing() -> list[str]:
    async with open_tail(Settings().database()) as tail:
        return await tail.run(log.missing_keys)


async def _given_up(key_ids: list[str]) -> None:
    database = open_database(Settings().database())
    try:
        await scrub(database, key_ids, clock.text(clock.utc_now()))
    finally:
        await close(database)
