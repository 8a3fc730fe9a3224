"""Rules over the diagnoses of an encounter (ICD-10-CM Official Guidelines, 837P limits)."""

from __future__ import annotations

from collections.abc import Iterator

from services.coding.domain.checks.case import Case, CodeSets
from services.coding.domain.findings import Finding, Severity, error, info, warning
from shared.codesets import icd10cm_rules
from shared.codesets.answers import Answer, Reason, Standing
from shared.codesets.icd10cm import is_external_cause
from shared.codesets.icd10cm_rules import Level

MOST = 12
"""837P, HI segment: at most twelve diagnoses."""

REMEDIES: dict[Reason, str] = {
    Reason.SHAPE: "Write an ICD-10-CM code, such as letter, digit, character, dot, characters.",
    Reason.UNKNOWN: "Choose a code of the edition in force on the date of service.",
    Reason.HEADER: "Choose the most exact code below this category.",
    Reason.SEVENTH_CHARACTER: "Add the seventh character; fill empty places with X.",
    Reason.ENDED: "Choose the code that replaced it for this date of service.",
    Reason.NOT_YET_VALID: "Choose a code that was in force on the date of service.",
}


def _place(index: int) -> str:
    return f"/diagnoses/{index}"


def count(case: Case, _sets: CodeSets) -> Iterator[Finding]:
    """At least one diagnosis, at most twelve."""
    diagnoses = case.coding.diagnoses
    if not diagnoses:
        text = "There is no diagnosis."
        yield error("diagnosis.none", "/diagnoses", text, remedy="Add the reason for the visit.")
    if len(diagnoses) > MOST:
        text = f"A claim carries at most {MOST} diagnoses."
        remedy = "Keep the twelve that the lines need."
        yield error("diagnosis.too_many", "/diagnoses", text, remedy=remedy)


def repeated(case: Case, _sets: CodeSets) -> Iterator[Finding]:
    """No code twice."""
    for index, code in enumerate(case.coding.diagnoses):
        if code in case.coding.diagnoses[:index]:
            text = "This diagnosis stands in the list already."
            yield error("diagnosis.repeated", _place(index), text, remedy="Remove one of the two.")


def reportable(case: Case, sets: CodeSets) -> Iterator[Finding]:
    """Each code is billable on the date; a date no edition covers is only noted."""
    for index, code in enumerate(case.coding.diagnoses):
        answer = sets.icd.look_up(code, case.diagnosis_date)
        if answer.standing is not Standing.VALID:
            yield _not_reportable(answer, _place(index))


def _not_reportable(answer: Answer, place: str) -> Finding:
    rule = f"diagnosis.{answer.reason.value}"
    if answer.standing is Standing.NOT_LOADED:
        remedy = "Load the edition in force on the date of service to have it checked."
        return info(rule, place, answer.sentence, remedy=remedy)
    return error(rule, place, answer.sentence, remedy=REMEDIES[answer.reason])


def excludes1(case: Case, sets: CodeSets) -> Iterator[Finding]:
    """No pair that an Excludes1 note forbids, unless a coder says they are unrelated."""
    if sets.icd.edition(case.diagnosis_date) is None:
        return
    codes = case.coding.diagnoses
    for conflict in icd10cm_rules.excludes1_conflicts(sets.icd, codes):
        first, second = sorted((codes.index(conflict.code), codes.index(conflict.other)))
        yield Finding(
            "diagnosis.excludes1",
            _place(second),
            Severity.ERROR if conflict.level is Level.ERROR else Severity.WARNING,
            f"An Excludes1 note forbids this code together with {_place(first)}.",
            "Keep the one that describes the visit, or confirm that the two are unrelated.",
            confirmable=True,
        )


def cause_first(case: Case, sets: CodeSets) -> Iterator[Finding]:
    """A manifestation needs its cause before it; other code-first notes ask for a look."""
    if sets.icd.edition(case.diagnosis_date) is None:
        return
    codes = case.coding.diagnoses
    for missing in icd10cm_rules.causes_missing(sets.icd, codes):
        place = _place(codes.index(missing.code))
        if missing.level is Level.ERROR:
            text = "A manifestation needs its cause before it."
            remedy = "Put the code of the underlying disease before this one."
            yield error("diagnosis.manifestation_first", place, text, remedy=remedy)
        else:
            text = "A note asks for another code before this one."
            remedy = "Put the cause first, or confirm that there is none to report."
            yield warning("diagnosis.code_first", place, text, remedy=remedy)


def external_cause(case: Case, _sets: CodeSets) -> Iterator[Finding]:
    """An external cause (V to Y) is never first-listed."""
    if case.coding.diagnoses and is_external_cause(case.coding.diagnoses[0]):
        text = "An external cause is never the first diagnosis."
        remedy = "Put the injury or condition first."
        yield warning("diagnosis.external_cause_first", _place(0), text, remedy=remedy)
