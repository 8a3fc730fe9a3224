"""Sorting an 835: which decision of the payer stands, and what it makes of the claim.

Source: docs/domain, Decisions. The classes of adjustments live in
shared/codesets/adjustments.py; payments reads the same table.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.claims.domain.lifecycle import Status
from shared.codesets import adjustments
from shared.codesets.adjustments import Outcome, Reading
from shared.money import ZERO, Money

FORWARDED_CODES = frozenset({"19", "20", "21", "23"})
PREDETERMINATION = "25"

_STATUS: dict[Outcome, Status] = {
    Outcome.PAID: Status.PAID,
    Outcome.ZERO_PAY: Status.PAID,
    Outcome.PARTLY_DENIED: Status.PARTLY_DENIED,
    Outcome.DENIED: Status.DENIED,
    Outcome.UNPROCESSABLE: Status.UNPROCESSABLE,
    Outcome.PENDED: Status.PENDED,
}


@dataclass(frozen=True, slots=True)
class Adjustment:
    """One CAS triple; positive lowers the payment."""

    group: str
    carc: str
    amount: Money


@dataclass(frozen=True, slots=True)
class PaidLine:
    """One service line as the payer answered it; line 0 when it matched none of ours."""

    line: int
    charge: Money
    paid: Money
    adjustments: tuple[Adjustment, ...]
    rarcs: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjudication:
    """One claim payment of an 835; a reversal carries the negated amounts of what it takes back."""

    id: UUID
    claim_id: UUID
    remit_id: UUID
    clp02: str
    charge: Money
    paid: Money
    patient: Money
    payer_control_number: str
    lines: tuple[PaidLine, ...]
    is_reversal: bool
    paid_on: date

    @property
    def amounts(self) -> tuple[Money, Money]:
        """What a reversal must negate to be this one's."""
        return self.charge, self.paid

    @property
    def decides(self) -> bool:
        """False for a reversal and for a predetermination, which decides nothing."""
        return not self.is_reversal and self.clp02 != PREDETERMINATION


@dataclass(frozen=True, slots=True)
class Denial:
    """A denied amount of one line, with what the codes mean."""

    line: int
    amount: Money
    reading: Reading
    rarcs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sorted:
    """What one decision makes of the claim; `denials` largest first."""

    outcome: Status
    denials: tuple[Denial, ...]
    needs_review: bool

    @property
    def denied(self) -> Money:
        """The denied amounts together; they stay owed by insurance (docs/domain, Denials)."""
        return Money.total(denial.amount for denial in self.denials)


def sort(adjudication: Adjudication) -> Sorted:
    """The outcome of one decision."""
    readings = [_readings(line) for line in adjudication.lines]
    everything = [reading for line in readings for _, reading in line]
    summed = adjustments.outcome(adjudication.paid.cents, everything)
    outcome = _STATUS[summed]
    if outcome is Status.PAID and adjudication.clp02 in FORWARDED_CODES:
        outcome = Status.FORWARDED
    denials = [
        Denial(line.line, amount, reading, line.rarcs)
        for line, found in zip(adjudication.lines, readings, strict=True)
        for amount, reading in found
        if reading.is_denial and amount > ZERO
    ]
    denials.sort(key=lambda denial: (-denial.amount.cents, denial.line, denial.reading.carc))
    return Sorted(outcome, tuple(denials), any(reading.needs_review for reading in everything))


def _readings(line: PaidLine) -> list[tuple[Money, Reading]]:
    return [
        (each.amount, adjustments.classify(each.group, each.carc, line.rarcs))
        for each in line.adjustments
    ]


def standing(adjudications: Iterable[Adjudication]) -> Adjudication | None:
    """The decision in force after all reversals, whatever the order in which they came.

    Each reversal takes back one decision of the same amounts, or else the oldest; of what is left
    the newest stands. None: everything was taken back.
    """
    known = sorted(
        adjudications, key=lambda each: (each.paid_on, each.remit_id.bytes, each.id.bytes)
    )
    decisions = [each for each in known if each.decides]
    for reversal in (each for each in known if each.is_reversal):
        if not decisions:
            break
        negated = tuple(-amount for amount in reversal.amounts)
        same = next((each for each in decisions if each.amounts == negated), decisions[0])
        decisions.remove(same)
    return decisions[-1] if decisions else None
