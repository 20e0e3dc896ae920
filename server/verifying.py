"""`tradewind verify`: compares every view with the tables while the shop is at work, and has put right what is wrong."""

import asyncio
import sys
from typing import Annotated

import redis
import typer

from projections.generations import Generations
from server import parts
from server.progress import shown_on
from server.settings import Settings
from shop.tail import open_tail
from verify.live import BehindError, Report, verified

verify_commands = typer.Typer()
_MOST_LINES = 50
_PATIENCE = 60.0  # seconds until the workers have put right what they were asked for


@verify_commands.command()
def verify(
    repair: Annotated[bool, typer.Option("--repair", help="Have the workers make anew what is wrong, and look again.")] = False,
) -> None:
    """Compare every view with the tables, by code that shares nothing with the folds. The shop may be at work."""
    settings = Settings()
    report = asyncio.run(_verified(settings))
    _tell(report)
    if repair and report.wishes():
        asyncio.run(_repaired(settings, report))
        report = asyncio.run(_verified(settings))
        typer.echo("After the repair:")
        _tell(report)
    if report.wrong:
        raise typer.Exit(1)


async def _verified(settings: Settings) -> Report:
    async with parts.open_redis(settings) as client, open_tail(settings.database()) as tail:
        keys = await parts.layout(client, settings)
        with shown_on(sys.stderr) as progress, redis.Redis.from_url(parts.redis_url(settings)) as looking:
            try:
                return await tail.run(verified, looking, keys, progress)
            except BehindError as behind:
                raise ValueError(f"{behind}: nothing can be said of them (`tradewind status`).") from behind


async def _repaired(settings: Settings, report: Report) -> None:
    """Ask for each wrong document to be made anew, and wait until that is done."""
    async with parts.open_redis(settings) as client:
        generations = Generations(client, await parts.layout(client, settings))
        wished = [await generations.wish(wish, segment) for segment, wish in report.wishes()]
        if not await generations.granted(wished, _PATIENCE):
            raise ValueError("no worker took up the repair yet: it will be done once one runs.")


def _tell(report: Report) -> None:
    for one in report.wrong[:_MOST_LINES]:
        typer.echo(one.line)
    if len(report.wrong) > _MOST_LINES:
        typer.echo(f"... and {len(report.wrong) - _MOST_LINES:,} more")
    for field in report.parked:
        typer.echo(f"{field} stands parked: `tradewind parked` says why")
    compared = f"{report.documents:,} documents and {report.entries:,} index entries compared"
    unsure = f", {len(report.moving):,} changed too often to be judged" if report.moving else ""
    typer.echo(f"{compared}: {len(report.wrong):,} differences{unsure}.")
