"""Edits on diagnoses, lines, pointers, dates and charges."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import lru_cache

from services.claims.domain.case import Case
from services.claims.domain.edits.rule import Fault, Rule
from services.claims.domain.lifecycle import Owner
from shared.codesets import icd10cm, place_of_service, procedures_demo
from shared.codesets.answers import Answer, Standing
from shared.money import ZERO

MOST_DIAGNOSES = 12
MOST_LINES = 50
MOST_POINTERS = 4
MOST_MODIFIERS = 4


@lru_cache(maxsize=20_000)
def _diagnosis(code: str, on: date) -> Answer:
    return icd10cm.shipped().look_up(code, on)


@lru_cache(maxsize=20_000)
def _procedure(code: str, on: date) -> Answer:
    return procedures_demo.demo().look_up(code, on)


def _diagnosis_count(case: Case) -> Iterator[Fault]:
    count = len(case.coding.diagnoses)
    if not 1 <= count <= MOST_DIAGNOSES:
        yield Fault("/diagnoses", f"A claim has 1 to {MOST_DIAGNOSES} diagnoses, this one {count}.")


def _diagnosis_valid(case: Case) -> Iterator[Fault]:
    for place, code in enumerate(case.coding.diagnoses):
        answer = _diagnosis(code, case.coding.service_from)
        if answer.standing is Standing.NOT_VALID:
            yield Fault(f"/diagnoses/{place}", f"Diagnosis {code}: {answer.sentence}")


def _diagnosis_repeated(case: Case) -> Iterator[Fault]:
    seen: set[str] = set()
    for place, code in enumerate(case.coding.diagnoses):
        if code in seen:
            yield Fault(f"/diagnoses/{place}", f"Diagnosis {code} stands on the claim twice.")
        seen.add(code)


def _line_count(case: Case) -> Iterator[Fault]:
    count = len(case.coding.lines)
    if not 1 <= count <= MOST_LINES:
        yield Fault("/lines", f"A claim has 1 to {MOST_LINES} lines, this one {count}.")


def _procedure_valid(case: Case) -> Iterator[Fault]:
    for place, line in enumerate(case.coding.lines):
        answer = _procedure(line.code, line.service_date)
        if answer.standing is Standing.NOT_VALID:
            yield Fault(f"/lines/{place}/code", f"Procedure {line.code}: {answer.sentence}")


def _modifiers(case: Case) -> Iterator[Fault]:
    for place, line in enumerate(case.coding.lines):
        repeated = len(set(line.modifiers)) != len(line.modifiers)
        if len(line.modifiers) > MOST_MODIFIERS or repeated:
            words = f"A line has at most {MOST_MODIFIERS} modifiers, each once."
            yield Fault(f"/lines/{place}/modifiers", words)


def _pointers(case: Case) -> Iterator[Fault]:
    diagnoses = len(case.coding.diagnoses)
    for place, line in enumerate(case.coding.lines):
        location = f"/lines/{place}/pointers"
        if not 1 <= len(line.pointers) <= MOST_POINTERS:
            yield Fault(location, f"A line points to 1 to {MOST_POINTERS} diagnoses.")
        elif len(set(line.pointers)) != len(line.pointers):
            yield Fault(location, "A line points to the same diagnosis twice.")
        elif not all(1 <= pointer <= diagnoses for pointer in line.pointers):
            yield Fault(location, "A line points to a diagnosis that is not on the claim.")


def _units(case: Case) -> Iterator[Fault]:
    for place, line in enumerate(case.coding.lines):
        if line.units < 1:
            yield Fault(f"/lines/{place}/units", "A line has at least one unit.")


def _charges(case: Case) -> Iterator[Fault]:
    for place, line in enumerate(case.coding.lines):
        if line.charge <= ZERO:
            yield Fault(f"/lines/{place}/charge_cents", "A line's charge is above zero.")
    if case.claim.charge != case.coding.charge:
        yield Fault("/charge_cents", "The lines do not add up to the claim's charge.")


def _date_order(case: Case) -> Iterator[Fault]:
    if case.coding.service_from > case.coding.service_to:
        yield Fault("/service_from", "The service begins after it ends.")
    for place, line in enumerate(case.coding.lines):
        if not case.coding.service_from <= line.service_date <= case.coding.service_to:
            location = f"/lines/{place}/service_date"
            yield Fault(location, "A line's date lies outside the encounter's dates.")


def _date_future(case: Case) -> Iterator[Fault]:
    if case.coding.service_to > case.today:
        yield Fault("/service_to", "The service lies in the future.")


def _date_birth(case: Case) -> Iterator[Fault]:
    try:
        born = date.fromisoformat(case.patient.birth_date)
    except ValueError:
        return
    if case.coding.service_from < born:
        yield Fault("/service_from", "The service lies before the patient's birth.")


def _place(case: Case) -> Iterator[Fault]:
    if place_of_service.place(case.coding.place_of_service) is None:
        yield Fault("/place_of_service", "This place of service is not in the CMS list.")


_CODE = "Have the encounter coded again with a code that is valid on the date of service."
_DATE = "Correct the dates of service in the encounter."

RULES = (
    Rule("diagnoses.count", 1, _CODE, _diagnosis_count, Owner.CODER),
    Rule("diagnoses.valid", 5, _CODE, _diagnosis_valid, Owner.CODER),
    Rule(
        "diagnoses.repeated", 5, "Remove the repeated diagnosis.", _diagnosis_repeated, Owner.CODER
    ),
    Rule("lines.count", 1, "Split the encounter or add its services.", _line_count, Owner.CODER),
    Rule("lines.procedure", 5, _CODE, _procedure_valid, Owner.CODER),
    Rule("lines.modifiers", 1, "Keep the modifiers that apply.", _modifiers, Owner.CODER),
    Rule("lines.pointers", 4, "Point each line to diagnoses of the claim.", _pointers, Owner.CODER),
    Rule("lines.units", 2, "Enter the units of the service.", _units, Owner.CODER),
    Rule("charges.sum", 3, "Correct the charges or the fee schedule.", _charges),
    Rule("dates.order", 4, _DATE, _date_order, Owner.CODER),
    Rule("dates.future", 4, _DATE, _date_future, Owner.CODER),
    Rule("dates.before_birth", 4, _DATE, _date_birth),
    Rule("place.known", 5, "Choose a place of service of the CMS list.", _place, Owner.CODER),
)
