"""Dead letters: what failed for good, sealed, with its reason, its key held until it is resolved.

The table is the truth; the topic `rcm.<service>.dlq.v1` is a copy for outside tools, written
through the outbox in the same transaction (docs/operations, Dead letters).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

from msgspec import Struct
from sqlalchemy import text

from shared import clock, ids
from shared.database import Transaction
from shared.errors import Refused
from shared.messaging import envelope as wire
from shared.messaging import outbox, parking
from shared.messaging.batches import Gate
from shared.messaging.received import Received, Unread, kept, stated_id
from shared.messaging.topics import dead_letter_topic
from shared.sealing import Cell

PLACE = "dead_letters.payload"
RESOLVED_DAYS = 90
MAX_COPY_BYTES = 200 * 1024
MAX_HEADERS, MAX_HEADER = 64, 1024
_OWN = ("services.", "gateway.", "shared.", "tests.")
_KERNEL = ("shared.database.", "shared.messaging.")
SEALED = "application/vnd.claimstream.sealed"

_INSERT = text("""
insert into dead_letters (
    tenant_id, id, consumer, event_id, event_type, event_version, topic, partition, record_offset,
    record_at, key, practice_id, subject, correlation_id, traceparent, payload, payload_bytes,
    error_class, error_code, fingerprint, attempts, first_failed_at, last_failed_at,
    service_version
) values (
    cast(:tenant_id as uuid), cast(:id as uuid), :consumer, cast(:event_id as uuid), :event_type,
    :event_version, :topic, :partition, :record_offset, :record_at, cast(:key as uuid),
    cast(:practice_id as uuid), cast(:subject as uuid), cast(:correlation_id as uuid),
    :traceparent, :payload, :payload_bytes, :error_class, :error_code, :fingerprint, :attempts,
    :first_failed_at, :last_failed_at, :service_version
)
""")

_FORGET = text("""
delete from dead_letters
where status <> 'open' and resolved_at < current_timestamp - make_interval(days => :days)
""")


class Copied(Struct, frozen=True):
    """The value of a record, as the copy in the dead-letter topic carries it, sealed."""

    value: bytes | None


class Failure(NamedTuple):
    """Why an event failed for good; never holds the text of an exception.

    error_class: `unreadable`, `contract`, `refused` or `bug`.
    """

    error_class: str
    code: str
    fingerprint: str
    attempts: int
    first_failed_at: datetime
    last_failed_at: datetime
    service_version: str


class Known(NamedTuple):
    """What the headers tell of an event, also of one that could not be read."""

    tenant_id: UUID
    key: UUID | None
    practice_id: UUID | None
    subject: UUID | None
    correlation_id: UUID | None


def failure_of(
    error: Exception,
    *,
    item: Received | Unread,
    attempts: int,
    since: datetime,
    service_version: str,
) -> Failure:
    """An exception as a failure: its class, its code, its fingerprint."""
    error_class = error.error_class if isinstance(error, Refused) else "bug"
    code = error.code if isinstance(error, Refused) else type(error).__name__
    return Failure(
        error_class,
        code,
        fingerprint(error, item),
        attempts,
        since,
        clock.system(),
        service_version,
    )


def fingerprint(error: Exception, item: Received | Unread) -> str:
    """Equal for failures of one cause: event type, version, class, code, innermost own frame."""
    kind = wire.header(item.record, "ce_dataschema") or wire.header(item.record, "ce_type")
    code = error.code if isinstance(error, Refused) else ""
    text_of = f"{kind} {type(error).__name__} {code} {_own_frame(error)}"
    return hashlib.sha256(text_of.encode()).hexdigest()[:16]


async def forget_resolved(tx: Transaction, *, days: int = RESOLVED_DAYS) -> int:
    """Delete letters that were resolved long ago; how many went."""
    return await tx.run(_FORGET, {"days": days})


async def bury(tx: Transaction, item: Received | Unread, *, gate: Gate, failure: Failure) -> bool:
    """Keep one event as a dead letter and hold its key; False if it passed the gate before."""
    if not await gate.take(tx, item):
        return False
    known = known_of(item)
    letter_id = ids.new()
    record = item.record
    headers = wire.headers_of(record)
    cell = Cell(tx.service, known.tenant_id, PLACE, letter_id)
    sealed = tx.keys.seal_column(cell, kept(record))
    await tx.execute(
        _INSERT,
        {
            "tenant_id": str(known.tenant_id),
            "id": str(letter_id),
            "consumer": gate.consumer,
            "event_id": str(item.event_id),
            "event_type": headers.get("ce_type", "")[:200],
            "event_version": item.event.version if isinstance(item, Received) else 0,
            "topic": record.topic,
            "partition": record.partition,
            "record_offset": record.offset,
            "record_at": datetime.fromtimestamp(record.timestamp / 1000, UTC),
            "key": _text(known.key),
            "practice_id": _text(known.practice_id),
            "subject": _text(known.subject),
            "correlation_id": _text(known.correlation_id),
            "traceparent": headers.get("traceparent", "")[:100],
            "payload": sealed,
            "payload_bytes": len(record.value or b""),
            "error_class": failure.error_class,
            "error_code": failure.code,
            "fingerprint": failure.fingerprint,
            "attempts": failure.attempts,
            "first_failed_at": failure.first_failed_at,
            "last_failed_at": failure.last_failed_at,
            "service_version": failure.service_version,
        },
    )
    if known.key is not None:
        held = {(known.tenant_id, known.key): letter_id}
        await parking.hold(tx, gate.consumer, held, cause="dead_letter")
    await outbox.insert(tx, [_copy(tx, gate.consumer, item, known=known, failure=failure)])
    return True


def known_of(item: Received | Unread) -> Known:
    """Tenant (nil when unknown), key and other ids of an event, as far as they can be read."""
    if isinstance(item, Received):
        event = item.event
        return Known(
            event.tenant_id, event.key, event.practice_id, event.subject, event.correlation_id
        )
    record = item.record
    return Known(
        stated_id(record, "ce_tenantid") or ids.NIL,
        stated_id(record, "ce_partitionkey"),
        stated_id(record, "ce_practiceid"),
        stated_id(record, "ce_subject"),
        stated_id(record, "ce_correlationid"),
    )


def _copy(
    tx: Transaction, consumer: str, item: Received | Unread, *, known: Known, failure: Failure
) -> outbox.Row:
    record = item.record
    original = {
        name[:MAX_HEADER]: value[:MAX_HEADER]
        for name, value in list(wire.headers_of(record).items())[:MAX_HEADERS]
    }
    headers = {**original, **_described(consumer, item, failure)}
    headers["content-type"] = SEALED
    sealed = b""
    if len(record.value or b"") <= MAX_COPY_BYTES:
        sealed = tx.keys.seal_event(known.tenant_id, Copied(record.value)).encode()
    key = known.key or item.event_id
    topic = dead_letter_topic(tx.service)
    return outbox.Row(known.tenant_id, topic, key, wire.encode_headers(headers), sealed)


def _described(consumer: str, item: Received | Unread, failure: Failure) -> Mapping[str, str]:
    record = item.record
    return {
        "dlq_original_topic": record.topic,
        "dlq_original_partition": str(record.partition),
        "dlq_original_offset": str(record.offset),
        "dlq_original_timestamp": str(record.timestamp),
        "dlq_consumer": consumer,
        "dlq_error_class": failure.error_class,
        "dlq_error_code": failure.code,
        "dlq_error_fingerprint": failure.fingerprint,
        "dlq_attempts": str(failure.attempts),
        "dlq_first_failed_at": failure.first_failed_at.isoformat(),
        "dlq_last_failed_at": failure.last_failed_at.isoformat(),
        "dlq_service_version": failure.service_version,
    }


def _own_frame(error: Exception) -> str:
    """The innermost function of ours that the exception came through."""
    place, trace = "", error.__traceback__
    while trace is not None:
        module = trace.tb_frame.f_globals.get("__name__", "")
        if module.startswith(_OWN) and not module.startswith(_KERNEL):
            place = f"{module}:{trace.tb_frame.f_code.co_name}"
        trace = trace.tb_next
    return place


def _text(value: UUID | None) -> str | None:
    return None if value is None else str(value)
