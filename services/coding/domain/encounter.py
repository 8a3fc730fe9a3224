"""What an encounter says: as somebody submitted it, and as coding keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple
from uuid import UUID

from msgspec import Struct

from shared.events.people import MemberIdentity, PersonIdentity
from shared.money import Money


class Line(Struct, frozen=True):
    """One charge line; pointers are positions in the diagnoses, from 1."""

    code: str
    modifiers: tuple[str, ...]
    units: int
    pointers: tuple[int, ...]
    charge: Money
    service_date: date


class ClinicalFact(Struct, frozen=True):
    """What the source says in another code system or in words; material for the coder.

    kind: `condition` or `procedure`. system: the code system's address, "" for words alone.
    """

    kind: str
    system: str
    code: str
    text: str


class Coding(Struct, frozen=True):
    """Diagnoses in claim order and the lines that point at them."""

    diagnoses: tuple[str, ...]
    lines: tuple[Line, ...]


class Circumstances(Struct, frozen=True):
    """When and where: the calendar dates of service and the CMS place of service."""

    service_from: date
    service_to: date
    place_of_service: str


class Named(NamedTuple):
    """How a submission names a practice or provider: by our id, or else by NPI."""

    id: UUID | None
    npi: str = ""


class CoverageGiven(NamedTuple):
    """One coverage as submitted; the payer is named by its code at the clearinghouse."""

    payer_code: str
    rank: int
    relationship: str
    member: MemberIdentity


class Submission(NamedTuple):
    """An encounter as somebody hands it in.

    patient_external_id: "" when the sender has none. reasons: why the reader already knows that
    a coder has to look. places: where a part stands in what was sent, for senders of another
    shape than ours; "" is the encounter itself.
    """

    external_id: str
    practice: Named
    rendering: Named
    referring: Named | None
    patient_external_id: str
    patient: PersonIdentity
    coverages: tuple[CoverageGiven, ...]
    circumstances: Circumstances
    coding: Coding
    facts: tuple[ClinicalFact, ...] = ()
    reasons: tuple[str, ...] = ()
    places: Mapping[str, str] | None = None

    def where(self, part: str) -> str:
        """JSON Pointer of a part (a pointer into our own shape) in what was sent."""
        if self.places is None:
            return part
        return self.places.get(part, self.places[""])


class CoverageKept(Struct, frozen=True):
    """One coverage of an encounter with our ids."""

    coverage_id: UUID
    payer_id: UUID
    payer_code: str
    rank: int
    relationship: str
    member: MemberIdentity


class Content(Struct, frozen=True):
    """The part of an encounter that identifies the patient; kept and moved sealed only."""

    external_id: str
    patient: PersonIdentity
    coverages: tuple[CoverageKept, ...]
    submitted: Coding
    facts: tuple[ClinicalFact, ...] = ()
