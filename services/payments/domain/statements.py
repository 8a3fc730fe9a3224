"""What a statement tells the patient: one line per visit, in plain words, equal to the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.payments.domain.visits import Visit
from shared import ids
from shared.money import ZERO, Money

SHARES: dict[str, str] = {
    "PR-1": "your deductible",
    "PR-2": "your coinsurance (your part of the cost)",
    "PR-3": "your copay",
    "PR-66": "your blood deductible",
    "PR-241": "a part your health plan leaves to you",
    "OA-100": "a part your insurer paid to you",
    "PR-100": "a part your insurer paid to you",
}
OTHER_SHARE = "a part your health plan leaves to you"
SELF_PAY = "No insurance was in force for this visit."
AFTER_CHANGE = "Your insurer changed its decision on this visit."


@dataclass(frozen=True, slots=True)
class VisitFacts:
    """What the statement says of a visit besides its money."""

    encounter_id: UUID
    service_date: date
    description: str
    insurer: str = ""
    claim_number: str = ""
    is_self_pay: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One visit on a statement."""

    facts: VisitFacts
    visit: Visit
    why: str


def lines(visits: Sequence[Visit], facts: Sequence[VisitFacts]) -> list[Line]:
    """The visits a patient is asked to pay for now, oldest first."""
    known = {each.encounter_id: each for each in facts}
    ready = [each for each in visits if each.is_ready_for_patient and each.encounter_id in known]
    ready.sort(key=lambda each: (known[each.encounter_id].service_date, each.encounter_id))
    return [
        Line(known[each.encounter_id], each, why(each, known[each.encounter_id])) for each in ready
    ]


def amount_due(found: Sequence[Line]) -> Money:
    """The statement's total: what the ledger says the patient owes for these visits."""
    return Money.total(line.visit.patient_owes for line in found)


def why(visit: Visit, facts: VisitFacts) -> str:
    """Why the patient owes: the shares the insurer named, biggest first, each with its amount."""
    if facts.is_self_pay:
        return SELF_PAY
    parts: dict[str, Money] = {}
    for reason, share in visit.shares:
        words = SHARES.get(reason, OTHER_SHARE)
        parts[words] = parts.get(words, ZERO) + share
    if not parts:
        return AFTER_CHANGE
    ordered = sorted(parts.items(), key=lambda part: (-part[1].cents, part[0]))
    return "This is " + " and ".join(f"{words}: ${share}" for words, share in ordered) + "."


def number(statement_id: UUID) -> str:
    """The number a patient reads on paper: twelve characters that tell nothing."""
    return f"S-{ids.shown('statement', statement_id)[4:16].upper()}"
