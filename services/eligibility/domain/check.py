"""One check, what is asked about it, and what was told."""

from __future__ import annotations

from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from services.eligibility.domain.lifecycle import State
from services.eligibility.domain.reading import Reading
from shared.events.people import MemberIdentity, PersonIdentity


class Check(NamedTuple):
    """One question to a payer about one coverage on one date."""

    tenant_id: UUID
    id: UUID
    practice_id: UUID
    encounter_id: UUID
    patient_id: UUID
    coverage_id: UUID
    payer_id: UUID
    rank: int
    relationship: str
    service_date: date
    trigger: str
    state: State
    tries: int
    reason: str
    plan: str
    copay_cents: int | None
    deductible_left_cents: int | None
    patient_sealed: str
    member_sealed: str
    answer_sealed: str | None
    created_at: datetime
    as_of: datetime | None


class Parties(NamedTuple):
    """Names and numbers that stand on an inquiry, by (tenant, id)."""

    edi_id: str
    practice_name: str
    practice_npi: str
    payer_code: str
    payer_name: str


class Inquiry(NamedTuple):
    """Everything one question to a payer says, opened for the channel."""

    check: Check
    parties: Parties
    patient: PersonIdentity
    member: MemberIdentity


class Told(NamedTuple):
    """What came of an inquiry: a reading, or None for silence; raw is kept sealed."""

    check_id: UUID
    reading: Reading | None
    silence_reason: str = ""
    raw: bytes | None = None
