"""Facts published by coding: encounters received, coding work, coded charges."""

from __future__ import annotations

from shared.events.marks import At, Cents, Code, Count, Day, Fact, Id, Number, Part, Plain
from shared.events.people import Coverage, Patient


class EncounterReceived(Fact, frozen=True, kw_only=True):
    """An encounter was accepted; key: encounter_id. place_of_service: CMS two-digit code."""

    encounter_id: Id
    practice_id: Id
    patient: Patient
    coverages: list[Coverage]
    rendering_provider_id: Id
    referring_provider_id: Id | None = None
    service_from: Day
    service_to: Day
    place_of_service: Code


class CodedLine(Part, frozen=True, kw_only=True):
    """One charge line; pointers are 1-based positions in `diagnoses`, at most four."""

    line: Number
    code: Code
    modifiers: list[Code]
    units: Number
    pointers: list[Number]
    charge_cents: Cents
    service_date: Day


class EncounterCoded(Fact, frozen=True, kw_only=True):
    """The encounter's charges are final for this coding version; key: encounter_id.

    method: `submitted` (came coded and passed the checks) or `coder`.
    set_versions: code set name -> version used for the checks.
    """

    encounter_id: Id
    practice_id: Id
    patient: Patient
    coverages: list[Coverage]
    rendering_provider_id: Id
    referring_provider_id: Id | None = None
    service_from: Day
    service_to: Day
    place_of_service: Code
    coding_version: Count
    diagnoses: list[Code]
    lines: list[CodedLine]
    coder_id: Plain = ""
    method: Plain
    set_versions: dict[str, Plain]


class CodingTaskOpened(Fact, frozen=True, kw_only=True):
    """Somebody has to code or correct; key: encounter_id. kind: `initial` and its siblings."""

    task_id: Id
    encounter_id: Id
    kind: Plain
    reason_codes: list[Plain]
    due: At


class CodingTaskCompleted(Fact, frozen=True, kw_only=True):
    """A coding task ended; key: encounter_id. outcome: `coded` or `cancelled`."""

    task_id: Id
    encounter_id: Id
    kind: Plain
    outcome: Plain
    coder_id: Plain
