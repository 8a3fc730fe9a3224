"""Intentions for jobs: what a handler or a request wants done outside, and when it is due."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from contextvars import ContextVar
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text

from shared import clock
from shared.database import Database, Transaction
from shared.errors import TryAgain
from shared.events.envelope import Origin

LEASE_SECONDS, RENEW_SECONDS = 20.0, 5.0
"""A lease that is renewed while its step runs: the work of a killed process waits no longer."""

_UPSERT = text("""
insert into due_work (
    tenant_id, job, subject, practice_id, correlation_id, causation_id, due_at, attempt
)
select tenant_id, job, subject, practice_id, correlation_id, causation_id, due_at, attempt
from unnest(
    cast(:tenants as uuid[]), cast(:jobs as text[]), cast(:subjects as uuid[]),
    cast(:practices as uuid[]), cast(:correlations as uuid[]), cast(:causes as uuid[]),
    cast(:dues as timestamptz[]), cast(:attempts as int[])
) as wanted (
    tenant_id, job, subject, practice_id, correlation_id, causation_id, due_at, attempt
)
order by tenant_id, job, subject
on conflict (tenant_id, job, subject) do update set
    practice_id = excluded.practice_id, correlation_id = excluded.correlation_id,
    causation_id = excluded.causation_id, due_at = excluded.due_at,
    attempt = excluded.attempt, not_before = '-infinity', revision = due_work.revision + 1
""")

# The lease stays with the row when the job is intended anew: no two workers on one subject.
_TAKE = text("""
with next as (
    select tenant_id, job, subject from due_work
    where job = :job and due_at <= :now and not_before <= :system
        and (leased_until is null or leased_until <= :system)
    order by due_at
    limit :limit
    for update skip locked
), leased as (
    update due_work w set leased_until = :until
    from next n
    where w.tenant_id = n.tenant_id and w.job = n.job and w.subject = n.subject
    returning w.*
)
select tenant_id, practice_id, correlation_id, subject, attempt, due_at, causation_id, revision
from leased order by due_at, subject
""")

_ITEMS = """
    unnest(cast(:tenants as uuid[]), cast(:subjects as uuid[]), cast(:revisions as bigint[]))
        as item (tenant_id, subject, revision)
    where w.job = :job and w.tenant_id = item.tenant_id and w.subject = item.subject
"""

_DONE = text(f"delete from due_work w using {_ITEMS} and w.revision = item.revision")

_FREE = text(
    f"update due_work w set leased_until = null from {_ITEMS} and w.revision <> item.revision"
)

# What the step itself is ending at this moment needs no renewal.
_RENEW = text(f"""
update due_work set leased_until = :until where (tenant_id, job, subject) in (
    select w.tenant_id, w.job, w.subject from due_work w, {_ITEMS}
        and w.leased_until is not null
    for update of w skip locked
)
""")

_AGAIN = text(f"""
update due_work w
set leased_until = null, not_before = :not_before, attempt = w.attempt + 1
from {_ITEMS} and w.revision = item.revision
""")


_GIVE_BACK = text(f"update due_work w set leased_until = null from {_ITEMS}")


class DueItem(NamedTuple):
    """One due intention; due_at is business time, attempt counts from 0."""

    tenant_id: UUID
    practice_id: UUID
    correlation_id: UUID
    subject: UUID
    attempt: int
    due_at: datetime
    causation_id: UUID | None = None
    revision: int = 0

    def origin(self, causation_id: UUID | None = None) -> Origin:
        """What facts made by this job inherit; with a causation their ids are derived."""
        return Origin(self.tenant_id, self.practice_id, self.correlation_id, causation_id)


_Lease = tuple[Database, str, list[DueItem]]
_renewed: ContextVar[list[_Lease] | None] = ContextVar("renewed_leases", default=None)


@asynccontextmanager
async def leases_renewed() -> AsyncIterator[None]:
    """For one step of a job: what it takes is leased shortly, and anew for as long as it runs.

    So work whose process died, or whose step failed, is due again within LEASE_SECONDS.
    """
    leases: list[_Lease] = []
    token = _renewed.set(leases)
    renewing = asyncio.create_task(_keep_renewing(leases))
    try:
        yield
    finally:
        _renewed.reset(token)
        renewing.cancel()
        await asyncio.wait([renewing])


async def flush(tx: Transaction) -> None:
    """Before the commit: store what was scheduled; of one (job, subject) the last counts."""
    if not tx.scheduled:
        return
    last = {(each.tenant_id, each.job, each.subject): each for each in tx.scheduled}.values()
    await tx.execute(
        _UPSERT,
        {
            "tenants": [str(each.tenant_id) for each in last],
            "jobs": [each.job for each in last],
            "subjects": [str(each.subject) for each in last],
            "practices": [str(each.practice_id) for each in last],
            "correlations": [str(each.correlation_id) for each in last],
            "causes": [each.causation_id and str(each.causation_id) for each in last],
            "dues": [each.due_at for each in last],
            "attempts": [each.attempt for each in last],
        },
    )


async def take(
    database: Database, job: str, *, limit: int, lease_seconds: float = 60
) -> list[DueItem]:
    """Lease due intentions of a job, of all tenants, oldest first; [] when nothing is due.

    A lease that is not ended by `done` or `again` runs out by itself, and the work is due again.
    lease_seconds counts where nobody renews it (`leases_renewed`).
    """
    system, renewed = clock.system(), _renewed.get()
    seconds = lease_seconds if renewed is None else min(lease_seconds, LEASE_SECONDS)
    async with database.pipeline(()) as tx:
        rows = await tx.rows(
            _TAKE,
            {
                "job": job,
                "now": clock.business(),
                "system": system,
                "until": system + timedelta(seconds=seconds),
                "limit": limit,
            },
        )
    items = [DueItem(*row) for row in rows]
    if renewed is not None and items:
        renewed.append((database, job, items))
    return items


async def done(tx: Transaction, job: str, items: Sequence[DueItem]) -> None:
    """The intentions are carried out, in the transaction that records the outcome.

    One that was meanwhile intended anew stays, free of its lease.
    """
    if items:
        params = _items(job, items)
        if await tx.run(_DONE, params) < len(items):
            await tx.run(_FREE, params)


async def again(
    tx: Transaction, job: str, items: Sequence[DueItem], *, after_seconds: float
) -> None:
    """Not this time: due again after a while in system time, one attempt later."""
    if items:
        params = _items(job, items)
        not_before = clock.system() + timedelta(seconds=after_seconds)
        if await tx.run(_AGAIN, {**params, "not_before": not_before}) < len(items):
            await tx.run(_FREE, params)


async def give_back(database: Database, job: str, items: Sequence[DueItem]) -> None:
    """Not begun at all: free of their lease and due as before, in their order, no attempt later."""
    if items:
        async with database.pipeline({item.tenant_id for item in items}) as tx:
            await tx.run(_GIVE_BACK, _items(job, items))


async def _keep_renewing(leases: Sequence[_Lease]) -> None:
    while True:
        await asyncio.sleep(RENEW_SECONDS)
        for database, job, items in leases:
            with suppress(TryAgain):
                await _renew(database, job, items)


async def _renew(database: Database, job: str, items: Sequence[DueItem]) -> None:
    until = clock.system() + timedelta(seconds=LEASE_SECONDS)
    async with database.pipeline(()) as tx:
        await tx.run(_RENEW, {**_items(job, items), "until": until})


def _items(job: str, items: Sequence[DueItem]) -> dict[str, object]:
    ordered = sorted(items, key=lambda item: (item.tenant_id, item.subject))  # as `flush` locks
    return {
        "job": job,
        "tenants": [str(item.tenant_id) for item in ordered],
        "subjects": [str(item.subject) for item in ordered],
        "revisions": [item.revision for item in ordered],
    }
