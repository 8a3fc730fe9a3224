"""The draft rule, filing limits and control numbers."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.claims.domain.drafting import (
    Plan,
    Verdict,
    control_number,
    draft,
    filing_due,
)
from shared import ids
from tests.claims.cases import payer


@pytest.mark.parametrize(
    ("verdict", "covered", "plan"),
    [
        (None, True, Plan.WAIT),
        (Verdict.ACTIVE, True, Plan.CLAIM),
        (Verdict.REVIEW, True, Plan.BLOCK),
        (Verdict.NEEDS_CORRECTION, True, Plan.BLOCK),
        (Verdict.UNKNOWN, True, Plan.HOLD),
        (Verdict.INACTIVE, True, Plan.SELF_PAY),
        (None, False, Plan.SELF_PAY),
        (Verdict.ACTIVE, False, Plan.SELF_PAY),
    ],
)
def test_the_draft_rule(verdict: Verdict | None, covered: bool, plan: Plan) -> None:
    made = draft(verdict, covered=covered)
    assert made.plan is plan
    assert (made.finding is not None) is (plan is Plan.BLOCK)
    assert bool(made.hold_reason) is (plan is Plan.HOLD)


def test_unknown_is_never_treated_as_inactive() -> None:
    assert draft(Verdict.UNKNOWN, covered=True) != draft(Verdict.INACTIVE, covered=True)


@pytest.mark.parametrize(
    ("indicator", "service", "last_day"),
    [
        ("CI", date(2026, 11, 9), date(2027, 2, 7)),
        ("MB", date(2026, 11, 9), date(2027, 11, 9)),
        ("MB", date(2024, 2, 29), date(2025, 2, 28)),
        ("MB", date(2027, 2, 28), date(2028, 2, 28)),
    ],
)
def test_the_filing_limit(indicator: str, service: date, last_day: date) -> None:
    due, rule = filing_due(payer(filing_indicator=indicator), service)
    assert due.date() == last_day + timedelta(days=1)
    assert (due.hour, due.minute) == (0, 0)
    assert rule.endswith(":service_from:UTC:v1")


@given(st.dates(date(2020, 1, 1), date(2035, 12, 31)), st.integers(1, 730))
def test_a_filing_limit_never_ends_early(service: date, days: int) -> None:
    due, _ = filing_due(payer(filing_days=days), service)
    last_moment = datetime.combine(service + timedelta(days=days + 1), due.timetz())
    assert due == last_moment


@given(st.uuids(), st.integers(1, 50), st.integers(1, 50))
def test_each_sending_has_a_number_of_its_own(claim_id: object, version: int, other: int) -> None:
    of_claim = ids.derived(ids.NIL, str(claim_id))
    number = control_number(of_claim, version)
    assert number == control_number(of_claim, version)
    assert (number == control_number(of_claim, other)) is (version == other)
    assert len(number) <= 20
    assert number.isalnum()
    assert number.isupper()
