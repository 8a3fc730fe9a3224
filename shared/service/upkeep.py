"""Role jobs, for every service: what its database and its place in the event log need regularly."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from shared import clock, telemetry
from shared.audit import Anchor
from shared.database import anchors, housekeeping
from shared.database.housekeeping import ChainWatch
from shared.database.installation import due_figures
from shared.events.catalog import BY_FACT
from shared.messaging import dead_letters, inbox
from shared.messaging.bus import Bus, lag
from shared.messaging.received import Subscription
from shared.service.declaration import BusClient, Recurring, Workplace, every
from shared.web.idempotency import sweep_expired

Step = Callable[[Workplace], Awaitable[int]]
LATE_SECONDS = (5, 30, 60, 300, 900, 3600)
"""Ages a lag is sorted into; `rcm_consumer_lag_seconds` is the largest one that is reached."""


async def seal_audit(workplace: Workplace) -> int:
    """Chain what was done since the last time."""
    return await housekeeping.seal_audit(workplace.database)


async def anchor_audit(workplace: Workplace) -> int:
    """Keep the ends of the audit chains outside the database, where a folder is set for them."""
    folder = workplace.settings.anchors_dir
    return await housekeeping.anchor_audit(workplace.database, Path(folder)) if folder else 0


async def show_audit_age(workplace: Workplace) -> int:
    """Show how long the oldest act waits to be chained."""
    age = await housekeeping.unsealed_age_seconds(workplace.database)
    telemetry.gauge("rcm_audit_unsealed_age_seconds", age, service=workplace.service)
    return 0


async def roll_outbox(workplace: Workplace) -> int:
    """Make the outbox's coming days, drop those that are old enough."""
    days = workplace.settings.outbox_keep_days
    await housekeeping.roll_outbox(workplace.database, keep_days=days)
    return 0


async def prune_inbox(workplace: Workplace) -> int:
    """Forget event ids that can not come again."""
    async with workplace.database.pipeline(()) as tx:
        return await inbox.prune(tx, days=workplace.settings.inbox_keep_days)


async def forget_resolved_letters(workplace: Workplace) -> int:
    """Forget dead letters that were resolved long ago."""
    async with workplace.database.pipeline(()) as tx:
        return await dead_letters.forget_resolved(tx)


async def forget_old_answers(workplace: Workplace) -> int:
    """Delete idempotency records past their time."""
    return await sweep_expired(workplace.database)


def chain_meter() -> Step:
    """Show whether the audit chains are what they were."""
    watches: list[ChainWatch] = []

    async def show_audit_chain(workplace: Workplace) -> int:
        if not watches:
            watches.append(ChainWatch(workplace.database, await _anchored(workplace)))
        is_valid = await watches[0].look()
        telemetry.gauge("rcm_audit_chain_valid", int(is_valid), service=workplace.service)
        return 0

    return show_audit_chain


async def _anchored(workplace: Workplace) -> list[Anchor]:
    folder = workplace.settings.anchors_dir
    if not folder:
        return []
    return (await asyncio.to_thread(anchors.kept, Path(folder), workplace.service)).anchors


def due_meter() -> Step:
    """Show how much work is due; a job without due work shows none."""
    seen: set[str] = set()

    async def show_due_work(workplace: Workplace) -> int:
        due = {each.job: each for each in await due_figures(workplace.database)}
        seen.update(due)
        for job in seen:
            labels = {"service": workplace.service, "job": job}
            count = due[job].waiting if job in due else 0
            oldest = due[job].oldest_seconds if job in due else 0.0
            telemetry.gauge("rcm_jobs_due", count, **labels)
            telemetry.gauge("rcm_jobs_oldest_due_seconds", oldest, **labels)
        return 0

    return show_due_work


def lag_meter(client: BusClient, subscription: Subscription) -> Step:
    """Show how far a group is behind, from outside of it, so that a dead group shows too."""

    async def show_lag(_workplace: Workplace) -> int:
        if not client.started.is_set():
            return 0
        for topic in sorted({BY_FACT[fact].topic for fact in subscription.handlers}):
            await _show_lag(client.bus, subscription.group, topic)
        count = await client.bus.members(subscription.group)
        telemetry.gauge("rcm_consumer_members", count, group=subscription.group)
        return 0

    return show_lag


async def _show_lag(bus: Bus, group: str, topic: str) -> None:
    behind = {place: count for place, count in (await lag(bus, group, [topic])).items() if count}
    seconds = 0
    if behind:
        committed = await bus.committed(group, [topic])
        now_ms = int(clock.system().timestamp() * 1000)
        for age in LATE_SECONDS:
            first_since = await bus.offsets_at(topic, now_ms - age * 1000)
            if not any(committed.get(place, 0) < first_since.get(place, 0) for place in behind):
                break
            seconds = age
    labels = {"topic": topic, "group": group}
    telemetry.gauge("rcm_consumer_lag_records", sum(behind.values()), **labels)
    telemetry.gauge("rcm_consumer_lag_seconds", seconds, **labels)


def upkeep(client: BusClient | None, subscription: Subscription) -> tuple[Recurring, ...]:
    """The jobs every service has."""
    jobs = (
        every(2, seal_audit),
        every(5, due_meter()),
        every(15, show_audit_age),
        every(60, anchor_audit),
        every(60, chain_meter()),
        every(600, forget_old_answers),
        every(600, prune_inbox),
        every(3600, forget_resolved_letters),
        every(3600, roll_outbox),
    )
    return jobs if client is None else (*jobs, every(15, lag_meter(client, subscription)))
