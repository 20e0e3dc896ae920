"""`tradewind rebuild`, `parked` and `show`: what an operator does to views. The workers do the work; here it is asked for."""

import asyncio
import datetime as dt
import re
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Annotated, TypeVar

import msgspec
import typer

from projections.all import BY_NAME
from projections.generations import Generations
from projections.history import as_it_was
from reads.reading import Views
from reads.status import Status, ViewStatus
from server import parts
from server.operations import Operations
from server.progress import Progress, shown_on
from server.settings import Settings
from shop import clock, position
from shop.tail import Tail, open_tail
from shop.views import Document, Generation, Parked

T = TypeVar("T")
_PATIENCE = 10.0  # seconds: a worker looks for wishes at least once a second

view_commands = typer.Typer()
parked_commands = typer.Typer(help="Documents that an event could not be folded into.", invoke_without_command=True)
view_commands.add_typer(parked_commands, name="parked")

Names = Annotated[
    list[str] | None, typer.Argument(metavar="[VIEW]...", help=f"Of {', '.join(BY_NAME)}; all where none is named.")
]
Key = Annotated[str, typer.Argument(help="A document as view:id, such as order:ord_0123.")]


class Operated(msgspec.Struct, frozen=True):
    """What an operator's command works with."""

    operations: Operations
    views: Views
    tail: Tail

    @property
    def generations(self) -> Generations:
        return self.operations.generations


@view_commands.command()
def rebuild(
    names: Names = None,
    document: Annotated[str | None, typer.Option(help="One document alone, as view:id: fold it anew from its events.")] = None,
    rollback: Annotated[bool, typer.Option("--rollback", help="Give up the rebuild, or go back to the one before.")] = False,
    clean: Annotated[bool, typer.Option("--clean", help="Remove the generations that do not answer any more.")] = False,
) -> None:
    """Make views anew from the log beside those that answer, and let them answer once they have caught up."""
    if sum([document is not None, rollback, clean]) > 1 or (document is not None and names):
        raise typer.BadParameter("Ask for one thing: views, --document, --rollback or --clean.")
    if document is not None:
        view, document_id = named(document)
        _run(lambda one: _refold(one, view, document_id))
    elif clean:
        gone = _run(lambda one: one.generations.clean(_views(names)))
        typer.echo(f"Removed {_listed(gone)}." if gone else "There is no generation to remove.")
    else:
        _run(lambda one: _rebuild(one, _views(names), back=rollback))


@view_commands.command()
def show(
    key: Key,
    at: Annotated[
        str | None, typer.Option(help="A position, or a moment such as 2026-01-31T12:00:00Z; now without it.")
    ] = None,
) -> None:
    """Print a document as it is, or as it was, folded from its events by the folds that make the views."""
    view, document_id = named(key)
    found = asyncio.run(_shown(view, document_id, at))
    if found is None:
        raise ValueError(f"there was no {view} {document_id} then." if at else f"there is no {view} {document_id}.")
    typer.echo(msgspec.json.format(msgspec.json.encode(found), indent=2).decode())


@parked_commands.callback()
def list_parked(context: typer.Context) -> None:
    """List the documents that stand parked, with the event that could not be folded and what it raised."""
    if context.invoked_subcommand is None:
        every = _run(lambda one: one.generations.parked())
        typer.echo("\n".join(map(_told, every)) if every else "No document stands parked.")


@parked_commands.command()
def retry(key: Key) -> None:
    """Fold on where the document stands: after the fold was mended."""
    _mend_parked(key, resume=True)


@parked_commands.command()
def skip(key: Key) -> None:
    """Leave the event out of the document and fold on: the document lacks what it told, until it is made anew."""
    _mend_parked(key, resume=True, skipping=True)


@parked_commands.command("rebuild")
def rebuild_parked(key: Key) -> None:
    """Fold the document anew from its first event."""
    _mend_parked(key, resume=False)


def named(key: str) -> tuple[str, str]:
    """Read `view:id`. Another form, or another view, is a ValueError that says which there are."""
    view, _, document_id = key.partition(":")
    if view not in BY_NAME or not document_id:
        raise ValueError(f"{key!r} is no document: write view:id, the view one of {', '.join(BY_NAME)}.")
    return view, document_id


def _views(names: list[str] | None) -> list[str]:
    unknown = [name for name in names or () if name not in BY_NAME]
    if unknown:
        raise ValueError(f"there is no view {unknown[0]!r}: name some of {', '.join(BY_NAME)}.")
    return names or list(BY_NAME)


def _run(work: Callable[[Operated], Awaitable[T]]) -> T:
    async def opened() -> T:
        async with _operated() as one:
            return await work(one)

    return asyncio.run(opened())


@asynccontextmanager
async def _operated() -> AsyncIterator[Operated]:
    settings = Settings()
    async with parts.open_redis(settings) as client, open_tail(settings.database()) as tail:
        keys = await parts.layout(client, settings)
        yield Operated(Operations(client, keys, tail), Views(client, keys, tail), tail)


async def _rebuild(one: Operated, names: list[str], *, back: bool) -> None:
    """Begin, then show how far it is until all of it answers. Who stops looking stops nothing."""
    epoch, _ = await one.tail.head()
    begun = await (one.generations.roll_back(names) if back else one.generations.rebuild(epoch, names))
    if not begun:
        typer.echo("These views are being made already:")
    with shown_on(sys.stderr) as progress:
        await _until_they_answer(one, names, progress)
    typer.echo(f"{_listed(begun)} now answer." if begun else "They now answer.")


async def _until_they_answer(one: Operated, names: list[str], progress: Progress) -> None:
    status = Status(one.views)
    while making := [view for view in await status.views() if view.name in names and view.rebuild is not None]:
        for view in making:
            _tell(view, progress)
        await asyncio.sleep(0.2)


def _tell(view: ViewStatus, progress: Progress) -> None:
    if view.rebuild is None:
        return
    idle = view.generation and all(part.owner is None for part in view.segments)  # where nothing answers, nobody moves that
    what = "; no worker runs: start `tradewind worker`" if idle else f" in {view.name}.{view.rebuild.generation}"
    progress(view.rebuild.applied, view.rebuild.total, f"events{what}")


async def _refold(one: Operated, view: str, document_id: str) -> None:
    await _until_granted(one, view, document_id, [await one.operations.refold(view, document_id)])


def _mend_parked(key: str, *, resume: bool, skipping: bool = False) -> None:
    view, document_id = named(key)

    async def work(one: Operated) -> None:
        wishes = await one.operations.mend(view, document_id, resume=resume, skipping=skipping)
        await _until_granted(one, view, document_id, wishes)

    _run(work)


async def _until_granted(one: Operated, view: str, document_id: str, wishes: list[str]) -> None:
    if not await one.generations.granted(wishes, _PATIENCE):
        raise ValueError("no worker has taken it up yet: it will be done once one runs (`tradewind worker`).")
    left = [parked for parked in await one.generations.parked() if (parked.view, parked.document_id) == (view, document_id)]
    typer.echo(_told(left[0]) if left else f"{view} {document_id} is folded.")


async def _shown(view: str, document_id: str, at: str | None) -> Document | None:
    async with open_tail(Settings().database()) as tail:
        epoch, upto = await tail.head()
        moment = None
        if at is not None and re.fullmatch(r"\d+", at):
            upto = int(at)
        elif at is not None and at.startswith(f"{epoch}."):
            upto = position.parse(at).position
        elif at is not None:
            moment = clock.text(_moment(at))
        return await as_it_was(tail, BY_NAME[view], document_id, position=upto, moment=moment)


def _moment(at: str) -> dt.datetime:
    """Read a moment; one without a zone is of UTC."""
    try:
        read = dt.datetime.fromisoformat(at)
    except ValueError:
        raise ValueError(f"{at!r} is neither a position of this log nor a moment such as 2026-01-31T12:00:00Z.") from None
    return read.replace(tzinfo=dt.UTC) if read.tzinfo is None else read.astimezone(dt.UTC)


def _told(one: Parked) -> str:
    waiting = f", {one.waiting:,} later events wait" if one.waiting else ""
    place = f"{one.view}:{one.document_id}  (generation {one.generation})"
    return f"{place}\n    {one.event} at {one.position}, since {one.since}{waiting}: {one.error}"


def _listed(generations: list[Generation]) -> str:
    return ", ".join(map(str, generations))
