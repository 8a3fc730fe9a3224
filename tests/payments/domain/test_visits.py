"""A visit's money always adds up: charged = paid + adjusted + what both sides still owe."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.payments.domain.chart import RECEIVABLES
from services.payments.domain.postings import Posting, Trigger, entries
from services.payments.domain.statements import VisitFacts, amount_due, lines, number, why
from services.payments.domain.visits import (
    Movement,
    Open,
    Visit,
    account_status,
    applied,
    business_days_after,
    visit,
)
from shared import ids
from shared.errors import Invalid
from shared.money import ZERO, Money

ENCOUNTER = UUID(int=1)
OTHER = UUID(int=2)
FACTS = VisitFacts(ENCOUNTER, date(2026, 11, 20), "Office visit", "Aster PPO", "CS1")


def movements(*postings: Posting, encounter: UUID = ENCOUNTER) -> list[Movement]:
    return [
        Movement(encounter, each.account, each.trigger, each.reason, each.amount)
        for each in entries(postings)
        if each.account in RECEIVABLES
    ]


def seen(*postings: Posting) -> Visit:
    return visit(ENCOUNTER, movements(*postings))


J01 = (
    Posting(Trigger.CHARGE_BILLED, Money(15_000), 1),
    Posting(Trigger.PAYER_PAID, Money(7_750), 1),
    Posting(Trigger.CONTRACT, Money(4_750), 1, "CO-45"),
    Posting(Trigger.PATIENT_SHARE, Money(2_500), 1, "PR-3"),
)


def test_j01() -> None:
    found = seen(*J01)
    assert (found.charged, found.insurer_paid, found.insurer_adjusted) == (
        Money(15_000),
        Money(7_750),
        Money(4_750),
    )
    assert (found.insurer_owes, found.patient_owes) == (ZERO, Money(2_500))
    assert found.shares == (("PR-3", Money(2_500)),)
    assert found.is_ready_for_patient


def test_an_open_denial_keeps_the_patient_out_of_it() -> None:
    found = seen(
        Posting(Trigger.CHARGE_BILLED, Money(13_000)),
        Posting(Trigger.PAYER_PAID, Money(2_888)),
        Posting(Trigger.CONTRACT, Money(3_390)),
        Posting(Trigger.PATIENT_SHARE, Money(722), 1, "PR-2"),
    )
    assert found.insurer_owes == Money(6_000)
    assert not found.is_ready_for_patient


anything = st.sampled_from(
    [
        Trigger.CHARGE_BILLED,
        Trigger.SELF_PAY_CHARGE,
        Trigger.PAYER_PAID,
        Trigger.CONTRACT,
        Trigger.REGULATION,
        Trigger.WITHHELD,
        Trigger.PATIENT_SHARE,
        Trigger.NEXT_PAYER,
        Trigger.PATIENT_CARD,
        Trigger.PATIENT_CASH,
    ]
)
postings = st.lists(
    st.builds(
        Posting,
        trigger=anything,
        amount=st.integers(-50_000, 50_000).map(Money),
        reason=st.sampled_from(["PR-1", "PR-2", "PR-3", "CO-45", "PR-27"]),
        rank=st.sampled_from([1, 2]),
    ),
    max_size=15,
)


@given(postings)
def test_charged_is_paid_adjusted_or_owed(found: list[Posting]) -> None:
    money = seen(*found)
    settled = money.insurer_paid + money.insurer_adjusted + money.patient_paid
    assert money.charged == settled + money.insurer_owes + money.patient_owes


@given(postings)
def test_a_statement_asks_for_what_the_ledger_says_is_owed(found: list[Posting]) -> None:
    money = seen(*found)
    said = lines([money], [FACTS])
    assert bool(said) == money.is_ready_for_patient
    assert amount_due(said) == (money.patient_owes if said else ZERO)
    for each in said:
        shown = each.visit
        rest = shown.charged - shown.insurer_paid - shown.insurer_adjusted - shown.patient_paid
        assert rest == shown.patient_owes


@pytest.mark.parametrize(
    ("postings", "facts", "words"),
    [
        (J01, FACTS, "This is your copay: $25.00."),
        (
            (
                Posting(Trigger.CHARGE_BILLED, Money(14_264)),
                Posting(Trigger.PATIENT_SHARE, Money(12_000), 1, "PR-1"),
                Posting(Trigger.PATIENT_SHARE, Money(2_264), 1, "PR-2"),
            ),
            FACTS,
            (
                "This is your deductible: $120.00 and "
                "your coinsurance (your part of the cost): $22.64."
            ),
        ),
        (
            (
                Posting(Trigger.CHARGE_BILLED, Money(300)),
                Posting(Trigger.PATIENT_SHARE, Money(300), 1, "PR-85"),
            ),
            FACTS,
            "This is a part your health plan leaves to you: $3.00.",
        ),
        (
            (Posting(Trigger.SELF_PAY_CHARGE, Money(15_000)),),
            VisitFacts(ENCOUNTER, date(2026, 11, 20), "Visit", is_self_pay=True),
            "No insurance was in force for this visit.",
        ),
    ],
)
def test_why_in_plain_words(postings: tuple[Posting, ...], facts: VisitFacts, words: str) -> None:
    assert why(seen(*postings), facts) == words


def test_oldest_visit_first_and_nothing_without_facts() -> None:
    later = visit(OTHER, movements(*J01, encounter=OTHER))
    older = VisitFacts(OTHER, date(2026, 10, 1), "Office visit")
    said = lines([seen(*J01), later], [FACTS, older])
    assert [each.facts.encounter_id for each in said] == [OTHER, ENCOUNTER]
    assert lines([seen(*J01)], []) == []


def test_account_states() -> None:
    owing = seen(*J01)
    waiting = seen(Posting(Trigger.CHARGE_BILLED, Money(100)))
    paid = seen(*J01, Posting(Trigger.PATIENT_CARD, Money(2_500)))
    credit = seen(*J01, Posting(Trigger.PATIENT_CARD, Money(3_000)))
    assert account_status([owing], is_billed=False).status == "current"
    assert account_status([owing], is_billed=True) == ("statement_due", Money(2_500), ZERO)
    assert account_status([waiting], is_billed=False) == ("current", ZERO, Money(100))
    assert account_status([paid], is_billed=False).status == "settled"
    assert account_status([credit], is_billed=False) == ("credit", Money(-500), ZERO)


owed = st.lists(st.integers(1, 40_000), max_size=6).map(
    lambda amounts: [Open(UUID(int=n), Money(cents)) for n, cents in enumerate(amounts, start=1)]
)


@given(owed, st.integers(1, 100_000))
def test_a_payment_goes_to_the_oldest_and_never_above_what_is_due(
    owing: list[Open], cents: int
) -> None:
    due = Money.total(each.owed for each in owing)
    if cents > due.cents:
        with pytest.raises(Invalid, match="more_than_due"):
            applied(Money(cents), owing)
        return
    parts = applied(Money(cents), owing)
    assert Money.total(each.owed for each in parts) == Money(cents)
    assert [each.encounter_id for each in parts] == [
        each.encounter_id for each in owing[: len(parts)]
    ]
    assert all(part.owed == full.owed for part, full in zip(parts[:-1], owing, strict=False))


def test_business_days() -> None:
    friday = date(2026, 11, 20)
    assert business_days_after(friday, 0) == friday
    assert business_days_after(friday, 1) == date(2026, 11, 23)
    assert business_days_after(date(2026, 11, 21), 3) == date(2026, 11, 25)


def test_a_statement_number_tells_nothing() -> None:
    found = number(ids.derived(ENCOUNTER, "statement:1"))
    assert found.startswith("S-")
    assert len(found) == 14
    assert found != number(ids.derived(ENCOUNTER, "statement:2"))
