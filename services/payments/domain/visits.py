"""What became of each visit's charge, to the cent, from the sums of the ledger's entries."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple
from uuid import UUID

from services.payments.domain.chart import INSURANCE, Account
from services.payments.domain.postings import Trigger
from shared.errors import Invalid
from shared.money import ZERO, Money

_CHARGES = frozenset({Trigger.CHARGE_BILLED, Trigger.SELF_PAY_CHARGE})
_ADJUSTED = frozenset({Trigger.CONTRACT, Trigger.REGULATION, Trigger.WITHHELD})
_PATIENT_PAID = frozenset({Trigger.PATIENT_CARD, Trigger.PATIENT_CASH})


class Movement(NamedTuple):
    """The sum of one trigger and reason on one receivable of one encounter."""

    encounter_id: UUID
    account: Account
    trigger: Trigger
    reason: str
    amount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One encounter's money: charged = insurer paid + adjusted + patient paid + both still owe.

    shares: what the insurer left to the patient, by reason code.
    """

    encounter_id: UUID
    charged: Money
    insurer_paid: Money
    insurer_adjusted: Money
    patient_paid: Money
    insurer_owes: Money
    patient_owes: Money
    shares: tuple[tuple[str, Money], ...]

    @property
    def is_ready_for_patient(self) -> bool:
        """Every payer decided, nothing is contested, and the patient owes something."""
        return self.insurer_owes == ZERO and self.patient_owes > ZERO


class Open(NamedTuple):
    """What the patient owes for one visit."""

    encounter_id: UUID
    owed: Money


class AccountStatus(NamedTuple):
    """The account in one word, and what both sides owe."""

    status: str
    patient_owes: Money
    insurer_owes: Money


def visit(encounter_id: UUID, movements: Iterable[Movement]) -> Visit:
    """The sums of one encounter's receivable entries, put in words."""
    rows = [each for each in movements if each.encounter_id == encounter_id]
    shares: dict[str, Money] = {}
    for each in rows:
        if each.account is Account.PATIENT and each.trigger is Trigger.PATIENT_SHARE:
            shares[each.reason] = shares.get(each.reason, ZERO) + each.amount
    return Visit(
        encounter_id=encounter_id,
        charged=_sum(rows, _CHARGES),
        insurer_paid=-_sum(rows, {Trigger.PAYER_PAID}),
        insurer_adjusted=-_sum(rows, _ADJUSTED),
        patient_paid=-_sum(rows, _PATIENT_PAID),
        insurer_owes=Money.total(r.amount for r in rows if r.account in INSURANCE.values()),
        patient_owes=Money.total(r.amount for r in rows if r.account is Account.PATIENT),
        shares=tuple(sorted((reason, share) for reason, share in shares.items() if share)),
    )


def account_status(visits: Sequence[Visit], *, is_billed: bool) -> AccountStatus:
    """The account's state; is_billed: a statement for it is out and unpaid."""
    patient = Money.total(each.patient_owes for each in visits)
    insurer = Money.total(each.insurer_owes for each in visits)
    if patient < ZERO:
        word = "credit"
    elif patient > ZERO:
        word = "statement_due" if is_billed else "current"
    else:
        word = "current" if insurer else "settled"
    return AccountStatus(word, patient, insurer)


def applied(amount: Money, owing: Sequence[Open]) -> list[Open]:
    """A patient's payment over the visits in the given order; never more than is due.

    Invalid(`more_than_due`) otherwise: money is not taken that nobody owes.
    """
    due = Money.total(each.owed for each in owing)
    if amount > due:
        raise Invalid("more_than_due", "The payment is larger than what the patient owes now.")
    parts: list[Open] = []
    left = amount
    for each in owing:
        part = min(left, each.owed)
        if part > ZERO:
            parts.append(Open(each.encounter_id, part))
            left -= part
    return parts


def business_days_after(start: date, days: int) -> date:
    """The date that many weekdays later; 0 is the day itself. Public holidays count as days."""
    day = start
    while days > 0:
        day += timedelta(days=1)
        days -= day.weekday() < 5
    return day


def _sum(rows: Iterable[Movement], triggers: Iterable[Trigger]) -> Money:
    wanted = frozenset(triggers)
    return Money.total(each.amount for each in rows if each.trigger in wanted)
