"""The life of a notification and the judgement of delivery attempts."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifications.domain.lifecycle import (
    BACK_OFF_SECONDS,
    NEXT,
    Outcome,
    Status,
    move,
    verdict,
)
from shared.errors import Conflict
from tests.support.states import states_table

README = Path(__file__).parents[2] / "services/notifications/README.md"


def test_the_table_is_obeyed() -> None:
    assert move(Status.QUEUED, Status.SENT) is Status.SENT
    with pytest.raises(Conflict, match="notification_status"):
        move(Status.SENT, Status.QUEUED)


def test_readme_shows_the_table() -> None:
    assert states_table(NEXT, "status") in README.read_text()


def test_a_known_failure_is_a_new_attempt_with_back_off() -> None:
    judged = verdict(Outcome.TRY_LATER, attempt=1, repeats=1)
    assert judged == (Status.QUEUED, 2, 60)


def test_an_unknown_outcome_repeats_the_same_attempt() -> None:
    judged = verdict(Outcome.UNKNOWN, attempt=3, repeats=3)
    assert judged == (Status.QUEUED, 3, 1_800)


def test_a_refusal_ends_it() -> None:
    assert verdict(Outcome.REFUSED, attempt=1, repeats=1) == (Status.FAILED, 1, None)


def test_the_tries_run_out() -> None:
    last = len(BACK_OFF_SECONDS) + 1
    assert verdict(Outcome.TRY_LATER, attempt=last, repeats=last).status is Status.FAILED
    assert verdict(Outcome.TRY_LATER, attempt=last - 1, repeats=last - 1).status is Status.QUEUED


@given(st.sampled_from(Outcome), st.integers(1, 6), st.integers(1, 20))
def test_a_verdict_waits_exactly_when_it_stays_queued(
    outcome: Outcome, attempt: int, repeats: int
) -> None:
    judged = verdict(outcome, attempt, repeats)
    assert (judged.status is Status.QUEUED) == (judged.again_after_seconds is not None)
    assert judged.status in NEXT[Status.QUEUED] | {Status.QUEUED}
