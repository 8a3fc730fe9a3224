"""The claim as a value: what it says, where it stands, and the steps it has taken."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from services.claims.domain import lifecycle
from services.claims.domain.lifecycle import Owner, Reporter, Status
from shared import ids
from shared.money import ZERO, Money

ORIGINAL, REPLACEMENT, VOID = "1", "7", "8"


class Key(NamedTuple):
    """How every thing is found: tenant and id."""

    tenant_id: UUID
    id: UUID


class Severity(StrEnum):
    """An error stops the claim; a warning goes with it."""

    ERROR = "error"
    WARN = "warn"


class Balance(StrEnum):
    """Who still owes on the claim."""

    INSURANCE = "insurance"
    PATIENT = "patient"
    CREDIT = "credit"
    ZERO = "zero"


@dataclass(frozen=True, slots=True)
class Finding:
    """Why a claim may not go, or should be looked at: rule, place, and what to do about it."""

    rule: str
    location: str
    message: str
    remedy: str
    severity: Severity = Severity.ERROR
    owner: Owner = Owner.BILLER


@dataclass(frozen=True, slots=True)
class CodedLine:
    """One charge line; pointers are 1-based positions among the diagnoses."""

    line: int
    code: str
    modifiers: tuple[str, ...]
    units: int
    pointers: tuple[int, ...]
    charge: Money
    service_date: date


@dataclass(frozen=True, slots=True)
class CoverageTerms:
    """One coverage without its sealed part."""

    coverage_id: UUID
    payer_id: UUID
    rank: int
    relationship: str


@dataclass(frozen=True, slots=True)
class Coding:
    """One frozen coding version of an encounter."""

    version: int
    diagnoses: tuple[str, ...]
    lines: tuple[CodedLine, ...]
    coverages: tuple[CoverageTerms, ...]
    rendering_provider_id: UUID
    referring_provider_id: UUID | None
    service_from: date
    service_to: date
    place_of_service: str

    @property
    def charge(self) -> Money:
        """The sum of the lines."""
        return Money.total(line.charge for line in self.lines)

    def coverage(self, rank: int) -> CoverageTerms | None:
        """The coverage of that rank."""
        return next((terms for terms in self.coverages if terms.rank == rank), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One claim to one payer. version counts what was sent; steps counts its history."""

    tenant_id: UUID
    id: UUID
    practice_id: UUID
    encounter_id: UUID
    patient_id: UUID
    payer_id: UUID
    rank: int
    generation: int
    frequency: str
    coding_version: int
    service_from: date
    service_to: date
    charge: Money
    filing_due: datetime
    filing_rule: str
    opened_at: datetime
    status: Status = Status.DRAFT
    owner: Owner = Owner.SYSTEM
    reported_by: Reporter = Reporter.SELF
    next_action_due: datetime | None = None
    hold_reason: str = ""
    findings: tuple[Finding, ...] = ()
    paid: Money = ZERO
    patient_share: Money = ZERO
    denied: Money = ZERO
    balance: Balance = Balance.INSURANCE
    version: int = 0
    control_number: str = ""
    batch_id: UUID | None = None
    delivery_unconfirmed: bool = False
    original_number: str = ""
    payer_control_number: str = ""
    accepted_at: datetime | None = None
    accepted_by: str = ""
    remit_id: UUID | None = None
    close_reason: str = ""
    duplicate_key: str = ""
    steps: int = 0

    @property
    def key(self) -> Key:
        """Tenant and id: how every table finds it."""
        return Key(self.tenant_id, self.id)

    @property
    def is_at_home(self) -> bool:
        """True while this version has not left the house and stands in no batch."""
        return self.status in lifecycle.BEFORE_SENDING and self.batch_id is None


class Cause(NamedTuple):
    """Why a step is taken: when, by whom, told by which message (an event, file or request id)."""

    at: datetime
    actor: str
    message_id: str = ""
    reported_by: Reporter = Reporter.SELF


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a claim's timeline; its id follows from claim and position."""

    tenant_id: UUID
    claim_id: UUID
    position: int
    kind: str
    status_from: Status
    status_to: Status
    reported_by: Reporter
    actor: str
    message_id: str
    happened_at: datetime
    detail: Mapping[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> UUID:
        """The same step is the same row, however often it is written."""
        return ids.derived(self.claim_id, f"step:{self.position}")


class Moved(NamedTuple):
    """A claim after a step, and the step."""

    claim: Claim
    step: Step


def move(claim: Claim, to: Status, cause: Cause, **changes: Any) -> Moved:
    """The claim in its next status; Conflict where the tables do not allow it.

    Owner and reporter follow the tables unless `changes` names them; `detail` goes to the step.
    """
    lifecycle.check_move(claim.status, to, sent_before=claim.version > 0)
    detail = changes.pop("detail", {})
    within = lifecycle.DUE_WITHIN.get(to)
    told = {
        "owner": lifecycle.OWNER[to],
        "reported_by": lifecycle.REPORTER[to],
        "hold_reason": "",
        "next_action_due": None if within is None else cause.at + within,
    }
    after = replace(claim, status=to, steps=claim.steps + 1, **{**told, **changes})
    return Moved(after, _step(claim, after, cause, kind=to.value, detail=detail))


def record(claim: Claim, kind: str, cause: Cause, **changes: Any) -> Moved:
    """The claim with something noted on its timeline and its status unchanged."""
    detail = changes.pop("detail", {})
    after = replace(claim, steps=claim.steps + 1, **changes)
    return Moved(after, _step(claim, after, cause, kind=kind, detail=detail))


def opened(claim: Claim, cause: Cause) -> Moved:
    """A draft's first step."""
    after = replace(claim, steps=1)
    return Moved(after, _step(claim, after, cause, kind="created", detail={}))


def _step(
    before: Claim, after: Claim, cause: Cause, *, kind: str, detail: Mapping[str, Any]
) -> Step:
    said_by = after.reported_by if kind == after.status.value else cause.reported_by
    return Step(
        tenant_id=after.tenant_id,
        claim_id=after.id,
        position=after.steps,
        kind=kind,
        status_from=before.status,
        status_to=after.status,
        reported_by=said_by,
        actor=cause.actor,
        message_id=cause.message_id,
        happened_at=cause.at,
        detail=detail,
    )
