"""Rules over the charge lines of an encounter: procedure, modifiers, units, charge, pointers."""

from __future__ import annotations

from collections.abc import Iterator

from services.coding.domain.checks.case import Case, CodeSets
from services.coding.domain.encounter import Line
from services.coding.domain.findings import Finding, error, info
from shared.codesets import modifiers as modifier_list
from shared.codesets.answers import Reason, Standing

MOST_LINES = 50
"""837P: at most fifty lines (loop 2400)."""

MOST_POINTERS = 4
MOST_MODIFIERS = 4
MOST_UNITS = 9_999

REMEDIES: dict[Reason, str] = {
    Reason.SHAPE: "Write a five-character CPT or HCPCS Level II code.",
    Reason.UNKNOWN: "Choose a code of the list in force on the date of service.",
    Reason.ENDED: "Choose the code that replaced it for this date of service.",
    Reason.NOT_YET_VALID: "Choose a code that was in force on the date of service.",
}


def _numbered(case: Case) -> Iterator[tuple[str, Line]]:
    for index, line in enumerate(case.coding.lines):
        yield f"/lines/{index}", line


def count(case: Case, _sets: CodeSets) -> Iterator[Finding]:
    """At least one line, at most fifty."""
    if not case.coding.lines:
        yield error("line.none", "/lines", "There is no charge line.", remedy="Add what was done.")
    if len(case.coding.lines) > MOST_LINES:
        text = f"A claim carries at most {MOST_LINES} lines."
        yield error("line.too_many", "/lines", text, remedy="Split the encounter.")


def procedure(case: Case, sets: CodeSets) -> Iterator[Finding]:
    """Each code has the shape of one and is in force; what no list covers is only noted."""
    for place, line in _numbered(case):
        answer = sets.procedures.look_up(line.code, line.service_date)
        rule = f"procedure.{answer.reason.value}"
        if answer.standing is Standing.NOT_LOADED:
            remedy = "Load the licensed list to have this code checked."
            yield info(rule, f"{place}/code", answer.sentence, remedy=remedy)
        elif answer.standing is Standing.NOT_VALID:
            yield error(rule, f"{place}/code", answer.sentence, remedy=REMEDIES[answer.reason])


def modifiers(case: Case, _sets: CodeSets) -> Iterator[Finding]:
    """At most four modifiers, of two characters each, none twice."""
    for place, line in _numbered(case):
        if len(line.modifiers) > MOST_MODIFIERS:
            text = f"A line carries at most {MOST_MODIFIERS} modifiers."
            remedy = "Keep those that change payment, pricing first."
            yield error("modifier.too_many", f"{place}/modifiers", text, remedy=remedy)
        for index, code in enumerate(line.modifiers):
            where = f"{place}/modifiers/{index}"
            if not modifier_list.is_shaped(code):
                text = "A modifier is two letters or digits."
                yield error("modifier.shape", where, text, remedy="Correct or remove the modifier.")
            if code in line.modifiers[:index]:
                text = "This modifier stands on the line already."
                yield error("modifier.repeated", where, text, remedy="Remove one of the two.")


def assistants(case: Case, _sets: CodeSets) -> Iterator[Finding]:
    """A therapy assistant's modifier (CQ, CO) goes with its discipline (GP, GO)."""
    for place, line in _numbered(case):
        for index, code in enumerate(line.modifiers):
            discipline = modifier_list.ASSISTANT_OF.get(code)
            if discipline is not None and discipline.value not in line.modifiers:
                where = f"{place}/modifiers/{index}"
                text = f"This modifier needs {discipline.value} on the same line."
                remedy = f"Add {discipline.value}, or remove the assistant's modifier."
                yield error("modifier.discipline", where, text, remedy=remedy)


def units(case: Case, _sets: CodeSets) -> Iterator[Finding]:
    """Whole units, at least one."""
    for place, line in _numbered(case):
        if not 1 <= line.units <= MOST_UNITS:
            text = f"Units are a whole number from 1 to {MOST_UNITS}."
            yield error("line.units", f"{place}/units", text, remedy="Correct the number of units.")


def charge(case: Case, _sets: CodeSets) -> Iterator[Finding]:
    """A charge above zero, submitted or from the fee schedule."""
    for place, line in _numbered(case):
        if line.charge.cents <= 0:
            text = "The line has no charge and the fee schedule knows none for it."
            remedy = "Enter the charge, or add the code to the practice's fee schedule."
            yield error("charge.missing", f"{place}/charge_cents", text, remedy=remedy)


def day(case: Case, _sets: CodeSets) -> Iterator[Finding]:
    """A line's day lies within the encounter's dates."""
    span = case.circumstances
    for place, line in _numbered(case):
        if not span.service_from <= line.service_date <= span.service_to:
            text = "The line's date lies outside the encounter's dates of service."
            remedy = "Correct the date of the line."
            yield error("line.date", f"{place}/service_date", text, remedy=remedy)


def pointers(case: Case, _sets: CodeSets) -> Iterator[Finding]:
    """One to four pointers per line; each names a diagnosis, none twice (837P, SV107)."""
    known = len(case.coding.diagnoses)
    for place, line in _numbered(case):
        where = f"{place}/pointers"
        if not line.pointers:
            text = "The line points at no diagnosis."
            yield error(
                "pointer.none", where, text, remedy="Name the diagnosis that explains the line."
            )
        if len(line.pointers) > MOST_POINTERS:
            text = f"A line points at no more than {MOST_POINTERS} diagnoses."
            yield error("pointer.too_many", where, text, remedy="Keep the four most important.")
        for index, pointer in enumerate(line.pointers):
            if not 1 <= pointer <= known:
                text = "There is no diagnosis with this number."
                remedy = "Point at a position of the list, from 1."
                yield error("pointer.unknown", f"{where}/{index}", text, remedy=remedy)
            if pointer in line.pointers[:index]:
                text = "The line points at this diagnosis already."
                yield error(
                    "pointer.repeated", f"{where}/{index}", text, remedy="Remove one of the two."
                )
