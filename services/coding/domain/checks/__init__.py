"""When codes may go to claims: small rules, each naming rule, place, message and remedy."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from msgspec.structs import replace

from services.coding.domain.checks import diagnoses, lines
from services.coding.domain.checks.case import Case, CodeSets, set_versions
from services.coding.domain.encounter import Coding
from services.coding.domain.findings import Finding
from shared.codesets.icd10cm import normalise

__all__ = ["RULES", "Case", "CodeSets", "check", "set_versions", "tidy"]

Rule = Callable[[Case, CodeSets], Iterator[Finding]]

RULES: tuple[Rule, ...] = (
    diagnoses.count,
    diagnoses.repeated,
    diagnoses.reportable,
    diagnoses.excludes1,
    diagnoses.cause_first,
    diagnoses.external_cause,
    lines.count,
    lines.procedure,
    lines.modifiers,
    lines.assistants,
    lines.units,
    lines.charge,
    lines.day,
    lines.pointers,
)


def check(case: Case, sets: CodeSets) -> tuple[Finding, ...]:
    """Everything the rules notice, in the order of the table above; never stops at the first."""
    return tuple(finding for rule in RULES for finding in rule(case, sets))


def tidy(coding: Coding) -> Coding:
    """The same codes in the one spelling that is kept: upper case, diagnoses dotted."""
    return Coding(
        tuple(normalise(code) for code in coding.diagnoses),
        tuple(
            replace(
                line,
                code=line.code.strip().upper(),
                modifiers=tuple(one.strip().upper() for one in line.modifiers),
            )
            for line in coding.lines
        ),
    )
