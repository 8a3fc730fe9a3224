"""Events that wait: for a thing they came before, or behind the hold of their key.

A hold stops a key; its events lie here in order until the thing is there (tx.release) or the dead
letter is resolved. Whoever drains a key holds its row in key_holds FOR UPDATE, and a lane that
parks behind it reads it FOR SHARE: nothing is left behind a hold that is gone.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Row, text

from shared.database import Database, Transaction
from shared.messaging import envelope as wire
from shared.messaging.batches import Admitted, Waiting
from shared.messaging.received import KeptRecord, Key, Received, Unread, kept
from shared.sealing import Cell

PLACE = "parked_events.record"
BATCH = 200

_PARK = text("""
insert into parked_events (
    tenant_id, consumer, event_id, key, event_type, event_version, topic, partition,
    record_offset, record, waiting_kind, waiting_id
)
select tenant_id, :consumer, event_id, key, event_type, event_version, topic, partition,
    record_offset, record, waiting_kind, waiting_id
from unnest(
    cast(:tenants as uuid[]), cast(:events as uuid[]), cast(:keys as uuid[]),
    cast(:types as text[]), cast(:versions as int[]), cast(:topics as text[]),
    cast(:partitions as int[]), cast(:offsets as bigint[]), cast(:records as text[]),
    cast(:kinds as text[]), cast(:awaited as uuid[])
) with ordinality as early (
    tenant_id, event_id, key, event_type, event_version, topic, partition, record_offset,
    record, waiting_kind, waiting_id, place
)
order by place
""")

_HOLD = text("""
insert into key_holds (tenant_id, consumer, key, cause, cause_id)
select tenant_id, :consumer, key, :cause, cause_id
from unnest(
    cast(:tenants as uuid[]), cast(:keys as uuid[]), cast(:causes as uuid[])
) as held (tenant_id, key, cause_id)
order by tenant_id, key
on conflict do nothing
""")

_REPARK = text("""
update parked_events p
set waiting_kind = w.kind, waiting_id = w.id, ready_at = null, attempts = p.attempts + 1
from unnest(
    cast(:tenants as uuid[]), cast(:events as uuid[]), cast(:kinds as text[]),
    cast(:awaited as uuid[])
) as w (tenant_id, event_id, kind, id)
where p.consumer = :consumer and p.tenant_id = w.tenant_id and p.event_id = w.event_id
""")

_RELEASE = text("""
update parked_events p
set ready_at = current_timestamp
from unnest(cast(:kinds as text[]), cast(:ids as uuid[])) as thing (kind, id)
where p.tenant_id = any (cast(:tenants as uuid[]))
    and p.waiting_kind = thing.kind and p.waiting_id = thing.id and p.ready_at is null
""")

_OPEN_LETTER = """exists (
    select from dead_letters d
    where d.tenant_id = k.tenant_id and d.consumer = :consumer and d.key = k.key
        and d.status = 'open'
)"""

_KEYS = "unnest(cast(:tenants as uuid[]), cast(:keys as uuid[])) as k (tenant_id, key)"

_NEXT_READY = text(f"""
update parked_events p
set ready_at = current_timestamp
from {_KEYS}
cross join lateral (
    select event_id from parked_events f
    where f.tenant_id = k.tenant_id and f.consumer = :consumer and f.key = k.key
    order by f.seq limit 1
) as head
where p.tenant_id = k.tenant_id and p.consumer = :consumer and p.event_id = head.event_id
    and p.waiting_kind is null and p.ready_at is null and not {_OPEN_LETTER}
""")

_LIFT = text(f"""
delete from key_holds h
using {_KEYS}
where h.tenant_id = k.tenant_id and h.consumer = :consumer and h.key = k.key
    and not exists (
        select from parked_events p
        where p.tenant_id = k.tenant_id and p.consumer = :consumer and p.key = k.key
    )
    and not {_OPEN_LETTER}
""")

_DUE = text(f"""
with ready as (
    select tenant_id, key from (
        select distinct on (tenant_id, key) tenant_id, key, ready_at from parked_events
        where consumer = :consumer and ready_at is not null
        order by tenant_id, key, seq
    ) as k
    where not {_OPEN_LETTER}
    order by ready_at
    limit :limit
)
select p.tenant_id, p.event_id, p.record
from ready k join parked_events p
    on p.tenant_id = k.tenant_id and p.consumer = :consumer and p.key = k.key
where not exists (
    select from parked_events w
    where w.tenant_id = p.tenant_id and w.consumer = :consumer and w.key = p.key
        and w.seq <= p.seq and w.waiting_kind is not null and w.ready_at is null
)
order by p.seq
limit :limit
""")

_ADMIT = text(f"""
with k as (
    select h.tenant_id, h.key from key_holds h join {_KEYS}
        on h.tenant_id = k.tenant_id and h.key = k.key
    where h.consumer = :consumer
    order by h.tenant_id, h.key
    for update of h skip locked
)
select p.event_id, k.tenant_id, k.key, {_OPEN_LETTER} as held
from k left join parked_events p
    on p.tenant_id = k.tenant_id and p.consumer = :consumer and p.key = k.key
        and p.event_id = any (cast(:events as uuid[]))
""")

_LEAVE = text("""
delete from parked_events p
using unnest(cast(:tenants as uuid[]), cast(:events as uuid[])) as gone (tenant_id, event_id)
where p.tenant_id = gone.tenant_id and p.consumer = :consumer and p.event_id = gone.event_id
""")


async def keep(tx: Transaction, consumer: str, waiting: Sequence[Waiting]) -> None:
    """Store events that came over the bus and must wait, and hold their keys."""
    rows = [(item.event, item, until) for item, until in waiting]
    await tx.execute(
        _PARK,
        {
            "consumer": consumer,
            "tenants": [str(event.tenant_id) for event, _, _ in rows],
            "events": [str(event.id) for event, _, _ in rows],
            "keys": [str(event.key) for event, _, _ in rows],
            "types": [event.type for event, _, _ in rows],
            "versions": [event.version for event, _, _ in rows],
            "topics": [item.record.topic for _, item, _ in rows],
            "partitions": [item.record.partition for _, item, _ in rows],
            "offsets": [item.record.offset for _, item, _ in rows],
            "records": [_sealed(tx, item) for _, item, _ in rows],
            "kinds": [until and until[0] for _, _, until in rows],
            "awaited": [until and str(until[1]) for _, _, until in rows],
        },
    )
    firsts = {item.held_key: item.event_id for item, _ in reversed(waiting)}
    await hold(tx, consumer, firsts, cause="parked")
    await advance(tx, consumer, firsts)


async def hold(tx: Transaction, consumer: str, keys: dict[Key, Any], *, cause: str) -> None:
    """Hold keys, each with the event or letter that is the cause; those on hold stay as they are.

    cause: `parked` or `dead_letter`.
    """
    causes = [str(cause_id) for cause_id in keys.values()]
    await tx.execute(_HOLD, {**_keys(consumer, keys), "causes": causes, "cause": cause})


async def advance(tx: Transaction, consumer: str, keys: Collection[Key]) -> None:
    """Let the next event of each key run if nothing stops it; lift holds with nothing behind."""
    if keys:
        await tx.execute(_NEXT_READY, _keys(consumer, keys))
        await tx.execute(_LIFT, _keys(consumer, keys))


async def flush_released(tx: Transaction) -> None:
    """Before the commit: what waits for the released things may run."""
    if tx.released:
        await tx.execute(
            _RELEASE,
            {
                "kinds": [kind for kind, _ in tx.released],
                "ids": [str(thing) for _, thing in tx.released],
                "tenants": [str(tenant) for tenant in tx.tenants],
            },
        )


async def due(database: Database, consumer: str, *, limit: int = BATCH) -> list[Received]:
    """Parked events that may run, in the order they came; at most `limit`."""
    async with database.pipeline(()) as tx:
        rows = await tx.rows(_DUE, {"consumer": consumer, "limit": limit})
        return [_opened(tx, row) for row in rows]


class ParkedGate:
    """Lets each parked event through once: whoever holds its key deletes it with its effect."""

    def __init__(self, consumer: str) -> None:
        self.consumer = consumer

    async def admit(self, tx: Transaction, items: Sequence[Received]) -> Admitted:
        """Events that still lie here and whose key nobody else drains."""
        keys = dict.fromkeys(item.held_key for item in items)
        events = [str(item.event_id) for item in items]
        rows = await tx.rows(_ADMIT, {**_keys(self.consumer, keys), "events": events})
        present = {event_id for event_id, *_ in rows}
        held = {(tenant_id, key) for _, tenant_id, key, stopped in rows if stopped}
        return Admitted([item for item in items if item.event_id in present], held)

    async def settle(
        self, tx: Transaction, handled: Sequence[Received], waiting: Sequence[Waiting]
    ) -> None:
        """Delete what was handled; what parked itself again waits anew at its old place."""
        again = [(item, until) for item, until in waiting if until]
        if again:
            await tx.execute(
                _REPARK,
                {
                    "consumer": self.consumer,
                    "tenants": [str(item.event.tenant_id) for item, _ in again],
                    "events": [str(item.event_id) for item, _ in again],
                    "kinds": [kind for _, (kind, _) in again],
                    "awaited": [str(thing) for _, (_, thing) in again],
                },
            )
        await self._leave(tx, handled)
        keys = dict.fromkeys(item.held_key for item in handled)
        keys |= dict.fromkeys(item.held_key for item, _ in waiting)
        await advance(tx, self.consumer, keys)

    async def take(self, tx: Transaction, item: Received | Unread) -> bool:
        """Take one event out; False when it is gone already (an unreadable one never lay here)."""
        return isinstance(item, Received) and await self._leave(tx, [item]) > 0

    async def _leave(self, tx: Transaction, items: Sequence[Received]) -> int:
        if not items:
            return 0
        tenants = [str(item.event.tenant_id) for item in items]
        events = [str(item.event_id) for item in items]
        return await tx.run(
            _LEAVE, {"consumer": self.consumer, "tenants": tenants, "events": events}
        )


def _keys(consumer: str, keys: Collection[Key]) -> dict[str, object]:
    ordered = sorted(keys)
    return {
        "consumer": consumer,
        "tenants": [str(tenant) for tenant, _ in ordered],
        "keys": [str(key) for _, key in ordered],
    }


def _sealed(tx: Transaction, item: Received) -> str:
    event = item.event
    cell = Cell(tx.service, event.tenant_id, PLACE, event.id)
    return tx.keys.seal_column(cell, kept(item.record))


def _opened(tx: Transaction, row: Row[Any]) -> Received:
    cell = Cell(tx.service, row.tenant_id, PLACE, row.event_id)
    record = tx.keys.open_column(cell, row.record, KeptRecord)
    return Received(record, wire.read_event(record.headers, record.value))
