"""Post the claims of a balanced remittance: match, decide, book, and tell claims of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

from services.payments.actions import telling, waking
from services.payments.domain import decisions, lifecycle
from services.payments.domain.chart import INSURANCE, Account
from services.payments.domain.decisions import Step
from services.payments.domain.lifecycle import ClaimPaymentStatus, RemittanceStatus
from services.payments.domain.matching import DecidedLine, decided_lines
from services.payments.domain.postings import (
    Entry,
    LedgerTransaction,
    Posting,
    Trigger,
    entries,
    mirrored,
)
from services.payments.repository import claim_payments, claims, deposits, ledger, remittances
from services.payments.repository.claim_payments import Postable, Settled
from services.payments.repository.claims import Claim, Decided
from services.payments.repository.remittances import Remit
from shared import clock
from shared.database import Transaction
from shared.events.envelope import Origin
from shared.events.payments import RemittanceClaimUnmatched
from shared.money import ZERO, Money

OPEN = frozenset(
    {RemittanceStatus.BALANCED, RemittanceStatus.MATCHING, RemittanceStatus.EXCEPTIONS}
)


class Progress(NamedTuple):
    """What one pass did: claim payments settled, still waiting, and whether another pass helps."""

    settled: int
    waiting: int
    has_more: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One claim payment decided: its lines, and what it books (nothing for a plain denial)."""

    payment: Postable
    claim: Claim
    step: Step
    reason: str
    lines: tuple[DecidedLine, ...] = ()
    postings: tuple[Posting, ...] = ()
    entries: tuple[Entry, ...] = ()

    @property
    def booked(self) -> bool:
        """True when money or balances move."""
        return bool(self.entries)


async def post_remittance(
    tx: Transaction, remit_id: UUID, *, limit: int, unmatched_after_seconds: int
) -> Progress:
    """One pass over a remittance: at most `limit` claims, at most one payment of each.

    Claim payments whose claim is not known yet wait; after a while they are told as unmatched,
    and are taken up again when the claim comes.
    """
    remit = await remittances.locked(tx, tx.tenant_id, remit_id)
    if remit is None or RemittanceStatus(remit.status) not in OPEN:
        return Progress(0, 0, has_more=False)
    await claim_payments.match(tx, remit)
    found = await claim_payments.postable(tx, remit, limit=limit)
    outcomes = await _decided(tx, remit, found)
    await _book(tx, remit, outcomes)
    if not found and _is_overdue(remit, unmatched_after_seconds):
        await _give_up(tx, remit)
    waiting, unmatched = await claim_payments.counts(tx, remit)
    status = lifecycle.after_posting(
        waiting=waiting,
        unmatched=unmatched,
        is_money_settled=not remit.expects_money
        or await deposits.is_settled(tx, remit.tenant_id, remit.id),
    )
    lifecycle.moved(lifecycle.REMITTANCE, RemittanceStatus(remit.status), status)
    await remittances.change(tx, remit, status)
    return Progress(len(outcomes), waiting, has_more=bool(found) and waiting > 0)


async def _decided(tx: Transaction, remit: Remit, found: Sequence[Postable]) -> list[Outcome]:
    """What each payment does, seen with its claim locked; those that must wait drop out."""
    by_claim = {each.claim_id: each for each in found}
    known = await claims.locked(tx, remit.tenant_id, list(by_claim))
    steps = [(claim, *_step(by_claim[claim.id], claim)) for claim in known]
    mirrors = await ledger.booked(
        tx,
        [
            (remit.tenant_id, claim.posting_id)
            for claim, step, _ in steps
            if step is Step.MIRROR and claim.posting_id is not None
        ],
    )
    return [
        _outcome(by_claim[claim.id], claim, step=step, reason=reason, mirrors=mirrors)
        for claim, step, reason in steps
        if step is not Step.WAIT
    ]


def _step(found: Postable, claim: Claim) -> tuple[Step, str]:
    return decisions.step(
        status=found.payment.status,
        is_reversal=found.payment.is_reversal,
        amounts=(found.payment.charge, found.payment.paid),
        standing=claim.standing,
    )


def _outcome(
    found: Postable,
    claim: Claim,
    *,
    step: Step,
    reason: str,
    mirrors: dict[tuple[UUID, UUID], list[Entry]],
) -> Outcome:
    lines = tuple(decided_lines(found.payment, claim.lines))
    postings: tuple[Posting, ...] = ()
    legs: tuple[Entry, ...] = ()
    if step is Step.POST:
        further = decisions.next_rank(claim.rank, claim.ranks) is not None
        postings = tuple(decisions.claim_postings(lines, rank=claim.rank, has_next_payer=further))
        legs = entries(postings)
    elif step is Step.MIRROR:
        legs = mirrored(
            entry
            for (_, posting_id), booked in mirrors.items()
            if posting_id == claim.posting_id
            for entry in booked
        )
    return Outcome(
        payment=found,
        claim=claim,
        step=step,
        reason=reason,
        lines=lines,
        postings=postings,
        entries=legs,
    )


async def _book(tx: Transaction, remit: Remit, outcomes: Sequence[Outcome]) -> None:
    """Write everything the outcomes lead to, then tell it."""
    if not outcomes:
        return
    booked = {each.payment.id: _transaction(remit, each) for each in outcomes if each.booked}
    balances = await ledger.append(tx, list(booked.values()))
    taken = [each for each in outcomes if each.step is not Step.REFUSE]
    await claims.decide(tx, remit.tenant_id, [_decision(each, booked) for each in taken])
    await claim_payments.settle(tx, remit.tenant_id, [_settled(each) for each in outcomes])
    await _wake_siblings(tx, remit, taken)
    for each in outcomes:
        _tell(tx, remit, each, booked=booked.get(each.payment.id), balances=balances)


def _transaction(remit: Remit, outcome: Outcome) -> LedgerTransaction:
    claim = outcome.claim
    return LedgerTransaction(
        source_event=outcome.payment.id,
        tenant_id=remit.tenant_id,
        practice_id=claim.practice_id,
        booked_on=clock.today(),
        entries=outcome.entries,
        account_id=claim.account_id,
        encounter_id=claim.encounter_id,
        claim_id=claim.id,
        remit_id=remit.id,
        mirrors=claim.posting_id if outcome.step is Step.MIRROR else None,
    )


def _decision(outcome: Outcome, booked: dict[UUID, LedgerTransaction]) -> Decided:
    """A reversal leaves no decision in force; anything else is the decision now."""
    number = outcome.payment.payment.payer_control_number
    if outcome.payment.payment.is_reversal:
        return Decided(outcome.claim.id, None, None, number)
    posted = booked.get(outcome.payment.id)
    return Decided(outcome.claim.id, outcome.payment.id, posted.id if posted else None, number)


def _settled(outcome: Outcome) -> Settled:
    if outcome.step is Step.REFUSE:
        status = ClaimPaymentStatus.REFUSED
    else:
        status = ClaimPaymentStatus.POSTED if outcome.booked else ClaimPaymentStatus.RECORDED
    return Settled(outcome.payment.id, status.value, outcome.reason)


async def _wake_siblings(tx: Transaction, remit: Remit, taken: Sequence[Outcome]) -> None:
    """A correction that waited for this reversal, a reversal that waited for this original."""
    numbers = [
        (remit.tenant_id, each.payment.payment.control_number, each.claim.id) for each in taken
    ]
    for _, remit_id, claim_id in await claim_payments.wake(tx, numbers, patient=False):
        if remit_id != remit.id:
            cause = Origin(remit.tenant_id, remit.practice_id, claim_id)
            tx.schedule(waking.POST, remit_id, due_at=clock.business(), cause=cause)


def _tell(
    tx: Transaction,
    remit: Remit,
    outcome: Outcome,
    *,
    booked: LedgerTransaction | None,
    balances: dict[tuple[UUID, UUID, Account], Money],
) -> None:
    """First that the claim is matched, then what was posted, on the claim's key, in this order."""
    claim, payment = outcome.claim, outcome.payment.payment
    cause = Origin(remit.tenant_id, claim.practice_id, claim.encounter_id, outcome.payment.id)
    if outcome.step is Step.REFUSE:
        refused = RemittanceClaimUnmatched(
            remit_id=remit.id,
            position=payment.position,
            reason=outcome.reason,
            paid_cents=payment.paid.cents,
        )
        tx.publish(refused, subject=remit.id, caused_by=cause)
        return
    matched = telling.matched(remit, claim, payment, lines=outcome.lines)
    tx.publish(matched, subject=claim.id, caused_by=cause)
    if booked is None:
        return
    payer = INSURANCE[claim.rank]
    left = balances.get((remit.tenant_id, claim.encounter_id, payer), ZERO)
    if outcome.step is Step.MIRROR:
        tx.publish(
            telling.reversed_posting(booked, claim, payment), subject=claim.id, caused_by=cause
        )
    else:
        posted = telling.posted(booked, claim, outcome.postings, balance_after=left)
        tx.publish(posted, subject=claim.id, caused_by=cause)
    for fact in telling.balances_moved(claim, outcome.entries):
        tx.publish(fact, subject=claim.id, caused_by=cause)
    if any(entry.trigger is Trigger.PATIENT_SHARE for entry in outcome.entries):
        waking.statement(tx, claim.account_id, cause)


async def _give_up(tx: Transaction, remit: Remit) -> None:
    for each in await claim_payments.give_up(tx, remit):
        cause = Origin(remit.tenant_id, remit.practice_id, remit.id, each.id)
        fact = RemittanceClaimUnmatched(
            remit_id=remit.id,
            position=each.position,
            reason=each.reason,
            paid_cents=each.paid_cents,
        )
        tx.publish(fact, subject=remit.id, caused_by=cause)


def _is_overdue(remit: Remit, seconds: int) -> bool:
    return clock.business() - remit.received_at >= timedelta(seconds=seconds)
