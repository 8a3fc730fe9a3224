"""What a payer's decision on a claim does: post, take back, only record, wait, or refuse."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from services.payments.domain.chart import INSURANCE
from services.payments.domain.matching import DecidedLine
from services.payments.domain.postings import Posting, Trigger
from shared.codesets.adjustments import Treatment, classify
from shared.money import Money

PREDETERMINATION = "25"

TRIGGERS: dict[Treatment, Trigger] = {
    Treatment.CONTRACT: Trigger.CONTRACT,
    Treatment.REGULATION: Trigger.REGULATION,
    Treatment.WITHHELD: Trigger.WITHHELD,
    Treatment.PATIENT_SHARE: Trigger.PATIENT_SHARE,
}
"""Any other treatment (a denial above all) moves nothing: the payer still owes the amount."""


class Step(StrEnum):
    """What happens to a claim payment now."""

    POST = "post"
    MIRROR = "mirror"
    RECORD = "record"
    WAIT = "wait"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class Standing:
    """The decision in force on a claim: its amounts, and whether it posted anything."""

    charge: Money
    paid: Money
    is_posted: bool


def step(
    *, status: str, is_reversal: bool, amounts: tuple[Money, Money], standing: Standing | None
) -> tuple[Step, str]:
    """The step and, where it is not done at once, why; amounts are charge and paid.

    A correction waits for the reversal of what stands, a reversal for its original: they may come
    in either order and in different files (X12 RFI 791).
    """
    if status == PREDETERMINATION:
        return Step.REFUSE, "predetermination"
    if not is_reversal:
        if standing is not None and standing.is_posted:
            return Step.WAIT, "awaits_reversal"
        return Step.POST, ""
    if standing is None:
        return Step.WAIT, "awaits_original"
    if amounts != (-standing.charge, -standing.paid):
        return Step.REFUSE, "reversal_differs"
    return (Step.MIRROR if standing.is_posted else Step.RECORD), ""


def claim_postings(
    lines: Sequence[DecidedLine], *, rank: int, has_next_payer: bool
) -> list[Posting]:
    """The postings of one decided claim: what was paid, and every adjustment that moves money.

    A patient's share goes to the next payer while there is one. Nothing of group CO ever reaches
    the patient: only `patient_share` does, which the code tables give to PR alone.
    """
    found: list[Posting] = []
    for line in lines:
        found.append(Posting(Trigger.PAYER_PAID, line.paid, line.line, rank=rank))
        for adjustment in line.adjustments:
            reading = classify(adjustment.group, adjustment.carc, line.remarks)
            trigger = TRIGGERS.get(reading.treatment)
            if trigger is None:
                continue
            if trigger is Trigger.PATIENT_SHARE and has_next_payer:
                trigger = Trigger.NEXT_PAYER
            reason = f"{adjustment.group}-{adjustment.carc}"
            found.append(Posting(trigger, adjustment.amount, line.line, reason, rank))
    return [each for each in found if each.amount]


def next_rank(rank: int, ranks: Iterable[int]) -> int | None:
    """The payer after this one, if the encounter has one the ledger can carry."""
    return rank + 1 if rank + 1 in set(ranks) and rank + 1 in INSURANCE else None


def sums(postings: Iterable[Posting]) -> dict[str, int]:
    """Cents by trigger, payments left out: the `adjustments` of PaymentPosted."""
    totals: dict[str, int] = {}
    for each in postings:
        if each.trigger is not Trigger.PAYER_PAID:
            totals[each.trigger.value] = totals.get(each.trigger.value, 0) + each.amount.cents
    return totals


def total(postings: Iterable[Posting], trigger: Trigger) -> Money:
    """What one trigger moves in all."""
    return Money.total(each.amount for each in postings if each.trigger is trigger)
