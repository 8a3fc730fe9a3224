"""Procedure codes (CPT numbers, HCPCS Level II) by date of service, labelled in own words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from shared.codesets.answers import Answer, Reason, Standing, not_loaded, not_valid, within

_CPT = re.compile(r"[0-9]{5}|[0-9]{4}[FTUM]", re.ASCII)
_HCPCS = re.compile(r"[A-V][0-9]{4}", re.ASCII)


class System(StrEnum):
    """The two lists a procedure code can come from."""

    CPT = "cpt"
    HCPCS = "hcpcs"


class Kind(StrEnum):
    """What the rules of coding and payment need to know about a code."""

    OFFICE_NEW = "office_new"
    OFFICE_ESTABLISHED = "office_established"
    HOSPITAL_VISIT = "hospital_visit"
    EMERGENCY_VISIT = "emergency_visit"
    PROLONGED = "prolonged"
    PREVENTIVE = "preventive"
    PROCEDURE = "procedure"
    THERAPY_TIMED = "therapy_timed"
    THERAPY_UNTIMED = "therapy_untimed"
    BEHAVIORAL = "behavioral"
    LAB = "lab"
    TEST = "test"
    IMAGING = "imaging"
    VACCINE = "vaccine"
    VACCINE_GIVING = "vaccine_giving"
    ADD_ON = "add_on"
    FACILITY = "facility"
    DRUG = "drug"
    SUPPLY = "supply"
    EQUIPMENT = "equipment"
    AMBULANCE = "ambulance"


@dataclass(frozen=True, slots=True)
class Procedure:
    """One code of a list; `valid_from` and `valid_to` narrow the list's own dates."""

    code: str
    label: str
    kind: Kind
    valid_from: date | None = None
    valid_to: date | None = None


@dataclass(frozen=True, slots=True)
class Coverage:
    """What a loaded list can answer for; `is_complete` False: silence is no proof of absence."""

    version: str
    valid_from: date
    valid_to: date
    is_complete: bool


class ProcedureList:
    """Loaded procedure codes with the dates each of the two systems covers."""

    def __init__(
        self, procedures: Iterable[Procedure], coverage: Mapping[System, Coverage]
    ) -> None:
        self.by_code = {each.code: each for each in procedures}
        self.coverage = dict(coverage)

    def look_up(self, code: str, on: date) -> Answer:
        """The code on the date of service: valid, not valid (with reason), or set not loaded.

        An unknown code of an incomplete list is `NOT_LOADED`, never invalid (docs/domain, Codes).
        """
        code = code.strip().upper()
        system = system_of(code)
        if system is None:
            return not_valid(code, Reason.SHAPE)
        known = self.by_code.get(code)
        cover = self.coverage.get(system)
        if cover is None:
            return not_loaded(code)
        if known is not None and known.valid_to is not None and on > known.valid_to:
            return not_valid(code, Reason.ENDED, title=known.label, version=cover.version)
        if not within(on, start=cover.valid_from, end=cover.valid_to):
            return not_loaded(code)
        if known is None:
            unknown = not_valid(code, Reason.UNKNOWN, version=cover.version)
            return unknown if cover.is_complete else not_loaded(code)
        return _dated(known, cover, on)

    def procedure(self, code: str) -> Procedure | None:
        """The row of a code whatever its dates; None when the list does not hold it."""
        return self.by_code.get(code.strip().upper())

    def is_timed(self, code: str) -> bool:
        """True for a listed therapy code counted in 15-minute units (docs/domain, Codes)."""
        found = self.procedure(code)
        return found is not None and found.kind is Kind.THERAPY_TIMED


def _dated(known: Procedure, cover: Coverage, on: date) -> Answer:
    if known.valid_from is not None and on < known.valid_from:
        return not_valid(known.code, Reason.NOT_YET_VALID, title=known.label, version=cover.version)
    return Answer(
        known.code,
        Standing.VALID,
        Reason.NONE,
        known.label,
        known.valid_from or cover.valid_from,
        known.valid_to,
        cover.version,
    )


def system_of(code: str) -> System | None:
    """CPT or HCPCS by shape alone; None when it is neither (docs/domain, Codes)."""
    if _CPT.fullmatch(code):
        return System.CPT
    return System.HCPCS if _HCPCS.fullmatch(code) else None
