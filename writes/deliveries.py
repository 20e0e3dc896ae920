"""What the delivery of webhooks keeps for itself: how far each is, and which process has the duty. None of it is an event."""

import msgspec
import sqlalchemy as sa

from shop.upsert import insert
from writes import hook_tables as h

_NOW = {
    "sqlite": sa.text("SELECT CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)"),
    "postgresql": sa.text("SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)"),
}
_PLACES, _LEASES = h.webhook_deliveries.c, h.duty_leases.c


class Hook(msgspec.Struct, frozen=True):
    """A webhook, and how far it was delivered in its turn. `secret_number` tells which secret signs it."""

    id: str
    url: str
    event_types: list[str]
    active: bool
    secret_number: int
    position: int
    turn: int
    last_error: str | None


def hooks(connection: sa.Connection) -> list[Hook]:
    """All webhooks, in the order they were made in."""
    columns = h.webhooks.c
    kept = (columns.id, columns.url, columns.event_types, columns.active, columns.secret_number)
    place = (_PLACES.position, _PLACES.turn, _PLACES.last_error)
    both = sa.join(h.webhooks, h.webhook_deliveries, columns.id == _PLACES.webhook_id)
    return [Hook(*row) for row in connection.execute(sa.select(*kept, *place).select_from(both).order_by(columns.id))]


def delivered(connection: sa.Connection, hook_id: str, turn: int, position: int, error: str | None) -> bool:
    """Keep how far a webhook is; False where it was removed, or began anew meanwhile. It never goes back."""
    here = (_PLACES.webhook_id == hook_id, _PLACES.turn == turn, _PLACES.position <= position)
    change = sa.update(h.webhook_deliveries).where(*here).values(position=position, last_error=error)
    return connection.execute(change).rowcount == 1


def take_lease(connection: sa.Connection, duty: str, owner: str, lasts_ms: int) -> bool:
    """Take a duty, or keep it; False while another has it. Time is the database's own clock."""
    now = connection.execute(_NOW[connection.dialect.name]).scalar_one()
    mine = {"duty": duty, "owner": owner, "until": now + lasts_ms}
    if connection.execute(insert(h.duty_leases).on_conflict_do_nothing().returning(_LEASES.duty), mine).first() is not None:
        return True
    free = (_LEASES.duty == duty, sa.or_(_LEASES.owner == owner, _LEASES.until < now))
    change = sa.update(h.duty_leases).where(*free).values(owner=owner, until=now + lasts_ms)
    return connection.execute(change).rowcount == 1


def give_lease(connection: sa.Connection, duty: str, owner: str) -> None:
    """Give a duty back, so that another need not wait for its time to be over."""
    connection.execute(sa.delete(h.duty_leases).where(_LEASES.duty == duty, _LEASES.owner == owner))
