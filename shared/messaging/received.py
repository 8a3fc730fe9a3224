"""An event on its way through a service: the record as it came and what could be read of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from msgspec import Struct

from shared import ids
from shared.database import Transaction
from shared.database.transaction import Published
from shared.errors import Refused
from shared.events.catalog import BY_FACT, EventType
from shared.events.envelope import Envelope
from shared.events.marks import Fact
from shared.messaging import envelope as wire
from shared.messaging.bus import Incoming, Place

Handler = Callable[[list[Envelope[Any]], Transaction], Awaitable[None]]
Handlers = Mapping[type[Fact], Handler]
Key = tuple[UUID, UUID]


class Subscription(NamedTuple):
    """What a consumer consumes and how.

    group: `rcm.<service>`, or `rcm.<service>.<purpose>` for work of another pace.
    service_version: a tripped limit stops this version only. lanes: batches at the same time.
    batch_size: records of one lane batch. member: static name of this process, "" = none.
    """

    group: str
    handlers: Handlers
    service_version: str = "0"
    lanes: int = 2
    batch_size: int = 500
    member: str = ""

    @property
    def consumer(self) -> str:
        """The name in inbox, holds and dead letters."""
        return self.group.removeprefix("rcm.")


class KeptRecord(Struct, frozen=True, array_like=True):
    """A record as it is kept, sealed, beside a parked event or a dead letter."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes]]


class Received(NamedTuple):
    """A record and the event that was read from it."""

    record: Incoming
    event: Envelope[Fact]

    @property
    def place(self) -> Place:
        """Where the record stands."""
        return Place(self.record.topic, self.record.partition)

    @property
    def held_key(self) -> Key:
        """Tenant and key: what a hold is on."""
        return self.event.tenant_id, self.event.key

    @property
    def event_id(self) -> UUID:
        """The event's id."""
        return self.event.id

    @property
    def event_type(self) -> str:
        """The event's type."""
        return self.event.type


class Unread(NamedTuple):
    """A record that cannot be read, and why."""

    record: Incoming
    refusal: Refused

    @property
    def place(self) -> Place:
        """Where the record stands."""
        return Place(self.record.topic, self.record.partition)

    @property
    def event_id(self) -> UUID:
        """The id it states; without one, derived from the record's place."""
        record = self.record
        stated = stated_id(record, "ce_id")
        return stated or ids.derived(ids.NIL, f"{record.topic}/{record.partition}/{record.offset}")

    @property
    def event_type(self) -> str:
        """One word for whatever cannot be read."""
        return "unreadable"


def stated_id(record: Incoming, header: str) -> UUID | None:
    """A header as UUID; None when it is missing or none."""
    try:
        return UUID(wire.header(record, header))
    except ValueError:
        return None


def kept(record: Incoming) -> KeptRecord:
    """A copy of a record to be sealed and stored."""
    return KeptRecord(
        record.topic,
        record.partition,
        record.offset,
        record.timestamp,
        record.key,
        record.value,
        [(name, value or b"") for name, value in record.headers],
    )


def received_of(event: Envelope[Any], *, partition: int = 0, offset: int = 0) -> Received:
    """An event as if it had come over the bus; for tests and rebuilding."""
    told = Published(
        event.id,
        event.data,
        event.subject,
        event.key,
        event.tenant_id,
        event.practice_id,
        event.correlation_id,
        event.causation_id,
    )
    attributes = wire.encode_attributes(
        told, source=event.source, time=event.time, traceparent=event.traceparent
    )
    record = KeptRecord(
        BY_FACT[type(event.data)].topic,
        partition,
        offset,
        int(event.time.timestamp() * 1000),
        str(event.key).encode(),
        wire.encode_fact(event.data),
        [*wire.header_pairs(attributes), (wire.SEQUENCE, str(event.seq).encode())],
    )
    return Received(record, event)


class Reader:
    """Reads records for the handlers of one consumer; types without a handler are left out."""

    def __init__(self, handlers: Handlers) -> None:
        rows: list[EventType] = [BY_FACT[fact] for fact in handlers]
        self.topics = tuple(sorted({row.topic for row in rows}))
        self._known = {row.name for row in rows}

    def read(self, record: Incoming) -> Received | Unread | None:
        """None for a type nobody here handles; a record without a type is unreadable."""
        kind = wire.header(record, "ce_type")
        if kind and kind not in self._known:
            return None
        try:
            return Received(record, wire.read_event(record.headers, record.value))
        except Refused as refusal:
            return Unread(record, refusal)


def joined(items: Sequence[Received]) -> list[list[Received]]:
    """Cut events into runs of one type, joining stretches where no event overtakes its key.

    The order of the runs, and inside a run, keeps the order of each (tenant, key).
    """
    if len({type(item.event.data) for item in items}) == 1:
        return [list(items)]
    runs: list[list[Received]] = []
    latest_of_type: dict[type[Fact], int] = {}
    latest_of_key: dict[Key, int] = {}
    for item in items:
        event = item.event
        kind, key = type(event.data), (event.tenant_id, event.key)
        place = latest_of_type.get(kind, -1)
        if place < latest_of_key.get(key, 0) or place < 0:
            place = latest_of_type[kind] = len(runs)
            runs.append([])
        latest_of_key[key] = place
        runs[place].append(item)
    return runs
