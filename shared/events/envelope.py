"""The envelope around every fact, and the origin a new fact inherits."""

from __future__ import annotations

from datetime import datetime
from typing import Generic, NamedTuple, TypeVar
from uuid import UUID

from shared.events.marks import Fact

T_co = TypeVar("T_co", bound=Fact, covariant=True)


class Origin(NamedTuple):
    """Where a new fact comes from when no event caused it: a request or a job.

    correlation_id is the encounter. With a causation_id (a batch, a file) ids of the facts are
    derived, so doing the work twice makes the same facts; without one they are new.
    """

    tenant_id: UUID
    practice_id: UUID
    correlation_id: UUID
    causation_id: UUID | None = None


class Envelope(NamedTuple, Generic[T_co]):
    """One event as a handler gets it; `data` is a struct of shared/events.

    The fields stand in the order of the headers on the wire (shared/messaging/envelope.py).
    key: record key, opaque. seq: rises per (publisher, key). time: business time, UTC.
    traceparent: W3C context of the transaction that published it, "" when unknown.
    """

    id: UUID
    type: str
    source: str
    subject: UUID
    time: datetime
    tenant_id: UUID
    practice_id: UUID
    key: UUID
    correlation_id: UUID
    causation_id: UUID | None
    traceparent: str
    seq: int
    version: int
    data: T_co
