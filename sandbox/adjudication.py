"""How a payer decides a claim: allowed amounts, the patient's share, what is withheld, to the cent.

Every step rounds once, half up, per line. Each line adds up to its charge.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sandbox.payers import FULL, Design, Payer
from sandbox.scenarios import Answer, Denial
from shared.money import ZERO, Money

ASSISTANT_PAYS = 8_500
"""Basis points Medicare pays when a therapy assistant gave the service (modifiers CQ, CO)."""
_ASSISTANT = {"CQ", "CO"}
PAID_FIRST, PAID_SECOND, FORWARDED = "1", "2", "19"


class Prior(NamedTuple):
    """What the payer before did with a line: its payment, and the patient's share it left."""

    paid: Money
    patient: Money


class ClaimedLine(NamedTuple):
    """One line as claimed; prior: only on a claim to the second payer."""

    code: str
    modifiers: tuple[str, ...]
    units: int
    charge: Money
    prior: Prior | None = None


class Adjustment(NamedTuple):
    """One CAS triple; positive lowers the payment."""

    group: str
    carc: str
    amount: Money


class DecidedLine(NamedTuple):
    """One line as decided; paid = charge less the adjustments."""

    charge: Money
    allowed: Money
    adjustments: tuple[Adjustment, ...]
    remarks: tuple[str, ...] = ()

    @property
    def paid(self) -> Money:
        """SVC03."""
        return self.charge - Money.total(each.amount for each in self.adjustments)

    @property
    def patient(self) -> Money:
        """What the patient owes: the PR adjustments."""
        return Money.total(each.amount for each in self.adjustments if each.group == "PR")


class Decision(NamedTuple):
    """One claim as decided: CLP02, its lines, remarks of the whole claim."""

    status: str
    lines: tuple[DecidedLine, ...]
    remarks: tuple[str, ...] = ()


def decide(
    payer: Payer, answer: Answer, lines: Sequence[ClaimedLine], *, design: Design
) -> Decision:
    """The payer's decision; design is the member's plan where the answer names none."""
    share = _PatientShare(answer, answer.design or design, lines)
    is_second = any(line.prior for line in lines)
    decided: list[DecidedLine] = []
    remarks: list[str] = []
    for line in lines:
        denial = answer.denials.get(line.code) or answer.denials.get("*")
        if denial:
            decided.append(_denied(line, denial))
            remarks += denial.claim_remarks
        elif is_second:
            decided.append(_second_line(payer, answer, line))
        else:
            decided.append(_allowed(payer, answer, line, share=share))
    first = FORWARDED if answer.forward_to else PAID_FIRST
    status = PAID_SECOND if is_second else first
    return Decision(status, tuple(decided), tuple(dict.fromkeys(remarks)))


def crossed_over(decision: Decision) -> Decision:
    """What the next payer does with a forwarded claim: it pays what the first left the patient."""
    lines = tuple(
        DecidedLine(line.charge, line.patient, _rest_to_prior(line.charge, line.patient))
        for line in decision.lines
    )
    return Decision(PAID_SECOND, lines)


class _PatientShare:
    """The patient's share of one claim, used up line by line."""

    def __init__(self, answer: Answer, design: Design, lines: Sequence[ClaimedLine]) -> None:
        chosen = next(
            (answer.designs[one.code] for one in lines if one.code in answer.designs), design
        )
        self.copay = Money(chosen.copay_cents)
        self.deductible = Money(chosen.deductible_cents)
        self.coinsurance = chosen.coinsurance

    def take(self, allowed: Money) -> tuple[Adjustment, ...]:
        """PR 1, 2 and 3 of a line, each only where there is something to owe."""
        deductible = min(self.deductible, allowed)
        self.deductible -= deductible
        copay = min(self.copay, allowed - deductible)
        self.copay -= copay
        coinsurance = (allowed - deductible - copay).share(self.coinsurance)
        shares = (("1", deductible), ("2", coinsurance), ("3", copay))
        return tuple(Adjustment("PR", carc, amount) for carc, amount in shares if amount)


def _allowed(
    payer: Payer, answer: Answer, line: ClaimedLine, *, share: _PatientShare
) -> DecidedLine:
    allowed = allowed_amount(payer, answer, line)
    free = line.code in payer.without_share
    patient = () if free else share.take(allowed)
    payable = allowed - Money.total(each.amount for each in patient)
    contract = line.charge - allowed
    if payer.is_medicare and _ASSISTANT.intersection(line.modifiers):
        reduced = payable.share(ASSISTANT_PAYS)
        contract, payable = contract + payable - reduced, reduced
    withheld = payable.share(payer.sequestration)
    kept = (("45", contract), ("253", withheld))
    own = tuple(Adjustment("CO", carc, amount) for carc, amount in kept if amount)
    return DecidedLine(line.charge, allowed, own + patient)


def allowed_amount(payer: Payer, answer: Answer, line: ClaimedLine) -> Money:
    """The amount a payer allows: the scenario's, the rate by unit, or a part of the charge."""
    if answer.allowed:
        return line.charge.share(answer.allowed)
    rate = answer.rates.get(line.code) or payer.rates.get(line.code)
    allowed = Money(rate) * line.units if rate else line.charge.share(payer.other_codes)
    return min(allowed, line.charge)


def _denied(line: ClaimedLine, denial: Denial) -> DecidedLine:
    refused = (Adjustment(denial.group, denial.carc, line.charge),) if line.charge else ()
    return DecidedLine(line.charge, ZERO, refused, denial.remarks)


def _second_line(payer: Payer, answer: Answer, line: ClaimedLine) -> DecidedLine:
    """The second payer takes over the patient's share; Medicare the least of three amounts.

    Medicare second: (a) what the first allowed less its payment, (b) what Medicare alone would
    pay, (c) the higher allowed amount less the first payment; then sequestration.
    """
    prior = line.prior or Prior(ZERO, ZERO)
    due = min(prior.patient, line.charge - prior.paid)
    if not payer.is_medicare:
        return DecidedLine(line.charge, due, _rest_to_prior(line.charge, due))
    own = allowed_amount(payer, answer, line)
    alone = own - own.share(FULL - _MEDICARE_PAYS)
    higher = max(own, prior.paid + prior.patient) - prior.paid
    due = max(ZERO, min(due, alone, higher))
    withheld = due.share(payer.sequestration)
    kept = (Adjustment("CO", "253", withheld),) if withheld else ()
    return DecidedLine(line.charge, due, kept + _rest_to_prior(line.charge, due))


_MEDICARE_PAYS = 8_000


def _rest_to_prior(charge: Money, due: Money) -> tuple[Adjustment, ...]:
    rest = charge - due
    return (Adjustment("OA", "23", rest),) if rest else ()
