"""The HTTP shapes of coding."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from services.coding.domain import people
from services.coding.domain.lifecycle import EncounterStatus, TaskStatus
from shared.web.paging import Cursor, Limit

EXAMPLE_ID = "agrajgj4nf4pvhjrihnqvda7oy"

_PLAIN = r"^[^\x00-\x1f\x7f]*$"
Id = Annotated[str, Field(max_length=40)]
Code = Annotated[str, Field(min_length=1, max_length=10, pattern=r"^[A-Za-z0-9.]+$")]
Modifier = Annotated[str, Field(min_length=1, max_length=4, pattern=r"^[A-Za-z0-9]+$")]
Pointer = Annotated[int, Field(ge=0, le=99)]
Cents = Annotated[int, Field(ge=0, le=100_000_000_00, description="US cents")]
ExternalId = Annotated[
    str, Field(min_length=1, max_length=people.LONGEST_EXTERNAL_ID, pattern=_PLAIN)
]


class Strict(BaseModel):
    """A body: fields that are not known are refused."""

    model_config = ConfigDict(extra="forbid")


class AddressIn(Strict):
    """A US address; ZIP with five or nine digits."""

    line1: str = Field(min_length=1, max_length=people.LONGEST_LINE, pattern=_PLAIN)
    line2: str = Field("", max_length=people.LONGEST_LINE, pattern=_PLAIN)
    city: str = Field(min_length=1, max_length=people.LONGEST_CITY, pattern=_PLAIN)
    state: str = Field(pattern=people.STATE)
    zip_code: str = Field(pattern=people.ZIP)


class PersonIn(Strict):
    """A person; phone is ten digits."""

    last_name: str = Field(min_length=1, max_length=people.LONGEST_LAST_NAME, pattern=_PLAIN)
    first_name: str = Field(min_length=1, max_length=people.LONGEST_FIRST_NAME, pattern=_PLAIN)
    birth_date: date
    sex: Literal["F", "M", "U"]
    address: AddressIn
    email: str = Field("", max_length=people.LONGEST_EMAIL, pattern=people.EMAIL)
    phone: str = Field("", pattern=people.PHONE)


class PatientIn(PersonIn):
    """A patient with the practice's own number; "" when there is none."""

    external_id: str = Field("", max_length=people.LONGEST_EXTERNAL_ID, pattern=_PLAIN)


class CoverageIn(Strict):
    """One coverage; rank 1 pays first. subscriber: who holds it, where it is not the patient."""

    payer_code: str = Field(min_length=1, max_length=80, pattern=_PLAIN)
    member_id: str = Field(min_length=1, max_length=people.LONGEST_MEMBER_ID, pattern=_PLAIN)
    group_number: str = Field("", max_length=50, pattern=_PLAIN)
    relationship: str = Field("18", min_length=2, max_length=2)
    rank: int = Field(1, ge=1, le=9)
    subscriber: PersonIn | None = None


class LineIn(Strict):
    """One charge line; without a charge the fee schedule prices it."""

    code: Code
    modifiers: list[Modifier] = Field(default_factory=list, max_length=10)
    units: int = Field(1, ge=0, le=9_999)
    pointers: list[Pointer] = Field(default_factory=list, max_length=12)
    charge_cents: Cents | None = None
    service_date: date | None = Field(None, description="the first date of service unless given")


class EncounterIn(Strict):
    """An encounter with its codes, or without: then a coder is asked."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "practice_id": f"prc_{EXAMPLE_ID}",
                "external_id": "visit-1001",
                "patient": {
                    "external_id": "chart-77",
                    "last_name": "Example",
                    "first_name": "Ada",
                    "birth_date": "1980-02-29",
                    "sex": "F",
                    "address": {
                        "line1": "1 Pine Street",
                        "city": "Madison",
                        "state": "WI",
                        "zip_code": "53703",
                    },
                    "phone": "6085550111",
                },
                "coverages": [{"payer_code": "ASTER", "member_id": "TEST-ACTIVE", "rank": 1}],
                "rendering_provider_id": f"prv_{EXAMPLE_ID}",
                "service_from": "2026-11-03",
                "service_to": "2026-11-03",
                "place_of_service": "11",
                "diagnoses": ["E11.9"],
                "lines": [{"code": "99213", "pointers": [1], "charge_cents": 15000}],
            }
        }
    )

    practice_id: Id
    external_id: ExternalId
    patient: PatientIn
    coverages: list[CoverageIn] = Field(default_factory=list, max_length=9)
    rendering_provider_id: Id
    referring_provider_id: Id | None = None
    service_from: date
    service_to: date | None = Field(None, description="the first date of service unless given")
    place_of_service: str = Field(min_length=2, max_length=2)
    diagnoses: list[Code] = Field(default_factory=list, max_length=50)
    lines: list[LineIn] = Field(default_factory=list, max_length=100)


class FindingOut(BaseModel):
    """What a check found; location is a JSON Pointer into the encounter."""

    rule: str
    location: str
    severity: Literal["error", "warning", "info"]
    confirmable: bool
    message: str
    remedy: str


class ReceivedOut(BaseModel):
    """What became of a submitted encounter."""

    encounter_id: str
    external_id: str
    status: EncounterStatus
    findings: list[FindingOut]
    task_id: str | None


class BundleOut(BaseModel):
    """What became of each encounter of a bundle, in its order, and what was not read."""

    encounters: list[ReceivedOut]
    ignored: dict[str, int]


class AddressOut(BaseModel):
    """A US address."""

    line1: str
    line2: str
    city: str
    state: str
    zip_code: str


class PersonOut(BaseModel):
    """A person."""

    last_name: str
    first_name: str
    birth_date: date
    sex: str
    address: AddressOut
    email: str
    phone: str


class CoverageOut(BaseModel):
    """One coverage of an encounter."""

    coverage_id: str
    payer_id: str
    payer_code: str
    rank: int
    relationship: str
    member_id: str
    group_number: str
    subscriber: PersonOut | None


class LineOut(BaseModel):
    """One charge line."""

    line: int
    code: str
    modifiers: list[str]
    units: int
    pointers: list[int]
    charge_cents: int
    service_date: date


class ClinicalFactOut(BaseModel):
    """What the source says in another code system, or in words."""

    kind: str
    system: str
    code: str
    text: str


class EncounterRow(BaseModel):
    """An encounter in a list."""

    encounter_id: str
    practice_id: str
    patient_id: str
    status: EncounterStatus
    owner_of_next_action: str
    service_from: date
    service_to: date
    coding_version: int
    task_id: str | None
    created_at: datetime


class EncounterOut(EncounterRow):
    """An encounter with everything coding knows of it."""

    external_id: str
    patient: PersonOut
    coverages: list[CoverageOut]
    rendering_provider_id: str
    referring_provider_id: str | None
    place_of_service: str
    diagnoses: list[str]
    lines: list[LineOut]
    facts: list[ClinicalFactOut]
    findings: list[FindingOut]


class TaskRow(BaseModel):
    """A coding task in a list."""

    task_id: str
    encounter_id: str
    practice_id: str
    kind: str
    status: TaskStatus
    reason_codes: list[str]
    owner_of_next_action: str
    coder_id: str
    due_at: datetime
    created_at: datetime
    done_at: datetime | None


class TaskOut(TaskRow):
    """A coding task with the encounter it is about."""

    encounter: EncounterOut
    findings: list[FindingOut]


class EncounterSearch(Strict):
    """Which encounters to list, newest first."""

    statuses: list[EncounterStatus] = Field(default_factory=list, max_length=10)
    practice_id: Id | None = None
    external_id: ExternalId | None = None
    limit: Limit = 50
    cursor: Cursor | None = None


class TaskSearch(Strict):
    """Which coding tasks to list, oldest first; reason is one of the task's reason codes."""

    statuses: list[TaskStatus] = Field(default_factory=list, max_length=10)
    reason: str | None = Field(None, max_length=80)
    limit: Limit = 50
    cursor: Cursor | None = None


class ConfirmationIn(Strict):
    """A coder lets a finding stand; without a location it speaks for every place of the rule."""

    rule: str = Field(min_length=1, max_length=80)
    location: str = Field("", max_length=100)
    reason: str = Field(min_length=3, max_length=500, pattern=_PLAIN)


class CompletionIn(Strict):
    """The coder's codes, and the findings that may stand."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "diagnoses": ["E11.9"],
                "lines": [{"code": "99213", "pointers": [1]}],
                "confirmations": [],
            }
        }
    )

    diagnoses: list[Code] = Field(max_length=50)
    lines: list[LineIn] = Field(max_length=100)
    confirmations: list[ConfirmationIn] = Field(default_factory=list, max_length=50)


class CompletedOut(BaseModel):
    """A finished coding task."""

    task_id: str
    status: TaskStatus
    encounter_id: str
    encounter_status: EncounterStatus
    findings: list[FindingOut]
