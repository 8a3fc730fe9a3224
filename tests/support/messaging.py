"""A little service for tests of messaging: facts in, rows in `things`, facts out.

FundsReceived adds its amount to the thing of its deposit and tells NotificationSuppressed;
FundsReconciled waits until the deposit is there. A trace decides what goes wrong: `refuse`, `bug`,
`away` (as often as `Troubles.away` says).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import text

from shared import clock, ids
from shared.database import Database, Transaction
from shared.errors import Refused, TryAgain
from shared.events.catalog import TOPICS
from shared.events.envelope import Envelope
from shared.events.marks import Fact
from shared.events.notifications import NotificationSuppressed
from shared.events.payments import FundsReceived, FundsReconciled
from shared.messaging import Consumer, ParkedRunner, Relay, Subscription
from shared.messaging.bus import Bus, Outgoing, Place, Topic, lag
from shared.messaging.received import Handlers, received_of
from tests.support.eventually import eventually

GROUP = "rcm.sample"

_ADD = text("""
insert into things as t (tenant_id, id, version, amount_cents)
select tenant_id, id, version, amount from unnest(
    cast(:tenants as uuid[]), cast(:ids as uuid[]), cast(:versions as bigint[]),
    cast(:amounts as bigint[])
) as fresh (tenant_id, id, version, amount)
order by tenant_id, id
on conflict (tenant_id, id) do update
set version = t.version + excluded.version, amount_cents = t.amount_cents + excluded.amount_cents
""")
_KNOWN = text("""
select id from things where tenant_id = any (cast(:tenants as uuid[]))
    and id = any (cast(:ids as uuid[])) order by id for update
""")
_MARK = text("""
update things set note = note || 'r' where tenant_id = any (cast(:tenants as uuid[]))
    and id = any (cast(:ids as uuid[]))
""")
_THINGS = text("select tenant_id, id, version, amount_cents, note from things order by id")


def funds(deposit: UUID | None = None, *, cents: int = 100, trace: str = "") -> FundsReceived:
    """Money of a deposit."""
    day = date(2026, 11, 22)
    deposit = deposit or ids.new()
    return FundsReceived(deposit_id=deposit, trace=trace, amount_cents=cents, received_on=day)


def reconciled(deposit: UUID, *, cents: int = 100) -> FundsReconciled:
    """A deposit that was reconciled; too early unless the deposit is known."""
    return FundsReconciled(
        deposit_id=deposit, remit_id=ids.NIL, amount_cents=cents, difference_cents=0
    )


class Troubles:
    """The handlers, and what goes wrong in them."""

    def __init__(self) -> None:
        self.away = 0
        self.mended = False
        self.batches: list[list[UUID]] = []
        self.handlers: Handlers = {
            FundsReceived: self.on_funds_received,
            FundsReconciled: self.on_funds_reconciled,
        }

    async def on_funds_received(
        self, events: list[Envelope[FundsReceived]], tx: Transaction
    ) -> None:
        """Add up, tell, release what waited for the deposit."""
        self.batches.append([event.id for event in events])
        for event in events:
            self._stumble(event.data.trace)
        totals: dict[tuple[UUID, UUID], list[int]] = {}
        for event in events:
            row = totals.setdefault((event.tenant_id, event.data.deposit_id), [0, 0])
            row[0] += 1
            row[1] += event.data.amount_cents
        await tx.lock("deposit", [deposit for _, deposit in totals])
        await tx.run(
            _ADD,
            {
                "tenants": [str(tenant) for tenant, _ in totals],
                "ids": [str(deposit) for _, deposit in totals],
                "versions": [version for version, _ in totals.values()],
                "amounts": [amount for _, amount in totals.values()],
            },
        )
        for event in events:
            told = _suppressed(event)
            tx.publish(told, subject=told.notification_id, caused_by=event)
        for _, deposit in totals:
            tx.release("deposit", deposit)

    async def on_funds_reconciled(
        self, events: list[Envelope[FundsReconciled]], tx: Transaction
    ) -> None:
        """Mark known deposits; park what came too early."""
        self.batches.append([event.id for event in events])
        deposits = [event.data.deposit_id for event in events]
        await tx.lock("deposit", deposits)
        params = {
            "tenants": [str(tenant) for tenant in tx.tenants],
            "ids": [str(deposit) for deposit in deposits],
        }
        known = {row.id for row in await tx.rows(_KNOWN, params)}
        for event in events:
            if event.data.deposit_id not in known:
                tx.park(event, until=("deposit", event.data.deposit_id))
        for event in events:
            if event.data.deposit_id in known:
                await tx.run(_MARK, {**params, "ids": [str(event.data.deposit_id)]})

    def _stumble(self, trace: str) -> None:
        if trace == "away" and self.away > 0:
            self.away -= 1
            raise TryAgain("a test")
        if trace == "refuse" and not self.mended:
            raise Refused("sample_refused", "The sample refuses this.")
        if trace == "bug" and not self.mended:
            raise ZeroDivisionError


def _suppressed(event: Envelope[FundsReceived]) -> NotificationSuppressed:
    return NotificationSuppressed(
        notification_id=event.data.deposit_id,
        subject_id=event.data.deposit_id,
        kind="sample",
        channel="none",
        reason="sample",
    )


async def things(database: Database, *tenants: UUID) -> dict[UUID, tuple[int, int, str]]:
    """Deposit -> (how many events, sum of cents, marks)."""
    async with database.pipeline(tenants) as tx:
        rows = await tx.rows(_THINGS)
    return {row.id: (row.version, row.amount_cents, row.note) for row in rows}


async def counts(database: Database, *tables: str) -> dict[str, int]:
    """Rows of plumbing tables."""
    async with database.pipeline(()) as tx:
        return {table: await tx.scalar(text(f"select count(*) from {table}")) for table in tables}


def outgoing(event: Envelope[Any], *, seq: int = 1, value: bytes | None = b"") -> Outgoing:
    """An event as the relay would send it; `value` replaces the content."""
    record = received_of(event._replace(seq=seq)).record
    at_ms = int(clock.system().timestamp() * 1000)
    content = record.value if value == b"" else value
    return Outgoing(record.topic, record.key or b"", content, list(record.headers), at_ms)


async def send(bus: Bus, events: Sequence[Envelope[Fact]]) -> None:
    """Put events on the bus, in order."""
    outcomes = await bus.publish([outgoing(event) for event in events])
    assert outcomes == [None] * len(events)


@asynccontextmanager
async def running(*parts: Consumer | ParkedRunner | Relay) -> AsyncIterator[None]:
    """The parts run while the block does, and end in order."""
    stop = asyncio.Event()
    tasks = [asyncio.create_task(part.run(stop)) for part in parts]
    try:
        yield
    finally:
        stop.set()
        await asyncio.wait_for(asyncio.gather(*tasks), 30)


def subscription(troubles: Troubles, **changed: Any) -> Subscription:
    """The sample's subscription."""
    return Subscription(GROUP, troubles.handlers)._replace(**changed)


async def caught_up(bus: Bus, topics: Iterable[str], *, group: str = GROUP) -> None:
    """The group has processed everything and committed it."""

    async def rest() -> bool:
        left = await lag(bus, group, list(topics))
        assert not any(left.values()), f"lag {sum(left.values())}"
        return True

    await eventually(rest, timeout_seconds=30, describe="lag 0")


def sample_topics() -> list[Topic]:
    """The event topics and the sample's dead letters, with few partitions."""
    return [Topic(name, 4) for name in TOPICS] + [Topic("rcm.sample.dlq.v1", 1)]


def places(topic: str, count: int) -> list[Place]:
    """All partitions of a topic."""
    return [Place(topic, number) for number in range(count)]
