"""Every trigger moves money as the table here says, and every booking sums to zero."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.payments.domain.chart import INSURANCE, KINDS, RECEIVABLES, Account, holder
from services.payments.domain.postings import (
    PROVIDER_ADJUSTMENTS,
    RULES,
    Posting,
    Trigger,
    entries,
    mirrored,
    moved,
)
from shared.money import ZERO, Money

postings = st.lists(
    st.builds(
        Posting,
        trigger=st.sampled_from(Trigger),
        amount=st.integers(-100_000, 100_000).map(Money),
        service_line=st.integers(0, 5),
        reason=st.sampled_from(["", "CO-45", "PR-3"]),
        rank=st.sampled_from([1, 2]),
    ),
    max_size=12,
)


@pytest.mark.parametrize(
    ("trigger", "debit", "credit"),
    [
        ("charge_billed", "ar_insurance_1", "gross_charges"),
        ("self_pay_charge", "ar_patient", "gross_charges"),
        ("contract", "contractual_allowance", "ar_insurance_1"),
        ("regulation", "regulatory_reduction", "ar_insurance_1"),
        ("withheld", "withhold_receivable", "ar_insurance_1"),
        ("patient_share", "ar_patient", "ar_insurance_1"),
        ("next_payer", "ar_insurance_2", "ar_insurance_1"),
        ("payer_paid", "era_clearing", "ar_insurance_1"),
        ("deposit", "bank", "era_clearing"),
        ("patient_card", "card_clearing", "ar_patient"),
        ("patient_cash", "cash_clearing", "ar_patient"),
    ],
)
def test_what_each_trigger_debits_and_credits(trigger: str, debit: str, credit: str) -> None:
    booked = entries([Posting(Trigger(trigger), Money(100))])
    assert [(entry.account, entry.amount) for entry in booked] == [
        (debit, Money(100)),
        (credit, Money(-100)),
    ]


@pytest.mark.parametrize(
    ("reason", "cents", "debit", "credit"),
    [
        ("L6", -125, "era_clearing", "interest_income"),
        ("WO", 5_000, "payer_recovery", "era_clearing"),
        ("WO", -5_000, "era_clearing", "payer_recovery"),
        ("FB", -3_416, "era_clearing", "forward_balance"),
        ("FB", 3_416, "forward_balance", "era_clearing"),
        ("72", -900, "era_clearing", "payer_recovery"),
        ("CS", 700, "plb_suspense", "era_clearing"),
    ],
)
def test_provider_adjustments(reason: str, cents: int, debit: str, credit: str) -> None:
    trigger = PROVIDER_ADJUSTMENTS.get(reason, Trigger.PROVIDER_ADJUSTMENT)
    booked = entries([Posting(trigger, Money(cents), reason=reason)])
    assert {entry.account for entry in booked if entry.amount > ZERO} == {debit}
    assert {entry.account for entry in booked if entry.amount < ZERO} == {credit}


def test_every_trigger_has_a_rule_and_every_account_a_meaning() -> None:
    assert set(RULES) == set(Trigger)
    assert set(KINDS) == set(Account)


def test_holders_are_the_words_of_balance_moved() -> None:
    assert [holder(account) for account in (*INSURANCE.values(), Account.PATIENT)] == [
        "rank:1",
        "rank:2",
        "rank:3",
        "patient",
    ]


@given(postings)
def test_each_posting_and_so_every_booking_sums_to_zero(found: list[Posting]) -> None:
    booked = entries(found)
    assert Money.total(entry.amount for entry in booked) == ZERO
    by_line: dict[int, Money] = {}
    for entry in booked:
        by_line[entry.line] = by_line.get(entry.line, ZERO) + entry.amount
    assert all(amount == ZERO for amount in by_line.values())


@given(postings)
def test_no_amount_of_zero_is_booked_and_no_account_twice_on_a_line(found: list[Posting]) -> None:
    booked = entries(found)
    assert all(entry.amount for entry in booked)
    places = [(entry.account, entry.line) for entry in booked]
    assert len(places) == len(set(places))
    assert len(booked) == 2 * len([each for each in found if each.amount])


@given(postings)
def test_a_mirror_takes_back_everything(found: list[Posting]) -> None:
    booked = entries(found)
    both = (*booked, *mirrored(booked))
    assert all(moved(both, account) == ZERO for account in Account)
    assert mirrored(mirrored(booked)) == booked


def test_receivables_are_what_somebody_owes() -> None:
    assert {account.value for account in RECEIVABLES} == {
        "ar_insurance_1",
        "ar_insurance_2",
        "ar_insurance_3",
        "ar_patient",
    }
