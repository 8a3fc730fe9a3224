"""The tables of a claim's life are complete, reachable, and what the README shows."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.claims.domain import claim as acts
from services.claims.domain.lifecycle import (
    BEFORE_SENDING,
    DECIDED,
    DUE_WITHIN,
    ENDED,
    LATE,
    NEXT,
    OWNER,
    RENEWED,
    REPORTER,
    Owner,
    Status,
    check_move,
    may_move,
)
from shared.errors import Conflict
from tests.claims.cases import CAUSE, claim
from tests.support.states import states_table

README = Path(__file__).parents[3] / "services" / "claims" / "README.md"


def test_the_readme_shows_the_table() -> None:
    assert states_table(NEXT, "status") in README.read_text()


def test_every_status_has_a_row_an_owner_and_a_reporter() -> None:
    assert set(NEXT) == set(OWNER) == set(REPORTER) == set(Status)


def test_whoever_has_to_act_has_until_when() -> None:
    at_once = {Status.DRAFT, Status.ADJUDICATED}
    waiting = {status for status in Status if OWNER[status] is not Owner.NONE}
    assert set(DUE_WITHIN) == waiting - at_once


def test_every_status_can_be_reached_and_left() -> None:
    reached = {Status.DRAFT}
    for table in (NEXT, RENEWED, LATE):
        reached |= {target for targets in table.values() for target in targets}
    assert reached == set(Status)
    stuck = {status for status in Status if not NEXT[status] and not LATE.get(status)}
    assert stuck == ENDED


@pytest.mark.parametrize("source", sorted(DECIDED))
def test_a_decision_can_be_reversed(source: Status) -> None:
    assert may_move(source, Status.REVERSED)


@pytest.mark.parametrize("source", sorted(BEFORE_SENDING - {Status.DRAFT}))
def test_what_never_left_the_house_cannot_be_answered(source: Status) -> None:
    assert not may_move(source, Status.ADJUDICATED, sent_before=False)
    assert may_move(source, Status.ADJUDICATED, sent_before=True)


def test_a_move_the_tables_do_not_name_is_refused() -> None:
    with pytest.raises(Conflict, match="claim_status"):
        check_move(Status.REJECTED, Status.PAID)
    with pytest.raises(Conflict, match="draft cannot become submitted"):
        acts.move(claim(), Status.SUBMITTED, CAUSE)


@given(st.lists(st.sampled_from(sorted(Status)), max_size=30), st.booleans())
def test_steps_count_up_and_tell_the_truth(targets: list[Status], was_sent: bool) -> None:
    standing = claim(version=int(was_sent))
    for target in targets:
        if not may_move(standing.status, target, sent_before=was_sent):
            continue
        after, step = acts.move(standing, target, CAUSE)
        assert (step.status_from, step.status_to) == (standing.status, target)
        assert step.position == after.steps == standing.steps + 1
        assert (after.owner, after.reported_by) == (OWNER[target], REPORTER[target])
        standing = after


def test_the_same_step_has_the_same_id() -> None:
    first = acts.move(claim(), Status.READY, CAUSE).step
    again = acts.move(claim(), Status.READY, CAUSE).step
    other = acts.move(claim(steps=1), Status.READY, CAUSE).step
    assert first.id == again.id != other.id
