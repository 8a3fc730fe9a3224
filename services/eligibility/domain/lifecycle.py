"""The life of one eligibility check, as literal tables."""

from __future__ import annotations

from enum import StrEnum

from shared.errors import Conflict


class State(StrEnum):
    """Where a check stands; `unknown` is never shown or treated as inactive."""

    REQUESTED = "requested"
    IN_FLIGHT = "in_flight"
    ACTIVE = "active"
    INACTIVE = "inactive"
    NEEDS_CORRECTION = "needs_correction"
    PAYER_DOWN = "payer_down"
    UNKNOWN = "unknown"
    REVIEW = "review"


ANSWERED = frozenset(
    {State.ACTIVE, State.INACTIVE, State.NEEDS_CORRECTION, State.REVIEW, State.UNKNOWN}
)

NEXT: dict[State, frozenset[State]] = {
    State.REQUESTED: frozenset({State.IN_FLIGHT}),
    State.IN_FLIGHT: frozenset(
        {
            State.IN_FLIGHT,
            State.ACTIVE,
            State.INACTIVE,
            State.NEEDS_CORRECTION,
            State.PAYER_DOWN,
            State.REQUESTED,
            State.REVIEW,
            State.UNKNOWN,
        }
    ),
    State.PAYER_DOWN: frozenset({State.IN_FLIGHT, State.UNKNOWN}),
    State.ACTIVE: frozenset(),
    State.INACTIVE: frozenset(),
    State.NEEDS_CORRECTION: frozenset(),
    State.UNKNOWN: frozenset(),
    State.REVIEW: frozenset(),
}

OWNER_OF_NEXT_ACTION: dict[State, str] = {
    State.REQUESTED: "SYSTEM",
    State.IN_FLIGHT: "PAYER",
    State.ACTIVE: "NONE",
    State.INACTIVE: "BILLER",
    State.NEEDS_CORRECTION: "CLIENT",
    State.PAYER_DOWN: "SYSTEM",
    State.UNKNOWN: "BILLER",
    State.REVIEW: "BILLER",
}

REPORTED_BY: dict[State, str] = {
    State.REQUESTED: "SELF",
    State.IN_FLIGHT: "SELF",
    State.ACTIVE: "PAYER",
    State.INACTIVE: "PAYER",
    State.NEEDS_CORRECTION: "PAYER",
    State.PAYER_DOWN: "PAYER",
    State.UNKNOWN: "SELF",
    State.REVIEW: "PAYER",
}

RETRY_SECONDS = (60, 300, 900, 3_600)
"""Waits after the first, second … unanswered try; after the last one the check is unknown."""


def move(current: State, to: State) -> State:
    """The next state, or Conflict(`check_state`) when the table does not allow it."""
    if to not in NEXT[current]:
        raise Conflict("check_state", f"A check that is {current} cannot become {to}.")
    return to


def after_silence(tries: int) -> tuple[State, int | None]:
    """State and seconds to wait after `tries` tries (from 1) without an answer."""
    if tries > len(RETRY_SECONDS):
        return State.UNKNOWN, None
    return State.PAYER_DOWN, RETRY_SECONDS[tries - 1]
