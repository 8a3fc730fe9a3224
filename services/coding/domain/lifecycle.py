"""The life of an encounter and of a coding task, as literal tables."""

from __future__ import annotations

from enum import StrEnum

from shared.errors import Conflict


class EncounterStatus(StrEnum):
    """Where an encounter stands in coding."""

    RECEIVED = "received"
    AWAITING_CODING = "awaiting_coding"
    CODED = "coded"


class TaskStatus(StrEnum):
    """Where a coding task stands."""

    OPEN = "open"
    DONE = "done"


NEXT: dict[EncounterStatus, frozenset[EncounterStatus]] = {
    EncounterStatus.RECEIVED: frozenset({EncounterStatus.AWAITING_CODING, EncounterStatus.CODED}),
    EncounterStatus.AWAITING_CODING: frozenset({EncounterStatus.CODED}),
    EncounterStatus.CODED: frozenset(),
}

NEXT_OF_TASK: dict[TaskStatus, frozenset[TaskStatus]] = {
    TaskStatus.OPEN: frozenset({TaskStatus.DONE}),
    TaskStatus.DONE: frozenset(),
}

OWNER_OF_NEXT_ACTION: dict[EncounterStatus, str] = {
    EncounterStatus.RECEIVED: "SYSTEM",
    EncounterStatus.AWAITING_CODING: "CODER",
    EncounterStatus.CODED: "BILLER",
}

INITIAL = "initial"
"""The kind of a task that codes an encounter for the first time."""


def move(current: EncounterStatus, to: EncounterStatus) -> EncounterStatus:
    """The next status, or Conflict(`encounter_status`) when the table does not allow it."""
    if to not in NEXT[current]:
        raise Conflict("encounter_status", f"An encounter that is {current} cannot become {to}.")
    return to


def move_task(current: TaskStatus, to: TaskStatus) -> TaskStatus:
    """The next status, or Conflict(`task_status`) when the table does not allow it."""
    if to not in NEXT_OF_TASK[current]:
        raise Conflict("task_status", f"A coding task that is {current} cannot become {to}.")
    return to
