"""One claim of an 837 to everything that follows: its 277CA line, its decision, its payments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import NamedTuple

import msgspec

from sandbox import scenarios
from sandbox.acknowledgements import Verdict
from sandbox.adjudication import ClaimedLine, Decision, Prior, crossed_over, decide
from sandbox.front_end import Received
from sandbox.payers import PAYERS, Design, Payer
from sandbox.remittances import Payee, claim_payment, control_number, payee_of
from sandbox.scenarios import Answer, Asked, Delivery
from shared.errors import Refused
from shared.money import ZERO, Money
from shared.x12.claim_837 import Claim, ServiceLine
from shared.x12.remittance_835 import ClaimPayment, reversal_of

REPEATED = "A3:54"
AMOUNT_UNREADABLE = "A7:178"
NO_ORIGINAL = "A7:464"
REPLACEMENT, VOID = "7", "8"


class Due(msgspec.Struct, frozen=True):
    """Claim payments that belong together, and how their 835 is to travel."""

    payee: Payee
    claims: tuple[ClaimPayment, ...]
    interest_cents: int = 0
    delivery: Delivery = Delivery.PLAIN
    deposit_first: bool = False


class Waiting(NamedTuple):
    """A due payment: of which payer, after how many days, and apart from the others by this id."""

    payer: str
    due: Due
    after_days: int = 0
    apart: str = ""


class Outcome(NamedTuple):
    """What becomes of a claim. verdict None: nobody ever says anything. decided None: refused."""

    verdict: Verdict | None
    decided: ClaimPayment | None = None
    waiting: tuple[Waiting, ...] = ()


class Context(NamedTuple):
    """What a decision depends on besides the claim.

    known: numbers of claims accepted so far. originals: decisions by the payers' numbers, for
    claims that replace or void one.
    """

    seed: int
    receiver: str
    today: date
    known: set[str]
    originals: Mapping[str, ClaimPayment]


def service_from(claim: Claim) -> str:
    """The first day of service, ISO; empty when no line has one."""
    days = [line.service_date.first for line in claim.lines if line.service_date]
    return min((day.isoformat() for day in days if day), default="")


def decide_claim(received: Received, attempt: int, context: Context) -> Outcome:
    """Refuse a claim, or decide it and say what is to be paid when; attempt counts from 0."""
    claim = received.claim
    refusal = received.rejection or _own_refusal(claim, context)
    if refusal:
        return Outcome(Verdict(claim, refusal))
    try:
        lines = claimed_lines(claim)
    except Refused:
        return Outcome(Verdict(claim, AMOUNT_UNREADABLE))
    payer = PAYERS[claim.payer.name.id]
    member = claim.subscriber.name.id
    total = Money.total(line.charge for line in lines)
    asked = Asked(payer.code, member, service_from(claim), total.cents, attempt)
    answer = scenarios.answer(context.seed, asked)
    if answer.rejection:
        return Outcome(Verdict(claim, answer.rejection))
    case = _Case(
        claim, payer, context, tuple(lines), scenarios.design_of(context.seed, payer.code, member)
    )
    decision = case.decide(answer)
    first = case.payment(decision)
    verdict = Verdict(claim, control=first.payer_control_number)
    if answer.delivery is Delivery.UNANSWERED:
        return Outcome(None, first)
    if answer.delivery is Delivery.SILENT:
        return Outcome(verdict, first)
    return Outcome(
        verdict, first, (_paid_now(case, answer, first), *_later(case, answer, decision))
    )


def _own_refusal(claim: Claim, context: Context) -> str:
    if claim.claim_id in context.known:
        return REPEATED
    replaces = claim.frequency in (REPLACEMENT, VOID)
    return NO_ORIGINAL if replaces and _original(claim, context) is None else ""


def _original(claim: Claim, context: Context) -> ClaimPayment | None:
    return context.originals.get(claim.payer_control_number)


class _Case(NamedTuple):
    """A claim on its way to being paid; design: the member's plan."""

    claim: Claim
    payer: Payer
    context: Context
    lines: tuple[ClaimedLine, ...]
    design: Design

    def decide(self, answer: Answer) -> Decision:
        """The payer's decision under an answer."""
        return decide(self.payer, answer, self.lines, design=self.design)

    def payment(self, decision: Decision, by: Payer | None = None) -> ClaimPayment:
        """The decision as the 835 says it."""
        payer = by or self.payer
        seed, receiver, today = self.context[:3]
        control = control_number(seed, payer, receiver=receiver, claim_id=self.claim.claim_id)
        return claim_payment(self.claim, decision, payer, control=control, received=today)


def _paid_now(case: _Case, answer: Answer, first: ClaimPayment) -> Waiting:
    due = Due(
        payee_of(case.claim),
        _with_original(case.claim, first, case.context),
        answer.interest_cents,
        answer.delivery,
        answer.deposit_first,
    )
    apart = "" if answer.delivery is Delivery.PLAIN else case.claim.claim_id
    return Waiting(case.payer.code, due, answer.delay_days, apart)


def _later(case: _Case, answer: Answer, decision: Decision) -> Iterator[Waiting]:
    """What the next payer of a forwarded claim, or a correction, brings."""
    payee = payee_of(case.claim)
    if answer.forward_to:
        following = PAYERS[answer.forward_to]
        next_one = case.payment(crossed_over(decision), following)
        yield Waiting(following.code, Due(payee, (next_one,)), answer.delay_days)
    better = case.decide(answer.correction) if answer.correction else decision
    if better != decision:
        again = Due(payee, (reversal_of(case.payment(decision)), case.payment(better)))
        yield Waiting(case.payer.code, again, answer.delay_days + 1, case.claim.claim_id)


def _with_original(claim: Claim, first: ClaimPayment, context: Context) -> tuple[ClaimPayment, ...]:
    """A replacement takes the first payment back and pays anew; a void only takes it back."""
    original = _original(claim, context)
    if claim.frequency not in (REPLACEMENT, VOID) or original is None:
        return (first,)
    taken_back = reversal_of(original)
    return (taken_back,) if claim.frequency == VOID else (taken_back, first)


# -- reading a claim -------------------------------------------------------------------------------


def claimed_lines(claim: Claim) -> list[ClaimedLine]:
    """The lines in whole cents, with what a payer before did; Refused for parts of a cent."""
    priors = _priors(claim)
    return [
        ClaimedLine(
            line.procedure.code if line.procedure else "",
            line.procedure.modifiers if line.procedure else (),
            max(1, int(line.units or 1)),
            Money.from_decimal(line.charge),
            prior,
        )
        for line, prior in zip(claim.lines, priors, strict=True)
    ]


def _priors(claim: Claim) -> list[Prior | None]:
    before = [other for other in claim.other_payers if other.paid is not None]
    if claim.rank == "P" or not before:
        return [None] * len(claim.lines)
    if any(line.adjudications for line in claim.lines):
        return [_prior_of_line(line) for line in claim.lines]
    weights = [Money.from_decimal(line.charge).cents for line in claim.lines]
    paid = Money.total(Money.from_decimal(other.paid) for other in before if other.paid)
    left = Money.total(
        Money.from_decimal(amount.value)
        for other in before[-1:]
        for amount in other.amounts
        if amount.qualifier == "EAF"
    )
    parts = zip(paid.spread(weights), left.spread(weights), strict=True)
    return [Prior(*part) for part in parts]


def _prior_of_line(line: ServiceLine) -> Prior:
    paid, left = ZERO, ZERO
    for one in line.adjudications:
        paid += Money.from_decimal(one.paid)
        left = Money.total(
            Money.from_decimal(each.amount) for each in one.adjustments if each.group == "PR"
        )
    return Prior(paid, left)
