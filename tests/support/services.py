"""What a test does with a service's database: deliver facts, run what is parked, read the outbox.

The databases come from the fixture `service_database` (tests/support/databases.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import text

from shared.database import Database
from shared.events.envelope import Envelope
from shared.events.marks import Fact
from shared.messaging import batches, parking
from shared.messaging import envelope as wire
from shared.messaging.inbox import Inbox
from shared.messaging.received import Handler, received_of
from shared.messaging.relay import outgoing
from tests.support.builders import PRACTICE, TENANT, envelope

_OUTBOX = text("select id, topic, cast(key as text), headers, value from outbox order by id")


async def published(database: Database) -> list[Envelope[Fact]]:
    """Everything in the outbox, as its consumers will read it, in order."""
    async with database.pipeline(()) as tx:
        rows = await tx.rows(_OUTBOX)
    return [wire.read_event(outgoing(row, 0).headers, row.value) for row in rows]


async def deliver(
    database: Database,
    handlers: Handler | Mapping[type[Fact], Handler],
    facts: Iterable[Fact],
    *,
    tenant_id: UUID = TENANT,
    practice_id: UUID = PRACTICE,
) -> list[Envelope[Fact]]:
    """Facts of one tenant through the inbox and the handler(s) in one transaction; as sent."""
    events = [envelope(fact, tenant_id=tenant_id, practice_id=practice_id) for fact in facts]
    await deliver_envelopes(database, handlers, events)
    return events


async def deliver_envelopes(
    database: Database,
    handlers: Handler | Mapping[type[Fact], Handler],
    events: Sequence[Envelope[Any]],
) -> batches.Applied:
    """Events (of any tenants; repeats allowed) as one lane batch, as the consumer does it."""
    table = (
        handlers
        if isinstance(handlers, Mapping)
        else {type(event.data): handlers for event in events}
    )
    items = [received_of(event) for event in events]
    gate = Inbox(consumer_of(database))
    return await batches.apply(database, items, gate=gate, handlers=table)


async def run_parked(database: Database, handlers: Mapping[type[Fact], Handler]) -> int:
    """Run every parked event that has been released, until none is left; how many were handled."""
    consumer, handled = consumer_of(database), 0
    while items := await parking.due(database, consumer):
        gate = parking.ParkedGate(consumer)
        outcome = await batches.apply(database, items, gate=gate, handlers=handlers)
        done = sum(count for (_, result), count in outcome.items() if result == "ok")
        if not done:
            break
        handled += done
    return handled


def consumer_of(database: Database) -> str:
    """The consumer group a service's events are handled under."""
    return f"rcm.{database.service}"
