"""Small builders with defaults: envelopes around facts, origins of requests."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import count
from uuid import UUID

from shared import clock, ids
from shared.events.catalog import BY_FACT, key_of
from shared.events.envelope import Envelope, Origin
from shared.events.marks import Fact

TENANT = UUID("01900000-0000-7000-8000-00000000a001")
OTHER_TENANT = UUID("01900000-0000-7000-8000-00000000a002")
PRACTICE = UUID("01900000-0000-7000-8000-00000000b001")

_sequence = count(1)


def origin(
    tenant_id: UUID = TENANT,
    practice_id: UUID = PRACTICE,
    *,
    correlation_id: UUID | None = None,
    causation_id: UUID | None = None,
) -> Origin:
    """Where a fact of a test comes from: a request that nothing caused."""
    return Origin(tenant_id, practice_id, correlation_id or ids.new(), causation_id)


def envelope(
    fact: Fact,
    *,
    tenant_id: UUID = TENANT,
    practice_id: UUID = PRACTICE,
    event_id: UUID | None = None,
    correlation_id: UUID | None = None,
) -> Envelope[Fact]:
    """A fact as it would arrive; the correlation is its encounter where it has one."""
    row, key = BY_FACT[type(fact)], key_of(fact)
    correlation = correlation_id or getattr(fact, "encounter_id", None) or key
    return Envelope(
        id=event_id or ids.new(),
        type=row.name,
        version=row.version,
        source=f"/claimstream/{row.context}",
        tenant_id=tenant_id,
        practice_id=practice_id,
        key=key,
        subject=key,
        seq=next(_sequence),
        time=clock.business(),
        correlation_id=correlation,
        causation_id=None,
        traceparent="",
        data=fact,
    )


def envelopes(
    facts: Iterable[Fact], *, tenant_id: UUID = TENANT, practice_id: UUID = PRACTICE
) -> list[Envelope[Fact]]:
    """Facts of one tenant as they would arrive, in order."""
    return [envelope(fact, tenant_id=tenant_id, practice_id=practice_id) for fact in facts]
