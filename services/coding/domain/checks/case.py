"""What a rule looks at: one encounter's codes, and the code sets in force."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from services.coding.domain.encounter import Circumstances, Coding
from shared.codesets.icd10cm import Icd10cm
from shared.codesets.procedures import ProcedureList, System

INPATIENT_PLACES = frozenset({"21", "51", "61"})


class Case(NamedTuple):
    """One encounter as the rules see it; the coding is tidy and its lines are priced."""

    circumstances: Circumstances
    coding: Coding

    @property
    def diagnosis_date(self) -> date:
        """The day on which diagnoses must be reportable: inpatient the last, else the first."""
        if self.circumstances.place_of_service in INPATIENT_PLACES:
            return self.circumstances.service_to
        return self.circumstances.service_from


class CodeSets(NamedTuple):
    """The loaded code sets."""

    icd: Icd10cm
    procedures: ProcedureList


def set_versions(case: Case, sets: CodeSets) -> dict[str, str]:
    """Name of each code set asked -> the version that answered; sets not loaded are left out."""
    edition = sets.icd.edition(case.diagnosis_date)
    found = {"icd10cm": edition.version} if edition else {}
    for system in System:
        cover = sets.procedures.coverage.get(system)
        days = [line.service_date for line in case.coding.lines]
        if cover and any(cover.valid_from <= day <= cover.valid_to for day in days):
            found[system.value] = cover.version
    return found
