"""`tradewind log ...`: what an operator does to the event log by hand. Nothing here reads or writes an event."""

import asyncio
from pathlib import Path

import typer

from server.settings import Settings
from shop.tail import LogUnavailableError, open_tail

log_commands = typer.Typer(help="The event log.", no_args_is_help=True)


class NoLogError(ValueError):
    """There is no log to do anything to."""


@log_commands.callback()
def _group() -> None:
    """Keep the commands' names on the command line even while there is only one."""


@log_commands.command("new-epoch")
def new_epoch() -> None:
    """Tell all who follow the log that it may lack events they have seen: after a restore or a promotion, before serving.

    All views are made anew from the log, and the positions that clients hold are unknown from then on. No event is lost.
    """
    address = Settings().database()
    if isinstance(address, Path) and not address.exists():  # opening it would make it
        raise NoLogError(f"there is no database at {address}, so no log: `tradewind migrate` begins one.")
    old, new = asyncio.run(_renewed(address))
    typer.echo(f"The log's epoch was {old} and is now {new}.")
    typer.echo(
        "For use after a restore from a copy, or the promotion of a standby: "
        "all views are made anew, and positions that clients hold from before are unknown."
    )


async def _renewed(address: Path | str) -> tuple[str, str]:
    async with open_tail(address) as tail:
        try:
            old, _ = await tail.head()
            return old, await tail.new_epoch(old)
        except LogUnavailableError as silent:
            said = str(silent).partition("\n")[0]
            raise NoLogError(f"the database has no log yet (`tradewind migrate` begins one), or is silent: {said}") from silent
