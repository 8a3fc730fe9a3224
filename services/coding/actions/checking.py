"""Codes priced and checked against the loaded code sets."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple
from uuid import UUID

from services.coding.domain.checks import Case, CodeSets, check, set_versions, tidy
from services.coding.domain.encounter import Circumstances, Coding
from services.coding.domain.fees import priced
from services.coding.domain.findings import Finding
from services.coding.repository import masters
from shared.codesets import icd10cm, procedures_demo
from shared.database import Transaction


class Checked(NamedTuple):
    """A tidy and priced coding with everything the rules notice."""

    coding: Coding
    findings: tuple[Finding, ...]
    set_versions: dict[str, str]


class Codable(NamedTuple):
    """What is to be checked: codes, when and where, and whose fees price them."""

    practice_id: UUID
    circumstances: Circumstances
    coding: Coding


@cache
def code_sets() -> CodeSets:
    """The code sets of the product; the first call reads them (some 0.3 s)."""
    return CodeSets(icd10cm.shipped(), procedures_demo.demo())


async def checked(tx: Transaction, wanted: Sequence[Codable]) -> list[Checked]:
    """Each coding tidied, priced and checked."""
    codings = [tidy(one.coding) for one in wanted]
    codes = [line.code for coding in codings for line in coding.lines]
    fees = await masters.fees(tx, [one.practice_id for one in wanted], codes)
    sets = code_sets()
    found = []
    for one, coding in zip(wanted, codings, strict=True):
        whole = Coding(coding.diagnoses, priced(coding.lines, fees[one.practice_id]))
        case = Case(one.circumstances, whole)
        found.append(Checked(whole, check(case, sets), set_versions(case, sets)))
    return found
