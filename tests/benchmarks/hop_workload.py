"""The work of the hop benchmark: the same records, rows and facts for every variant of the loop."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg
import psutil

from shared import clock, ids
from shared.database import Database
from shared.events.claims import ClaimCreated, ClaimLine
from shared.events.envelope import Envelope
from shared.events.payments import (
    RemittanceAdjustment,
    RemittanceClaimMatched,
    RemittanceLine,
)
from shared.messaging.bus import Bus, Outgoing, Topic
from shared.messaging.received import received_of
from tests.support.builders import envelope

IN_TOPIC, OUT_TOPIC = "rcm.claims.v1", "rcm.payments.v1"
TOPICS = [Topic(IN_TOPIC), Topic(OUT_TOPIC), Topic("rcm.sample.dlq.v1", 1)]
PARTITIONS = 12
TENANTS = [ids.derived(ids.NIL, f"tenant {number}") for number in range(20)]
BATCH = 500
_DUE = datetime(2027, 1, 31, tzinfo=UTC)
_UNSENT = "select exists (select from outbox_unsent)"
_EMPTY = "truncate things, outbox, outbox_unsent, inbox, parked_events, key_holds, dead_letters"


class Measured(NamedTuple):
    """One run of one variant."""

    events: int
    seconds: float
    python_seconds: float
    postgres_seconds: float

    @property
    def rate(self) -> float:
        """Events per second."""
        return self.events / self.seconds

    @property
    def python_us(self) -> float:
        """Processor time of this process per event, microseconds."""
        return self.python_seconds / self.events * 1e6

    @property
    def postgres_us(self) -> float:
        """Processor time of the database's backends per event, microseconds."""
        return self.postgres_seconds / self.events * 1e6


def created(claim_id: UUID, generation: int) -> ClaimCreated:
    """A claim of ten lines: about 1.5 KB of JSON."""
    lines = [
        ClaimLine(line=n + 1, code=f"9921{n}", modifiers=["25"], units=1, charge_cents=12_500)
        for n in range(10)
    ]
    return ClaimCreated(
        claim_id=claim_id,
        encounter_id=ids.derived(claim_id, "encounter"),
        patient_id=ids.derived(claim_id, "patient"),
        account_id=ids.derived(claim_id, "account"),
        payer_id=ids.derived(claim_id, "payer"),
        rank=1,
        generation=generation,
        frequency="1",
        charge_cents=125_000,
        filing_due=_DUE,
        lines=lines,
    )


def answer(event: ClaimCreated) -> RemittanceClaimMatched:
    """What a handler tells of a claim: about 900 bytes of JSON."""
    lines = [
        RemittanceLine(
            line=line.line,
            charge_cents=line.charge_cents,
            paid_cents=10_000,
            cas=[RemittanceAdjustment(group="CO", carc="45", cents=2_500)],
            rarc=[],
        )
        for line in event.lines[:5]
    ]
    return RemittanceClaimMatched(
        claim_id=event.claim_id,
        encounter_id=event.encounter_id,
        remit_id=event.account_id,
        payer_id=event.payer_id,
        clp02="1",
        charge_cents=event.charge_cents,
        paid_cents=100_000,
        patient_cents=0,
        payer_control_number="PCN",
        lines=lines,
        reversal=False,
        paid_on=_DUE.date(),
    )


def envelopes(count: int) -> list[Envelope[ClaimCreated]]:
    """Events of 20 tenants; every second one is the next generation of a claim."""
    made: list[Envelope[ClaimCreated]] = []
    for number in range(count):
        claim_id = ids.derived(ids.NIL, f"claim {number // 2}")
        tenant = TENANTS[number // 2 % len(TENANTS)]
        fact = created(claim_id, 1 + number % 2)
        trace = f"00-{number // BATCH + 1:032x}-{number // BATCH + 1:016x}-01"
        made.append(envelope(fact, tenant_id=tenant)._replace(traceparent=trace))  # type: ignore[arg-type]
    return made


async def load(bus: Bus, count: int) -> None:
    """Put the records into the topic that every variant reads, and nothing else."""
    await bus.trim(await bus.end_offsets([IN_TOPIC]))
    at_ms = int(clock.system().timestamp() * 1000)
    records = []
    for event in envelopes(count):
        record = received_of(event).record
        records.append(
            Outgoing(record.topic, record.key or b"", record.value, list(record.headers), at_ms)
        )
    for start in range(0, count, 2_000):
        part = records[start : start + 2_000]
        outcomes = await bus.publish(part)
        if any(outcomes):
            raise RuntimeError(f"the benchmark's records were not sent: {outcomes}")


async def emptied(admin: asyncpg.Connection) -> None:
    """Begin with empty tables and a quiet server."""
    await admin.execute(_EMPTY)
    await admin.execute("checkpoint")


async def timed(
    admin: asyncpg.Connection, events: int, work: Callable[[Callable[[int], None]], Awaitable[None]]
) -> Measured:
    """Run a loop until it has handled all events and its outbox is sent; then stop it.

    `work` gets a function that it calls with the number of events it has handled; it runs until it
    is cancelled. Joining the group is not measured: the clock starts after the first batch.
    """
    handled = 0
    everything, started = asyncio.Event(), asyncio.Event()

    def count(number: int) -> None:
        nonlocal handled
        handled += number
        started.set()
        if handled >= events:
            everything.set()

    task = asyncio.ensure_future(work(count))
    await _unless_it_fails(task, started.wait())
    backends = await _backends(admin)
    began, python = time.perf_counter(), time.process_time()
    measured = events - handled
    await _unless_it_fails(task, everything.wait())
    while await admin.fetchval(_UNSENT):  # noqa: ASYNC110 - the truth is in the database
        await asyncio.sleep(0.02)
    seconds, python = time.perf_counter() - began, time.process_time() - python
    after = await _backends(admin)
    postgres = sum(used - backends.get(pid, 0.0) for pid, used in after.items())
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    sent = await admin.fetchval("select count(*) from outbox")
    if sent < events:
        raise RuntimeError(f"{sent} facts for {events} events")
    return Measured(measured, seconds, python, postgres)


async def _unless_it_fails(task: asyncio.Future[None], wait: Coroutine[Any, Any, Any]) -> None:
    waiting = asyncio.ensure_future(wait)
    await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
    if task.done():
        waiting.cancel()
        task.result()
        raise RuntimeError("the loop ended before its work was done")


async def _backends(admin: asyncpg.Connection) -> dict[int, float]:
    """Processor seconds of the database's backends that run on this machine."""
    rows = await admin.fetch("select pid from pg_stat_activity where datname = current_database()")
    used = {}
    for (pid,) in rows:
        with suppress(psutil.Error):
            times = psutil.Process(pid).cpu_times()
            used[pid] = times.user + times.system
    return used


async def admin_of(database: Database, admin_url: str) -> asyncpg.Connection:
    """A superuser's connection to the benchmark's database."""
    name = database.urls.owner.rpartition("/")[2]
    return await asyncpg.connect(f"{admin_url.rpartition('/')[0]}/{name}")
