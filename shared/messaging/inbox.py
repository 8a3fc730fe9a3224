"""The inbox: an event enters once, in the transaction of its effect; a repeat drops out."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import text

from shared.database import Transaction
from shared.database.transaction import array_text
from shared.messaging import parking
from shared.messaging.batches import Admitted, Waiting
from shared.messaging.received import Received, Unread

# A hold is read FOR SHARE: whoever drains it (parking.py) holds it FOR UPDATE, so this batch either
# sees the hold and parks behind it before it goes, or waits and finds it gone.
_ENTER = text("""
with coming as (
    select unnest(cast(cast(:ids as text) as uuid[])) as event_id
), fresh as (
    insert into inbox (consumer, event_id)
    select :consumer, event_id from coming
    on conflict do nothing
    returning event_id
), seen as (
    select event_id from coming except select event_id from fresh
), held as (
    select tenant_id, key from key_holds
    where consumer = :consumer and tenant_id = any (cast(:tenants as uuid[]))
        and key = any (cast(cast(:keys as text) as uuid[]))
    order by tenant_id, key
    for share
)
select event_id, null as tenant_id, null as key from seen
union all
select null, tenant_id, key from held
""")

_TAKE = text("""
insert into inbox (consumer, event_id) values (:consumer, cast(:id as uuid))
on conflict do nothing
returning event_id
""")

_PRUNE = text("""
delete from inbox where ctid in (
    select ctid from inbox where seen_at < current_timestamp - make_interval(days => :days)
    limit :limit
)
""")


class Inbox:
    """Lets each event from the bus through once per consumer (batches.Gate)."""

    def __init__(self, consumer: str) -> None:
        self.consumer = consumer

    async def admit(self, tx: Transaction, items: Sequence[Received]) -> Admitted:
        """Note all events at once; also one id twice in a batch counts once."""
        ids = [item.event.id for item in items]
        params = {
            "consumer": self.consumer,
            "ids": array_text(ids),
            "keys": array_text([item.event.key for item in items]),
            "tenants": list(tx.tenants),
        }
        rows = await tx.rows(_ENTER, params)
        seen = {event_id for event_id, _, _ in rows if event_id is not None}
        held = {(tenant_id, key) for event_id, tenant_id, key in rows if event_id is None}
        if not seen and len(set(ids)) == len(ids):
            return Admitted(items, held)
        fresh = []
        for item in items:
            if item.event_id not in seen:
                seen.add(item.event_id)
                fresh.append(item)
        return Admitted(fresh, held)

    async def settle(
        self, tx: Transaction, handled: Sequence[Received], waiting: Sequence[Waiting]
    ) -> None:
        """Keep what must wait; what was handled is noted already."""
        del handled
        if waiting:
            await parking.keep(tx, self.consumer, waiting)

    async def take(self, tx: Transaction, item: Received | Unread) -> bool:
        """Note one event that becomes a dead letter; False when it was seen before."""
        rows = await tx.rows(_TAKE, {"consumer": self.consumer, "id": item.event_id})
        return bool(rows)


async def prune(tx: Transaction, *, days: int, limit: int = 10_000) -> int:
    """Forget ids older than topic retention plus a week, a batch at a time; how many went."""
    return await tx.run(_PRUNE, {"days": days, "limit": limit})
