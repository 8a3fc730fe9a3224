"""The diagnoses of a visit: from its claim, else from the encounter, else from its conditions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from services.coding.domain.encounter import ClinicalFact
from services.coding.domain.fhir.bundle import (
    Json,
    Resource,
    Visit,
    first_code,
    text,
    thing,
    things,
    whole,
)
from shared.codesets.icd10cm import normalise

ICD10CM = frozenset({"http://hl7.org/fhir/sid/icd-10-cm", "urn:oid:2.16.840.1.113883.6.90"})
NOT_SO = frozenset({"refuted", "entered-in-error"})
NOT_ICD10CM = "diagnosis_not_icd10cm"
LONGEST_TEXT = 300

_CODE = re.compile(r"[A-Z0-9.]{3,10}", re.ASCII)


class Diagnosed(NamedTuple):
    """ICD-10-CM codes in claim order, what is not in that system, and how others refer to both.

    numbers: claim sequence, condition's place or code -> position in the codes, from 1.
    """

    codes: tuple[str, ...]
    facts: tuple[ClinicalFact, ...]
    numbers: dict[int | str, int]


class _Stated(NamedTuple):
    """One diagnosis as some resource states it; key: what a line refers to it by."""

    key: int | str
    concept: Json


def diagnoses(visit: Visit) -> Diagnosed:
    """What the bundle says was diagnosed at the visit."""
    codes: list[str] = []
    facts: list[ClinicalFact] = []
    numbers: dict[int | str, int] = {}
    for key, concept in _stated(visit):
        code = normalise(first_code(concept, ICD10CM))
        if not _CODE.fullmatch(code):
            facts.append(fact("condition", concept))
            continue
        if code not in codes:
            codes.append(code)
        numbers[key] = numbers[code] = codes.index(code) + 1
    return Diagnosed(tuple(codes), tuple(facts), numbers)


def fact(kind: str, concept: Json) -> ClinicalFact:
    """A concept as the coder gets to see it: its first code in any system, and its words."""
    coding = next(iter(things(concept.get("coding"))), {})
    words = text(concept.get("text")) or text(coding.get("display"))
    system, code = text(coding.get("system")), text(coding.get("code"))
    return ClinicalFact(kind, system[:LONGEST_TEXT], code[:LONGEST_TEXT], words[:LONGEST_TEXT])


def _stated(visit: Visit) -> list[_Stated]:
    return list(_of_claim(visit)) or list(_of_encounter(visit)) or list(_of_conditions(visit))


def _of_claim(visit: Visit) -> Iterator[_Stated]:
    claimed = visit.claimed("diagnosis")
    for one in sorted(claimed, key=lambda one: whole(one.get("sequence")) or 99):
        condition = visit.bundle.find(one.get("diagnosisReference"))
        concept = condition.body.get("code") if condition else one.get("diagnosisCodeableConcept")
        yield _Stated(whole(one.get("sequence")) or 0, thing(concept))


def _of_encounter(visit: Visit) -> Iterator[_Stated]:
    stated = things(visit.resource.body.get("diagnosis"))
    for one in sorted(stated, key=lambda one: whole(one.get("rank")) or 99):
        condition = visit.bundle.find(one.get("condition"))
        if condition is not None and condition.kind == "Condition" and _holds(condition):
            yield _Stated(condition.pointer, thing(condition.body.get("code")))


def _of_conditions(visit: Visit) -> Iterator[_Stated]:
    for condition in visit.bundle.of("Condition"):
        of_visit = visit.bundle.find(condition.body.get("encounter")) is visit.resource
        if of_visit and _holds(condition):
            yield _Stated(condition.pointer, thing(condition.body.get("code")))


def _holds(condition: Resource) -> bool:
    return first_code(condition.body.get("verificationStatus")) not in NOT_SO
