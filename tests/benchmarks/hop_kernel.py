"""The hop through the real kernel: consumer, inbox, handler, outbox, relay, forced RLS, traces."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy import text

from shared import ids
from shared.database import Database, Transaction
from shared.events.claims import ClaimCreated
from shared.events.envelope import Envelope
from shared.messaging import Consumer, Relay, Subscription
from shared.messaging.bus import Bus
from shared.messaging.received import Handler
from tests.benchmarks.hop_workload import BATCH, answer

_UPSERT = text("""
insert into things as t (tenant_id, id, version, amount_cents)
select tenant_id, id, version, amount from unnest(
    cast(:tenants as uuid[]), cast(:ids as uuid[]), cast(:versions as bigint[]),
    cast(:amounts as bigint[])
) as fresh (tenant_id, id, version, amount)
on conflict (tenant_id, id) do update
set version = excluded.version, amount_cents = excluded.amount_cents
where t.version < excluded.version
""")
_LOAD = text("""
select t.tenant_id, t.id, t.version, t.amount_cents from things t
join unnest(cast(:tenants as uuid[]), cast(:ids as uuid[])) as wanted (tenant_id, id)
    on t.tenant_id = wanted.tenant_id and t.id = wanted.id
order by t.tenant_id, t.id for update of t
""")


async def run(bus: Bus, database: Database, handler: Handler, count: Callable[[int], None]) -> None:
    """A consumer and a relay, until cancelled."""
    counted = 0

    def committed(tx: Transaction) -> None:
        nonlocal counted
        counted += len(tx.published)
        count(len(tx.published))

    database.on_after_commit.append(committed)
    group = f"rcm.bench.{ids.new().hex}"
    wanted = Subscription(group, {ClaimCreated: handler}, batch_size=BATCH)
    stop = asyncio.Event()
    parts = [Consumer(bus, database, wanted).run(stop), Relay(bus, database).run(stop)]
    tasks = [asyncio.create_task(part) for part in parts]
    try:
        await asyncio.gather(*tasks)
    finally:
        stop.set()
        await asyncio.gather(*tasks, return_exceptions=True)
        database.on_after_commit.clear()


async def upsert(events: list[Envelope[ClaimCreated]], tx: Transaction) -> None:
    """Version-guarded upsert, and a fact per event."""
    last = {(event.tenant_id, event.data.claim_id): event.data for event in events}
    await _save(tx, [(*key, fact.generation, fact.charge_cents) for key, fact in last.items()])
    for event in events:
        tx.publish(answer(event.data), subject=event.data.claim_id, caused_by=event)


@dataclass(frozen=True, slots=True)
class _Claim:
    """The little domain of the load-decide-save variant."""

    tenant_id: UUID
    id: UUID
    version: int = 0
    amount_cents: int = 0

    def drafted(self, fact: ClaimCreated) -> _Claim:
        """A newer generation replaces an older one."""
        if fact.generation <= self.version:
            return self
        return replace(self, version=fact.generation, amount_cents=fact.charge_cents)


async def decide(events: list[Envelope[ClaimCreated]], tx: Transaction) -> None:
    """Load under lock in key order, decide per event, save at once, tell."""
    keys = dict.fromkeys((event.tenant_id, event.data.claim_id) for event in events)
    params = {
        "tenants": [tenant for tenant, _ in keys],
        "ids": [claim for _, claim in keys],
    }
    rows = await tx.rows(_LOAD, params)
    claims = {(row[0], row[1]): _Claim(*row) for row in rows}
    for event in events:
        key = (event.tenant_id, event.data.claim_id)
        claim = claims.get(key) or _Claim(*key)
        claims[key] = claim.drafted(event.data)
        tx.publish(answer(event.data), subject=event.data.claim_id, caused_by=event)
    await _save(
        tx, [(c.tenant_id, c.id, c.version, c.amount_cents) for _, c in sorted(claims.items())]
    )


async def _save(tx: Transaction, rows: list[tuple[UUID, UUID, int, int]]) -> None:
    await tx.execute(
        _UPSERT,
        {
            "tenants": [row[0] for row in rows],
            "ids": [row[1] for row in rows],
            "versions": [row[2] for row in rows],
            "amounts": [row[3] for row in rows],
        },
    )
