"""The life of one notification and what the outcome of a delivery attempt makes of it."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from shared.errors import Conflict


class Status(StrEnum):
    """Where a notification stands (docs/glossary.md, notification)."""

    REQUESTED = "requested"
    SUPPRESSED = "suppressed"
    QUEUED = "queued"
    SENT = "sent"
    FAILED = "failed"
    CANCELLED = "cancelled"


NEXT: dict[Status, frozenset[Status]] = {
    Status.REQUESTED: frozenset({Status.SUPPRESSED, Status.QUEUED, Status.CANCELLED}),
    Status.QUEUED: frozenset({Status.SENT, Status.FAILED, Status.CANCELLED}),
    Status.SUPPRESSED: frozenset(),
    Status.SENT: frozenset(),
    Status.FAILED: frozenset(),
    Status.CANCELLED: frozenset(),
}


class Channel(StrEnum):
    """How the recipient is reached; paper waits for a person who mails it."""

    EMAIL = "email"
    PAPER = "paper"


class Outcome(StrEnum):
    """What is known of one attempt once the conversation with the channel is over."""

    SENT = "sent"
    TRY_LATER = "try_later"
    REFUSED = "refused"
    UNKNOWN = "unknown"


BACK_OFF_SECONDS = (60, 300, 1_800, 7_200, 18_000)


class Verdict(NamedTuple):
    """What follows from an attempt.

    again_after_seconds None: no further try. next_attempt equals the attempt that was made when
    its outcome is unknown: the repeat carries the same Message-ID, so the other side can drop it.
    """

    status: Status
    next_attempt: int
    again_after_seconds: int | None


def move(current: Status, to: Status) -> Status:
    """The next status, or Conflict(`notification_status`) when the table does not allow it."""
    if to not in NEXT[current]:
        raise Conflict("notification_status", f"A {current} notification cannot become {to}.")
    return to


def verdict(outcome: Outcome, attempt: int, repeats: int) -> Verdict:
    """Judge attempt number `attempt` (from 1) after `repeats` conversations in all."""
    match outcome:
        case Outcome.SENT:
            return Verdict(Status.SENT, attempt, None)
        case Outcome.REFUSED:
            return Verdict(Status.FAILED, attempt, None)
        case _ if repeats >= len(BACK_OFF_SECONDS) + 1:
            return Verdict(Status.FAILED, attempt, None)
        case Outcome.UNKNOWN:
            return Verdict(Status.QUEUED, attempt, BACK_OFF_SECONDS[repeats - 1])
        case Outcome.TRY_LATER:
            return Verdict(Status.QUEUED, attempt + 1, BACK_OFF_SECONDS[repeats - 1])
