"""Claims: who asks a provider about a PENDING ledger entry, and until when. After that deadline recovery may take it over.

A claim also names the command whose answer waits for the entry, so that whoever settles the entry answers it.
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from shop.upsert import insert
from writes import keys
from writes.keys import Key
from writes.payment_tables import claims
from writes.providers import ProviderCall
from writes.refusals import Refused
from writes.work import Work

_COLUMNS = claims.c
_RECOVERY = "recovery"


def open_claims(
    connection: sa.Connection, calls: Sequence[ProviderCall], key: Key, owner: str, deadline: str, ids: dict[str, Any]
) -> None:
    """Claim the entry of each call for the command known by `key`. A step that recovery only asks about is claimed already."""
    mine = {"scope": key.scope, "key": key.key, "owner": owner, "deadline": deadline, "ids": ids}
    rows = [{"entry_id": call.entry_id, **mine} for call in calls if call.way != "ASK"]
    if rows:
        connection.execute(insert(claims).on_conflict_do_nothing(), rows)


def take_over(work: Work, entry_id: str, until: str) -> bool:
    """Compare and swap: hold the entry until then, if nobody holds it now. Tell whether it was so."""
    held = sa.select(_COLUMNS.entry_id).where(_COLUMNS.entry_id == entry_id, _COLUMNS.deadline > work.at)
    mine = sa.update(claims).where(_COLUMNS.entry_id == entry_id, ~held.exists())
    return work.do(mine.values(owner=_RECOVERY, deadline=until)).rowcount > 0


def close(work: Work, entry_id: str, refused: Refused | None) -> None:
    """The entry is settled: nobody asks any more, and commands that waited for this alone have their answer."""
    waited = sa.delete(claims).where(_COLUMNS.entry_id == entry_id)
    for row in work.do(waited.returning(_COLUMNS.scope, _COLUMNS.key, _COLUMNS.ids)).all():
        more = sa.select(_COLUMNS.entry_id).where(_COLUMNS.scope == row.scope, _COLUMNS.key == row.key).limit(1)
        if work.connection.scalar(more) is None:
            keys.keep_where_open(work.connection, row.scope, row.key, row.ids, refused)


def overdue(connection: sa.Connection, at: str, limit: int) -> list[str]:
    """The entries that nobody holds any more: what the recovery duty asks about, those that wait longest first."""
    last = sa.func.max(_COLUMNS.deadline)
    due = sa.select(_COLUMNS.entry_id).group_by(_COLUMNS.entry_id).having(last <= at).order_by(last, _COLUMNS.entry_id)
    return list(connection.scalars(due.limit(limit)))
