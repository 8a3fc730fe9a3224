"""The work a denial makes: whose fault, until when, and how it may end."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.claims.domain.denials import (
    OPEN_WORK,
    ROOT_CAUSE,
    WORK_NEXT,
    Work,
    appeal_due,
    check_work_move,
    work_due,
)
from shared.codesets.adjustments import CATEGORY_OF, Category, classify
from shared.errors import Conflict

DAYS = st.dates(date(2025, 1, 1), date(2030, 1, 1))


def test_every_category_that_can_be_a_denial_has_a_root_cause() -> None:
    denying = {
        classify(group, carc).category
        for carc in [*CATEGORY_OF, "P1", "999"]
        for group in ("CO", "PR", "OA", "PI")
        if classify(group, carc).is_denial
    }
    assert denying <= set(ROOT_CAUSE)
    assert set(ROOT_CAUSE) - denying == {Category.UNDERPAYMENT}


@given(DAYS, st.integers(8, 365))
def test_work_is_due_in_two_weeks_and_a_week_before_the_appeal_limit(
    paid_on: date, appeal_days: int
) -> None:
    last = appeal_due(paid_on, appeal_days)
    due = work_due(paid_on, last).date() - timedelta(days=1)
    assert paid_on <= due <= paid_on + timedelta(days=14)
    assert due <= last - timedelta(days=7)


def test_work_that_comes_late_is_due_today() -> None:
    today = date(2026, 11, 16)
    assert work_due(today, today - timedelta(days=30)).date() == today + timedelta(days=1)


def test_every_open_item_can_end_and_an_ended_one_cannot_move() -> None:
    for status in Work:
        ends = WORK_NEXT[status] - OPEN_WORK
        assert bool(ends) is (status in OPEN_WORK)
    check_work_move(Work.NEW, Work.RESOLVED_PAID)
    with pytest.raises(Conflict, match="denial_work_status"):
        check_work_move(Work.RESOLVED_PAID, Work.IN_WORK)
