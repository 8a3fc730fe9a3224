"""The facts that one posted claim payment leads to, built from what was decided and booked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from services.payments.domain import decisions
from services.payments.domain.chart import RECEIVABLES, Account, holder
from services.payments.domain.matching import DecidedLine
from services.payments.domain.postings import Entry, LedgerTransaction, Posting, Trigger, moved
from services.payments.domain.remittance import ClaimPayment
from services.payments.repository.claims import Claim
from services.payments.repository.remittances import Remit
from shared import ids
from shared.events.payments import (
    BalanceMoved,
    PaymentPosted,
    PaymentReversed,
    RemittanceAdjustment,
    RemittanceClaimMatched,
    RemittanceLine,
)
from shared.money import Money

_TRANSFERS = (Trigger.PATIENT_SHARE, Trigger.NEXT_PAYER)


def matched(
    remit: Remit, claim: Claim, payment: ClaimPayment, *, lines: Sequence[DecidedLine]
) -> RemittanceClaimMatched:
    """The payer's decision on our claim, by our lines."""
    return RemittanceClaimMatched(
        claim_id=claim.id,
        encounter_id=claim.encounter_id,
        remit_id=remit.id,
        payer_id=remit.payer_id or claim.payer_id,
        clp02=payment.status,
        charge_cents=payment.charge.cents,
        paid_cents=payment.paid.cents,
        patient_cents=payment.patient.cents,
        payer_control_number=payment.payer_control_number,
        lines=[_line(each) for each in lines],
        reversal=payment.is_reversal,
        paid_on=remit.paid_on,
    )


def posted(
    booked: LedgerTransaction, claim: Claim, postings: Sequence[Posting], *, balance_after: Money
) -> PaymentPosted:
    """What the ledger holds now; balance_after: what this claim's payer still owes."""
    return PaymentPosted(
        posting_id=booked.id,
        account_id=claim.account_id,
        claim_id=claim.id,
        encounter_id=claim.encounter_id,
        remit_id=booked.remit_id,
        source="payer",
        paid_cents=decisions.total(postings, Trigger.PAYER_PAID).cents,
        adjustments=decisions.sums(postings),
        patient_cents=decisions.total(postings, Trigger.PATIENT_SHARE).cents,
        balance_after_cents=balance_after.cents,
    )


def reversed_posting(
    booked: LedgerTransaction, claim: Claim, payment: ClaimPayment
) -> PaymentReversed:
    """A mirror was booked; paid_cents as in the 835: negative for money taken back."""
    return PaymentReversed(
        posting_id=booked.id,
        reversed_posting_id=booked.mirrors or ids.NIL,
        account_id=claim.account_id,
        claim_id=claim.id,
        encounter_id=claim.encounter_id,
        remit_id=booked.remit_id,
        paid_cents=payment.paid.cents,
        reason="payer_reversal",
    )


def balances_moved(claim: Claim, booked: Sequence[Entry]) -> Iterator[BalanceMoved]:
    """Transfers between receivables, summed up: who owed it, who owes it now."""
    for trigger in _TRANSFERS:
        legs = [each for each in booked if each.trigger is trigger and each.account in RECEIVABLES]
        sums = {account: moved(legs, account) for account in {each.account for each in legs}}
        gives = _one(account for account, amount in sums.items() if amount < Money(0))
        takes = _one(account for account, amount in sums.items() if amount > Money(0))
        if gives is not None and takes is not None:
            yield BalanceMoved(
                claim_id=claim.id,
                encounter_id=claim.encounter_id,
                account_id=claim.account_id,
                source=holder(gives),
                target=holder(takes),
                amount_cents=sums[takes].cents,
            )


def _one(accounts: Iterator[Account]) -> Account | None:
    return next(accounts, None)


def _line(line: DecidedLine) -> RemittanceLine:
    return RemittanceLine(
        line=line.line,
        charge_cents=line.charge.cents,
        paid_cents=line.paid.cents,
        cas=[
            RemittanceAdjustment(group=each.group, carc=each.carc, cents=each.amount.cents)
            for each in line.adjustments
        ],
        rarc=list(line.remarks),
    )
