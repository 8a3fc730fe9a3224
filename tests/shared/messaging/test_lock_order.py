"""Lanes that meet on the same things in opposite order wait for each other, never in a circle."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

from sqlalchemy import text

from shared import ids
from shared.database import Database, Transaction
from shared.events.envelope import Envelope
from shared.messaging import batches
from shared.messaging.inbox import Inbox
from shared.messaging.received import Handlers, received_of
from tests.support.builders import envelope
from tests.support.messaging import funds, reconciled, things

_TOUCH = text("""
insert into things as t (tenant_id, id, version) values (:tenant, :id, 1)
on conflict (tenant_id, id) do update set version = t.version + 1
""")


class Meeting:
    """Handlers of two types that touch one thing; the first waits a moment for the other lane."""

    def __init__(self) -> None:
        self._there = 0
        self._both = asyncio.Event()
        self.handlers: Handlers = {
            type(funds()): self.first,
            type(reconciled(ids.NIL)): self.second,
        }

    async def first(self, events: list[Envelope[Any]], tx: Transaction) -> None:
        """Touch, then give the other lane time to do the same."""
        await self.second(events, tx)
        self._there += 1
        if self._there == 2:
            self._both.set()
        await asyncio.wait({asyncio.ensure_future(self._both.wait())}, timeout=0.5)

    async def second(self, events: list[Envelope[Any]], tx: Transaction) -> None:
        """Touch what the events are about."""
        for event in events:
            await tx.run(_TOUCH, {"tenant": event.tenant_id, "id": event.data.deposit_id})


async def test_batches_that_meet_on_two_things_do_not_deadlock(database: Database) -> None:
    one, other = ids.new(), ids.new()
    meeting = Meeting()

    async def lane(first: UUID, second: UUID) -> batches.Applied:
        """As after a partition by another key: first's event, then second's of another type."""
        told = [(first, funds(first)), (second, reconciled(second))]
        items = [
            received_of(envelope(fact, correlation_id=thing)._replace(key=ids.new()))
            for thing, fact in told
        ]
        gate = Inbox("sample")
        return await batches.apply(database, items, gate=gate, handlers=meeting.handlers)

    done = await asyncio.gather(lane(one, other), lane(other, one))
    assert sum(sum(each.values()) for each in done) == 4
    found = await things(database, envelope(funds()).tenant_id)
    assert {thing: version for thing, (version, *_) in found.items()} == {one: 2, other: 2}
