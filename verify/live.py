"""Verifying a shop that is at work: nothing stops, and what changes meanwhile is looked at again instead of being blamed.

The tables are read in one snapshot, at a position. A document that was folded no further than that, in a segment that is at
least that far, is as it was at that position: whatever differs in it is wrong. One that was folded further has changed since:
it is judged by the next snapshot.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import cast

import msgspec
import redis
import sqlalchemy as sa

from shop import views
from shop.views import Keys, Wish
from verify import expected
from verify.compare import Difference, compared
from verify.found import Found, Named, everything, named, standing

_ROUNDS = 6
_PATIENCE = 30.0  # seconds until the views must have reached a snapshot
_BEGIN = {"sqlite": "BEGIN", "postgresql": "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"}

Tell = Callable[[int, int, str], None]  # how many are done, of how many, of what


class BehindError(Exception):
    """The views do not reach the tables: no worker runs, or they are being made."""


class Report(msgspec.Struct):
    """What was compared, what is wrong, what changed too often to be judged, and what an operator knows of already."""

    documents: int = 0
    entries: int = 0
    wrong: list[Difference] = []
    moving: list[Difference] = []
    parked: list[str] = []

    def wishes(self) -> list[tuple[int, Wish]]:
        """What to ask of each segment's worker to put it right: each wrong document folded anew, each wrong entry with it."""
        entries: dict[tuple[int, str, int, str], list[tuple[str, str]]] = {}
        for one in self.wrong:
            if (whose := _whose(one)) is None:
                continue
            key, document_id = whose
            mended = entries.setdefault((key.segment, key.view, key.generation, document_id), [])
            if one.member is not None:
                mended.append((key.name, one.member))
        return [(at, Wish(view, number, named, entries=bad)) for (at, view, number, named), bad in entries.items()]


def verified(connection: sa.Connection, client: redis.Redis, keys: Keys, tell: Tell = lambda *_: None) -> Report:
    """Compare all views with the tables, while both change. `client` gives bytes.

    Raises BehindError where the views do not reach what the tables show.
    """
    connection.rollback()  # of what was read before: a snapshot is to be of now
    connection = connection.execution_options(isolation_level="AUTOCOMMIT")  # snapshots are begun and ended by hand
    report, undecided = Report(), set[tuple[str, str | None]]()
    for number in range(_ROUNDS):
        tell(number, _ROUNDS, "rounds of verifying")
        with _snapshot(connection) as position:
            _wait_for(client, keys, *position)
            found = everything(client, keys)
            wrong = compared(expected(connection, keys, found), found)
        if number == 0:
            report.documents, report.entries = len(found.documents), sum(map(len, found.indexes.values()))
        else:
            wrong = [one for one in wrong if (one.key, one.member) in undecided]
        moved = {one for one in wrong if _has_moved(one, found, client, keys, position[1])}
        report.wrong += [one for one in wrong if one not in moved]
        report.moving, undecided = sorted(moved, key=lambda one: one.line), {(one.key, one.member) for one in moved}
        if not moved:
            break
    report.parked = [field for segment in range(keys.segments) for field in _parked(client, keys, segment)]
    tell(_ROUNDS, _ROUNDS, "rounds of verifying")
    return report


@contextmanager
def _snapshot(connection: sa.Connection) -> Iterator[tuple[str, int]]:
    """See the tables as they are now until the block ends; give the log's epoch and its last position in them."""
    connection.exec_driver_sql(_BEGIN[connection.dialect.name])
    try:
        epoch, head = connection.execute(sa.text("SELECT epoch, position FROM log_head")).one()
        yield str(epoch), int(head)
    finally:
        connection.exec_driver_sql("ROLLBACK")


def _wait_for(client: redis.Redis, keys: Keys, epoch: str, head: int) -> None:
    """Wait until all that answers has applied the log up to a position."""
    give_up = time.monotonic() + _PATIENCE
    while behind := [name for segment in range(keys.segments) for name in _behind(client, keys, segment, epoch, head)]:
        if time.monotonic() > give_up:
            raise BehindError(f"{', '.join(behind[:5])} did not reach position {head} within {_PATIENCE:.0f} s")
        time.sleep(0.02)


def _behind(client: redis.Redis, keys: Keys, segment: int, epoch: str, head: int) -> list[str]:
    return [
        f"{name} in segment {segment}"
        for name, at in standing(client, keys, segment)
        if at is None or at.epoch != epoch or at.position < head
    ]


def _has_moved(one: Difference, found: Found, client: redis.Redis, keys: Keys, position: int) -> bool:
    """Whether the document was folded beyond the snapshot, by when it was read or since."""
    whose = _whose(one)
    if whose is None:
        return False
    named_as, document_id = whose
    key = keys.document(next(kind for kind in views.ALL if kind.view == named_as.view), document_id, named_as.generation)
    now = cast("bytes | None", client.get(key))
    try:
        folded = 0 if now is None else msgspec.json.decode(now, type=_Folded).folded_position
    except msgspec.DecodeError:
        return False
    return max(folded, found.folded.get(key, 0)) > position


class _Folded(msgspec.Struct):
    folded_position: int = 0


def _parked(client: redis.Redis, keys: Keys, segment: int) -> list[str]:
    return [field.decode() for field in cast("list[bytes]", client.hkeys(keys.parked(segment)))]


def _whose(one: Difference) -> tuple[Named, str] | None:
    """The key that a difference is in, and the id of the document that it is of; None for a key that is no view's.

    What a product shows in a channel is cut from the product, and made anew with it; an order's returns are of the order.
    """
    key = named(one.key)
    if key is None or key.view not in {view.view for view in views.ALL}:
        return None
    document_id = views.member_id(one.member or "") if key.is_index else key.name
    if key.view in {views.Product.view, views.Order.view}:
        document_id = views.root(document_id)
    if key.view == views.ProductSales.view and key.is_index:  # an index of a day; the document is of the month
        _, channel, day, _ = key.name.split(":")
        document_id = f"{document_id}:{channel}:{day[:7]}"
    return key, document_id
