"""One batch of events through their handlers in one transaction, parking what must wait.

The batch law: handling events together, one by one or in any split leaves the same state. A handler
may park an event whose later siblings of the same key it was given too; they may not overtake it,
so the transaction is rolled back and run again with those siblings left behind the hold.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from itertools import islice
from typing import NamedTuple, Protocol
from uuid import UUID

from shared import clock, ids, telemetry
from shared.database import Database, Transaction
from shared.database.transaction import Parked
from shared.messaging import fail_points
from shared.messaging.received import Handlers, Key, Received, Unread, joined

MAX_CONVERSATIONS = 128


class Waiting(NamedTuple):
    """An event that is kept: until a thing (kind, id) is there, or behind the hold of its key."""

    item: Received
    until: tuple[str, UUID] | None


class Admitted(NamedTuple):
    """The events to be handled, in their order, and the keys that are on hold already."""

    fresh: Sequence[Received]
    held: Collection[Key]


class Gate(Protocol):
    """Lets each event through once, in the transaction of its effect (inbox.py, parking.py)."""

    consumer: str

    async def admit(self, tx: Transaction, items: Sequence[Received]) -> Admitted:
        """Which of the events are still to be handled."""
        ...

    async def settle(
        self, tx: Transaction, handled: Sequence[Received], waiting: Sequence[Waiting]
    ) -> None:
        """Note what was handled and keep what must wait; both in the events' order."""
        ...

    async def take(self, tx: Transaction, item: Received | Unread) -> bool:
        """Let one event pass that nobody handles (a dead letter); False if it passed before."""
        ...


Applied = Counter[tuple[str, str]]
"""What became of a batch: (event type, ok | duplicate | parked) -> events."""


class Overtaken(Exception):
    """Events were handled although an earlier one of their key was parked; roll back."""

    def __init__(self, ids: set[UUID]) -> None:
        super().__init__(f"{len(ids)} events overtook a parked one")
        self.ids = ids


async def apply(
    database: Database, items: Sequence[Received], *, gate: Gate, handlers: Handlers
) -> Applied:
    """One transaction for readable events in their order; raises what a handler raises."""
    tenants = {item.event.tenant_id.int: item.event.tenant_id for item in items}.values()
    left_behind: set[UUID] = set()
    while True:
        try:
            async with database.pipeline(tenants) as tx:
                outcome = await handle(
                    tx, items, gate=gate, handlers=handlers, left_behind=left_behind
                )
                fail_points.passing("before_commit")
        except Overtaken as overtaken:
            left_behind |= overtaken.ids
        else:
            fail_points.passing("after_commit")
            return outcome


async def handle(
    tx: Transaction,
    items: Sequence[Received],
    *,
    gate: Gate,
    handlers: Handlers,
    left_behind: Collection[UUID] = (),
) -> Applied:
    """Inside a transaction: through the gate, the handlers run by run, then park what must wait.

    left_behind: ids that stay behind the hold of their key. Raises Overtaken.
    Lanes meet on encounters, whose events come under several keys, and a batch works them run by
    run: it locks its correlations first, in order, so that no two batches wait in a circle.
    """
    admitted = await gate.admit(tx, items)
    ready = admitted.fresh
    if admitted.held or left_behind:
        ready = [
            item
            for item in admitted.fresh
            if item.held_key not in admitted.held and item.event_id not in left_behind
        ]
    await tx.lock("correlation", (item.event.correlation_id for item in ready))
    batch = _Batch(admitted.fresh)
    repeated = _repeated(items, admitted.fresh)
    untold = dict(repeated)
    for run in joined(ready):
        open_run = batch.not_behind(run)
        if open_run:
            await _run(tx, handlers, open_run, repeated=untold.pop(run[0].event.type, 0))
            batch.ran(open_run, tx.parked)
            tx.parked.clear()
    waiting = batch.waiting()
    await gate.settle(tx, batch.handled, waiting)
    return batch.counted(repeated, waiting)


class _Batch:
    """What is handled and what is parked while the runs of one batch go by.

    stopped: (tenant, key) -> place in the batch of its first parked event.
    """

    def __init__(self, fresh: Sequence[Received]) -> None:
        self.handled: list[Received] = []
        self._counts: Applied = Counter()
        self._fresh = fresh
        self._parked: dict[UUID, tuple[str, UUID]] = {}
        self._stopped: dict[Key, int] = {}

    def not_behind(self, run: Sequence[Received]) -> Sequence[Received]:
        """The run without the later siblings of what an earlier run parked."""
        if not self._stopped:
            return run
        return [item for item in run if not self._is_behind(item)]

    def ran(self, run: Sequence[Received], parked: Sequence[Parked]) -> None:
        """Note what a handler did with a run; Overtaken if a sibling went past a parked event."""
        for envelope, kind, awaited in parked:
            self._parked[envelope.id] = (kind, awaited)
            key, number = (envelope.tenant_id, envelope.key), self._order[envelope.id]
            self._stopped[key] = min(number, self._stopped.get(key, number))
        done = run
        if self._parked:
            done = [item for item in run if item.event_id not in self._parked]
            late = {item.event_id for item in done if self._is_behind(item)}
            if late:
                raise Overtaken(late)
        self.handled += done
        self._counts[run[0].event.type, "ok"] += len(done)

    def waiting(self) -> list[Waiting]:
        """What was not handled, in order; only the first of a key waits for a thing itself."""
        if len(self.handled) == len(self._fresh):
            return []
        done = {item.event_id for item in self.handled}
        heads: set[Key] = set()
        waiting = []
        for item in self._fresh:
            if item.event_id in done:
                continue
            until = None if item.held_key in heads else self._parked.get(item.event_id)
            heads.add(item.held_key)
            waiting.append(Waiting(item, until))
        return waiting

    def counted(self, repeated: Mapping[str, int], waiting: Sequence[Waiting]) -> Applied:
        """The outcome in numbers."""
        counts = self._counts + Counter((each.item.event.type, "parked") for each in waiting)
        counts.update({(kind, "duplicate"): count for kind, count in repeated.items()})
        return +counts

    def _is_behind(self, item: Received) -> bool:
        stop = self._stopped.get(item.held_key)
        return stop is not None and self._order[item.event_id] > stop

    @cached_property
    def _order(self) -> dict[UUID, int]:
        return {item.event_id: number for number, item in enumerate(self._fresh)}


def _repeated(items: Sequence[Received], fresh: Sequence[Received]) -> dict[str, int]:
    """Event type -> how many of the batch were seen before; mostly none."""
    if len(fresh) == len(items):
        return {}
    counted = Counter(item.event.type for item in items)
    counted.subtract(item.event.type for item in fresh)
    return dict(counted)


async def _run(
    tx: Transaction, handlers: Handlers, run: Sequence[Received], *, repeated: int
) -> None:
    events = [item.event for item in run]
    first, topic = events[0], run[0].record.topic
    attributes = _described(run, repeated) if telemetry.tracing() else {}
    links = (event.traceparent for event in events)
    began = time.perf_counter()
    with telemetry.span(f"process {topic}", kind="consumer", links=links, attributes=attributes):
        fail_points.passing("mid_run")
        await handlers[type(first.data)](events, tx)
        tx.contexts.append((len(tx.published), telemetry.traceparent()))
    fail_points.passing("between_handlers")
    service, kind = tx.service, first.type
    telemetry.observe("rcm_run_seconds", time.perf_counter() - began, service=service, type=kind)
    telemetry.observe("rcm_run_events", len(events), service=service, type=kind)
    age = (clock.business() - first.time).total_seconds()
    telemetry.observe("rcm_event_e2e_seconds", age, type=kind, consumer=service)


def _described(run: Sequence[Received], repeated: int) -> dict[str, str | int | Sequence[str]]:
    """The attributes of a run's span (docs/operations, Traces); the consumer adds its own.

    A run of several encounters has them all as its conversations, up to the limit of links.
    """
    record, event = run[0].record, run[0].event
    correlations = {item.event.correlation_id.int: item.event.correlation_id for item in run}
    conversations = [ids.text(each) for each in islice(correlations.values(), MAX_CONVERSATIONS)]
    found: dict[str, str | int | Sequence[str]] = {
        "messaging.operation.name": "process",
        "messaging.operation.type": "process",
        "messaging.destination.name": record.topic,
        "messaging.batch.message_count": len(run),
        "messaging.message.conversation_id": (
            conversations[0] if len(conversations) == 1 else conversations
        ),
        "rcm.event.type": event.type,
        "rcm.run.fresh": len(run),
        "rcm.run.duplicates": repeated,
    }
    if len(run) == 1:
        found["messaging.message.id"] = str(event.id)
        found["messaging.destination.partition.id"] = str(record.partition)
        found["messaging.kafka.offset"] = record.offset
    return found
