"""The HTTP shapes of claims: ids shown with their prefix, money in cents, dates in ISO 8601."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from shared.web import Cursor, Limit

STATUSES = 25
"""More than there are statuses: a filter longer than that is a mistake."""


class _In(BaseModel):
    """A request body: what it does not know it refuses."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class FindingOut(BaseModel):
    """Why a claim may not go, or should be looked at."""

    rule: str
    location: str = Field(description="JSON Pointer into the claim")
    severity: str
    message: str
    remedy: str
    owner_of_next_action: str


class LineOut(BaseModel):
    """One service line as claimed."""

    line: int
    code: str
    modifiers: list[str]
    units: int
    pointers: list[int]
    charge_cents: int
    service_date: date


class ClaimSummary(BaseModel):
    """A claim as lists show it: nothing that names a person."""

    claim_id: str
    encounter_id: str
    practice_id: str
    patient_id: str
    payer_id: str
    payer_rank: int
    generation: int
    frequency: str
    status: str
    hold_reason: str
    owner_of_next_action: str
    next_action_due: datetime | None
    reported_by: str
    balance_state: str
    service_from: date
    service_to: date
    charge_cents: int
    paid_cents: int
    patient_cents: int
    denied_cents: int
    filing_due: datetime
    control_number: str = Field(description="CLM01 of the latest sending; empty before it")
    payer_control_number: str


class PersonOut(BaseModel):
    """Who the claim is about; reading it is audited."""

    last_name: str
    first_name: str
    birth_date: str
    sex: str
    member_id: str
    group_number: str


class ClaimOut(ClaimSummary):
    """One claim with everything a biller needs to act on it."""

    version: int = Field(description="How often it was sent")
    coding_version: int
    diagnoses: list[str]
    lines: list[LineOut]
    findings: list[FindingOut]
    filing_rule: str
    delivery_unconfirmed: bool = Field(
        description="Sent, but the clearinghouse's answer never came: not sent again blindly"
    )
    accepted_at: datetime | None = Field(description="Proof of timely filing: the 277CA A2")
    accepted_by: str
    close_reason: str
    opened_at: datetime
    patient: PersonOut


class StepOut(BaseModel):
    """One line of a claim's timeline."""

    position: int
    kind: str
    status_from: str
    status_to: str
    reported_by: str
    actor: str
    message_id: str = Field(description="The event, file or request that said so")
    happened_at: datetime
    detail: dict[str, Any]


class TimelineOut(BaseModel):
    """Everything that happened to a claim, oldest first."""

    claim_id: str
    steps: list[StepOut]


class ClaimSearch(_In):
    """Which claims; filters of several values match any of them, several filters all."""

    status: list[str] = Field(default=[], max_length=STATUSES)
    practice_id: list[str] = Field(default=[], max_length=200)
    payer_id: list[str] = Field(default=[], max_length=200)
    patient_id: str | None = None
    encounter_id: str | None = None
    owner_of_next_action: list[str] = Field(default=[], max_length=STATUSES)
    service_from: date | None = Field(default=None, description="First date of service, inclusive")
    service_to: date | None = Field(default=None, description="Last date of service, inclusive")
    denied: bool | None = Field(default=None, description="With (or without) a denied amount")
    limit: Limit = 50
    cursor: Cursor | None = None


class CorrectionIn(_In):
    """What the payer needs otherwise; the claim goes out again as an original."""

    member_id: Annotated[str, Field(min_length=1, max_length=80)] | None = None
    group_number: Annotated[str, Field(max_length=50)] | None = None


class DeniedLineOut(BaseModel):
    """One denied amount; line 0 is the claim as a whole."""

    line: int
    group: str
    carc: str
    rarc: list[str]
    denied_cents: int
    category: str
    next_step: str


class DenialWorkOut(BaseModel):
    """The work one denial makes; group, carc and category are of the largest denied amount."""

    work_id: str
    claim_id: str
    encounter_id: str
    practice_id: str
    status: str
    category: str
    group: str
    carc: str
    rarc: list[str]
    denied_cents: int
    partial: bool
    lines: list[DeniedLineOut]
    root_cause: str
    owner_of_next_action: str
    next_step: str
    appeal_due: date
    due: datetime
    opened_at: datetime
    resolved_at: datetime | None


class DenialWorkSearch(_In):
    """Which denial work; soonest due first."""

    status: list[str] = Field(default=[], max_length=STATUSES)
    category: list[str] = Field(default=[], max_length=50)
    practice_id: list[str] = Field(default=[], max_length=200)
    claim_id: str | None = None
    limit: Limit = 50
    cursor: Cursor | None = None
