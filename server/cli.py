"""The command line. Each command says what it does, and ends with exit code 1 and one clear line when it cannot."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

import redis.exceptions
import structlog
import typer
import uvicorn

from projections.generations import NoSuchGenerationError
from projections.worker import Worker
from reads.errors import ReadError
from reads.reading import Views
from reads.status import Status
from schema.root import build_schema
from server import parts, redis_server, supervisor
from server.app import create_app
from server.books_file import read_books
from server.checks import UnfitStoreError, until_fit
from server.csv_file import BadFile
from server.importing import Summary, import_books, import_products
from server.key_commands import key_commands
from server.log_commands import log_commands
from server.operating import told_view
from server.products_file import read_products
from server.progress import Progress, shown_on
from server.settings import Settings
from server.verifying import verify_commands
from server.view_commands import view_commands
from shop.events import UnknownEventError
from shop.tail import LogUnavailableError, open_tail
from writes.bus import Bus
from writes.database import Database, close, open_database, up_to_date
from writes.refusals import BusyError, Refused

cli = typer.Typer(help="A headless shop backend: GraphQL over CQRS.", no_args_is_help=True, add_completion=True)
importing = typer.Typer(help="Bring in products or past orders from a file.", no_args_is_help=True)
schema = typer.Typer(help="The GraphQL schema.", no_args_is_help=True)
cli.add_typer(importing, name="import")
cli.add_typer(view_commands)
cli.add_typer(verify_commands)
cli.add_typer(schema, name="schema")
cli.add_typer(log_commands, name="log")
cli.add_typer(key_commands, name="keys")

Dev = Annotated[bool, typer.Option("--dev", help="Playground, both payment providers, demo catalog. Not for production.")]
Channel = Annotated[str, typer.Option(help="The channel to import into; made where there is none.")]
Currency = Annotated[str, typer.Option(help="The channel's currency, such as GBP.")]
File = Annotated[Path, typer.Argument(help="The file, plain or gzipped.", exists=True, dir_okay=False, readable=True)]

# What a person at the command line is told in one line; anything else is a bug and shows where it is.
_TOLD = (
    BadFile,
    BusyError,
    LogUnavailableError,
    NoSuchGenerationError,
    Refused,
    ReadError,
    UnfitStoreError,
    UnknownEventError,
    ValueError,
    redis_server.NoRedisError,
    supervisor.AlreadyRunningError,
)


def main() -> None:
    """Run the command line."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    try:
        cli()
    except _TOLD as problem:
        typer.echo(f"tradewind: {problem}", err=True)
        sys.exit(1)
    except redis.exceptions.ConnectionError:
        typer.echo("tradewind: Redis does not answer: start `tradewind serve`, or set REDIS_URL.", err=True)
        sys.exit(1)


@cli.command()
def serve(
    dev: Dev = False,
    end_with_parent: Annotated[bool, typer.Option(help="End when the process that started this one does.")] = False,
) -> None:
    """Start everything on this machine: Redis, worker and API, with data in TRADEWIND_DATA."""
    asyncio.run(supervisor.serve(_settings(dev), end_with_parent=end_with_parent))


@cli.command()
def api(dev: Dev = False) -> None:
    """Serve GraphQL alone; a worker and Redis run elsewhere."""
    settings = _settings(dev)
    uvicorn.run(
        create_app(settings),
        host=settings.host,
        port=settings.port,
        log_level="warning",
        ws="websockets-sansio",
        timeout_keep_alive=75,  # longer than clients and proxies keep an idle connection, so that they close it, not we
        timeout_graceful_shutdown=5,
    )


@cli.command()
def worker(
    name: Annotated[str | None, typer.Option(help="Take over at once from an earlier worker of this name.")] = None,
) -> None:
    """Fold the log into the views, until stopped; any number of workers share the work."""
    asyncio.run(_work(_settings(), name))


@cli.command("migrate")
def migrate_command() -> None:
    """Bring the database's schema up to date."""
    epoch = asyncio.run(_migrated(open_database(_settings().database())))
    typer.echo(f"The database is up to date; its log's epoch is {epoch}.")


@cli.command()
def status() -> None:
    """Say how far the views are behind the log, segment by segment."""
    asyncio.run(_status(_settings()))


@importing.command("products")
def products_command(file: File, channel: Channel = "default", currency: Currency = "USD") -> None:
    """Import products from the CSV form of shop platforms (Handle, Title, Option1 Name, ...). Twice changes nothing."""
    export = read_products(file, currency)
    _import(lambda bus, progress: import_products(bus, export, channel, currency, progress))


@importing.command("orders")
def orders_command(file: File, channel: Channel, currency: Currency) -> None:
    """Import an order book (InvoiceNo, StockCode, ...) as past orders, returns and credits. Twice changes nothing."""
    books = read_books(file, currency)
    _import(lambda bus, progress: import_books(bus, books, channel, currency, progress))


@schema.command("print")
def schema_print() -> None:
    """Print the GraphQL schema in its own language."""
    typer.echo(build_schema().as_str())


def _settings(dev: bool = False) -> Settings:
    settings = Settings()
    return settings.model_copy(update={"dev": True}) if dev else settings


async def _migrated(database: Database) -> str:
    try:
        return await up_to_date(database)
    finally:
        await close(database)


async def _work(settings: Settings, name: str | None) -> None:
    async with parts.open_redis(settings) as client, open_tail(settings.database()) as tail:
        await until_fit(client, tail)
        worker = Worker(tail, client, await parts.layout(client, settings), name=name)
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, worker.stop)
        await worker.run()


async def _status(settings: Settings) -> None:
    async with parts.open_redis(settings) as client, open_tail(settings.database()) as tail:
        epoch, head = await tail.head()
        typer.echo(f"log  epoch {epoch}, position {head}")
        status = Status(Views(client, await parts.layout(client, settings), tail))
        for one in await status.views():
            typer.echo(told_view(one))


def _import(run: Callable[[Bus, Progress], Awaitable[Summary]]) -> None:
    typer.echo(_told(asyncio.run(_imported(_settings(), run))))


async def _imported(settings: Settings, run: Callable[[Bus, Progress], Awaitable[Summary]]) -> Summary:
    with shown_on(sys.stderr) as progress:
        async with _import_bus(settings) as bus:
            return await run(bus, progress)


@asynccontextmanager
async def _import_bus(settings: Settings) -> AsyncIterator[Bus]:
    """A bus of its own that leaves room for buyers. Views follow at once where a worker runs, else at the next start."""
    database = open_database(settings.database())
    await up_to_date(database)
    async with (
        parts.open_redis(settings) as client,
        parts.open_bus(settings, database, parts.nudge(client), importing=True) as bus,
    ):
        yield bus


def _told(summary: Summary) -> str:
    """Say what an import did: each row that was left out by its line, then the counts."""
    bad = [f"line {row.line}: {row.reason}" for row in summary.bad]
    counts = [
        f"products  {summary.products_created:,} created, {summary.products_known:,} known",
        f"orders    {summary.orders_recorded:,} recorded, {summary.orders_known:,} known",
        f"credits   {summary.credits_recorded:,} recorded, {summary.credits_known:,} known",
        f"lines     {summary.lines:,} good, {len(summary.bad):,} left out",
    ]
    return "\n".join([*bad, "", *counts])
