"""How payers' answers become verdicts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.eligibility.domain.lifecycle import State
from services.eligibility.domain.reading import (
    ACTIVE_BENEFITS,
    INACTIVE_BENEFITS,
    Answer,
    Benefit,
    Network,
    read,
)
from shared.money import Money


def test_active_with_copay_and_deductible_left() -> None:
    answer = Answer(
        benefits=(
            Benefit("1", ("30",), plan="ASTER PPO"),
            Benefit("B", ("98",), amount=Money(2500), network=Network.IN),
            Benefit("C", ("30",), period="23", amount=Money(150_000)),
            Benefit("C", ("30",), period="29", amount=Money(14_520)),
        )
    )
    reading = read(answer)
    assert reading.state is State.ACTIVE
    assert reading.plan == "ASTER PPO"
    assert reading.copay == Money(2500)
    assert reading.deductible_left == Money(14_520)


def test_out_of_network_figures_are_not_taken() -> None:
    answer = Answer(
        benefits=(
            Benefit("1", ("30",)),
            Benefit("B", ("98",), amount=Money(9900), network=Network.OUT),
            Benefit("B", ("98",), amount=Money(2500), network=Network.BOTH),
        )
    )
    assert read(answer).copay == Money(2500)


def test_figures_that_were_not_said_stay_unsaid() -> None:
    reading = read(Answer(benefits=(Benefit("1", ("30",)),)))
    assert (reading.copay, reading.deductible_left) == (None, None)


def test_inactive_beats_active() -> None:
    answer = Answer(benefits=(Benefit("1", ("30",)), Benefit("6", ("30",))))
    assert read(answer).state is State.INACTIVE


def test_status_of_another_service_type_is_not_the_plan() -> None:
    answer = Answer(benefits=(Benefit("6", ("35",)), Benefit("1", ("30",))))
    assert read(answer).state is State.ACTIVE


def test_another_payer_first_asks_for_review() -> None:
    answer = Answer(benefits=(Benefit("1", ("30",)), Benefit("R", ("30",))))
    assert read(answer).state is State.REVIEW


@pytest.mark.parametrize("code", ["15", "71", "72", "73", "75", "76"])
def test_a_person_not_found_needs_correction(code: str) -> None:
    reading = read(Answer(rejects=(code,)))
    assert (reading.state, reading.reason) == (State.NEEDS_CORRECTION, code)


@pytest.mark.parametrize("code", ["42", "80"])
def test_a_payer_that_cannot_answer_is_down(code: str) -> None:
    assert read(Answer(rejects=("72", code))).state is State.PAYER_DOWN


@given(
    st.lists(
        st.builds(
            Benefit,
            benefit=st.sampled_from(["1", "5", "6", "8", "A", "B", "C", "I", "R", "X", "CB"]),
            service_types=st.sampled_from([(), ("30",), ("98",), ("30", "98")]),
        ),
        max_size=6,
    ),
    st.lists(st.sampled_from(["15", "42", "72", "75", "80"]), max_size=2),
)
def test_inactive_is_only_said_when_the_payer_said_it(
    benefits: list[Benefit], rejects: list[str]
) -> None:
    reading = read(Answer(tuple(benefits), tuple(rejects)))
    said = {one.benefit for one in benefits}
    if reading.state is State.INACTIVE:
        assert said & INACTIVE_BENEFITS
    if reading.state is State.ACTIVE:
        assert said & ACTIVE_BENEFITS
    assert reading.state is not State.UNKNOWN
