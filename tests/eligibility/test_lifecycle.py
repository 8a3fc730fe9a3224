"""The life of a check."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.eligibility.domain.lifecycle import (
    ANSWERED,
    NEXT,
    OWNER_OF_NEXT_ACTION,
    REPORTED_BY,
    RETRY_SECONDS,
    State,
    after_silence,
    move,
)
from shared.errors import Conflict
from tests.support.states import states_table

README = Path(__file__).parents[2] / "services/eligibility/README.md"


def test_every_state_has_its_rows() -> None:
    assert set(NEXT) == set(OWNER_OF_NEXT_ACTION) == set(REPORTED_BY) == set(State)


def test_answers_are_final() -> None:
    assert {state for state in State if not NEXT[state]} == ANSWERED


def test_the_table_is_obeyed() -> None:
    assert move(State.REQUESTED, State.IN_FLIGHT) is State.IN_FLIGHT
    with pytest.raises(Conflict, match="check_state"):
        move(State.ACTIVE, State.INACTIVE)


def test_silence_is_retried_then_unknown_and_never_inactive() -> None:
    waits = [after_silence(tries) for tries in range(1, 6)]
    assert [wait for _, wait in waits] == [60, 300, 900, 3600, None]
    assert waits[-1][0] is State.UNKNOWN
    assert {state for state, _ in waits[:-1]} == {State.PAYER_DOWN}
    assert len(RETRY_SECONDS) == 4


def test_readme_shows_the_table() -> None:
    assert states_table(NEXT, "state") in README.read_text()
