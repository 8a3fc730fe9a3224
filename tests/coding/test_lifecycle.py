"""The lives of encounters and coding tasks."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.coding.domain.lifecycle import (
    NEXT,
    NEXT_OF_TASK,
    OWNER_OF_NEXT_ACTION,
    EncounterStatus,
    TaskStatus,
    move,
    move_task,
)
from shared.errors import Conflict
from tests.support.states import states_table

README = Path(__file__).parents[2] / "services/coding/README.md"


def test_every_status_has_its_rows() -> None:
    assert set(NEXT) == set(OWNER_OF_NEXT_ACTION) == set(EncounterStatus)
    assert set(NEXT_OF_TASK) == set(TaskStatus)


def test_the_tables_are_obeyed() -> None:
    assert move(EncounterStatus.RECEIVED, EncounterStatus.CODED) is EncounterStatus.CODED
    assert move_task(TaskStatus.OPEN, TaskStatus.DONE) is TaskStatus.DONE
    with pytest.raises(Conflict, match="encounter_status"):
        move(EncounterStatus.CODED, EncounterStatus.AWAITING_CODING)
    with pytest.raises(Conflict, match="task_status"):
        move_task(TaskStatus.DONE, TaskStatus.OPEN)


def test_readme_shows_the_tables() -> None:
    text = README.read_text()
    assert states_table(NEXT, "encounter") in text
    assert states_table(NEXT_OF_TASK, "coding task") in text
