"""What each trigger debits and credits: the one table behind every entry of the ledger."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from services.payments.domain.chart import INSURANCE, Account
from shared import ids
from shared.money import Money


class Trigger(StrEnum):
    """Why money moves."""

    CHARGE_BILLED = "charge_billed"
    SELF_PAY_CHARGE = "self_pay_charge"
    CONTRACT = "contract"
    REGULATION = "regulation"
    WITHHELD = "withheld"
    PATIENT_SHARE = "patient_share"
    NEXT_PAYER = "next_payer"
    PAYER_PAID = "payer_paid"
    DEPOSIT = "deposit"
    INTEREST = "interest"
    RECOVERY = "recovery"
    REFUND_RECEIVED = "refund_received"
    FORWARDING = "forwarding"
    PROVIDER_ADJUSTMENT = "provider_adjustment"
    PATIENT_CARD = "patient_card"
    PATIENT_CASH = "patient_cash"


class Place(StrEnum):
    """A place in the table that depends on the claim's rank."""

    PAYER = "payer"
    NEXT = "next"


class Rule(NamedTuple):
    """debit takes the amount, credit gives it; a negative amount swaps them."""

    debit: Account | Place
    credit: Account | Place


RULES: dict[Trigger, Rule] = {
    Trigger.CHARGE_BILLED: Rule(Place.PAYER, Account.GROSS_CHARGES),
    Trigger.SELF_PAY_CHARGE: Rule(Account.PATIENT, Account.GROSS_CHARGES),
    Trigger.CONTRACT: Rule(Account.CONTRACTUAL_ALLOWANCE, Place.PAYER),
    Trigger.REGULATION: Rule(Account.REGULATORY_REDUCTION, Place.PAYER),
    Trigger.WITHHELD: Rule(Account.WITHHOLD, Place.PAYER),
    Trigger.PATIENT_SHARE: Rule(Account.PATIENT, Place.PAYER),
    Trigger.NEXT_PAYER: Rule(Place.NEXT, Place.PAYER),
    Trigger.PAYER_PAID: Rule(Account.ERA_CLEARING, Place.PAYER),
    Trigger.DEPOSIT: Rule(Account.BANK, Account.ERA_CLEARING),
    # Provider adjustments: positive lowers the payment, so it credits what the bank will lack.
    Trigger.INTEREST: Rule(Account.INTEREST_INCOME, Account.ERA_CLEARING),
    Trigger.RECOVERY: Rule(Account.PAYER_RECOVERY, Account.ERA_CLEARING),
    Trigger.REFUND_RECEIVED: Rule(Account.PAYER_RECOVERY, Account.ERA_CLEARING),
    Trigger.FORWARDING: Rule(Account.FORWARD_BALANCE, Account.ERA_CLEARING),
    Trigger.PROVIDER_ADJUSTMENT: Rule(Account.PLB_SUSPENSE, Account.ERA_CLEARING),
    Trigger.PATIENT_CARD: Rule(Account.CARD_CLEARING, Account.PATIENT),
    Trigger.PATIENT_CASH: Rule(Account.CASH_CLEARING, Account.PATIENT),
}

PROVIDER_ADJUSTMENTS: dict[str, Trigger] = {
    "L6": Trigger.INTEREST,
    "WO": Trigger.RECOVERY,
    "72": Trigger.REFUND_RECEIVED,
    "FB": Trigger.FORWARDING,
}

PATIENT_CHANNELS: dict[str, Trigger] = {
    "card": Trigger.PATIENT_CARD,
    "cash": Trigger.PATIENT_CASH,
    "check": Trigger.PATIENT_CASH,
}


@dataclass(frozen=True, slots=True)
class Posting:
    """One amount moved by one trigger.

    reason: the payer's code behind it (`CO-45`, `L6`); rank: payer rank where the table asks.
    """

    trigger: Trigger
    amount: Money
    service_line: int = 0
    reason: str = ""
    rank: int = 1


@dataclass(frozen=True, slots=True)
class Entry:
    """One leg in the ledger: a debit is positive, a credit negative; both legs share `line`."""

    line: int
    account: Account
    amount: Money
    trigger: Trigger
    service_line: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerTransaction:
    """All entries of one source event; booked together, immutable, summing to zero.

    source_event: what caused it, used once for ever. mirrors: the transaction it takes back.
    """

    source_event: UUID
    tenant_id: UUID
    practice_id: UUID
    booked_on: date
    entries: tuple[Entry, ...]
    account_id: UUID | None = None
    encounter_id: UUID | None = None
    claim_id: UUID | None = None
    remit_id: UUID | None = None
    mirrors: UUID | None = None

    @property
    def id(self) -> UUID:
        """The same for the same source event."""
        return ids.derived(self.source_event, "ledger")


def entries(postings: Sequence[Posting]) -> tuple[Entry, ...]:
    """Both legs of each posting, numbered from 1; amounts of zero move nothing and vanish."""
    moving = [each for each in postings if each.amount]
    return tuple(
        leg for line, posting in enumerate(moving, start=1) for leg in _legs(line, posting)
    )


def mirrored(originals: Iterable[Entry]) -> tuple[Entry, ...]:
    """The same entries with the sign turned: how a correction takes back what was booked."""
    return tuple(replace(each, amount=-each.amount) for each in originals)


def moved(booked: Iterable[Entry], account: Account) -> Money:
    """What the entries add to an account: debits minus credits."""
    return Money.total(each.amount for each in booked if each.account is account)


def _legs(line: int, posting: Posting) -> tuple[Entry, Entry]:
    rule = RULES[posting.trigger]
    debit = Entry(
        line,
        _resolved(rule.debit, posting.rank),
        posting.amount,
        posting.trigger,
        posting.service_line,
        posting.reason,
    )
    credit = replace(debit, account=_resolved(rule.credit, posting.rank), amount=-posting.amount)
    return debit, credit


def _resolved(place: Account | Place, rank: int) -> Account:
    if place is Place.PAYER:
        return INSURANCE[rank]
    if place is Place.NEXT:
        return INSURANCE[rank + 1]
    return Account(place)
