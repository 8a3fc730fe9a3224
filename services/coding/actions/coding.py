"""A coder finishes a task: the codes pass the checks, or every finding is told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

from services.coding.actions.checking import Codable, checked
from services.coding.actions.facts import BY_CODER, Teller
from services.coding.domain.encounter import Coding
from services.coding.domain.findings import Confirmation, Finding, judge
from services.coding.domain.lifecycle import EncounterStatus, TaskStatus, move, move_task
from services.coding.repository import encounters, tasks
from services.coding.repository.encounters import Encounter
from services.coding.repository.tasks import Task
from shared import clock
from shared.database import Transaction
from shared.errors import Invalid, Problem


class Completed(NamedTuple):
    """A finished task and its coded encounter, with the findings that were let stand."""

    task: Task
    encounter: Encounter


async def complete(
    tx: Transaction,
    task_id: UUID,
    practices: frozenset[UUID] | None,
    *,
    codes: Callable[[date], Coding],
    confirmed: Sequence[Confirmation],
) -> Completed:
    """Take over the coder's codes, confirmed findings included, and tell them.

    codes: given the first date of service, which dates lines that carry none.
    NotFound; Conflict(`task_status`) when it is done; Invalid(`coding_findings`) with each one.
    """
    before = await tasks.one(tx, task_id, practices)
    encounter = await encounters.one(tx, before.encounter_id, practices, for_update=True)
    task = await tasks.one(tx, task_id, practices)  # again: it may have changed before the lock
    status = move_task(task.status, TaskStatus.DONE)
    span = encounter.circumstances
    wanted = Codable(encounter.practice_id, span, codes(span.service_from))
    [result] = await checked(tx, [wanted])
    judged = judge(result.findings, confirmed)
    if judged.stopping:
        raise Invalid(
            "coding_findings",
            "The codes do not pass the checks; see errors.",
            problems=tuple(_problem(finding) for finding in judged.stopping),
        )
    now = clock.business()
    coded = encounter._replace(
        status=move(encounter.status, EncounterStatus.CODED),
        coding=result.coding,
        findings=judged.standing,
        coding_version=encounter.coding_version + 1,
    )
    done = task._replace(status=status, coder_id=tx.actor, done_at=now)
    await encounters.save_coding(tx, coded, now)
    await tasks.save_done(tx, done, confirmed)
    teller = Teller(tx, coded, encounters.content(tx, coded))
    teller.task_completed(done)
    teller.coded(coded, method=BY_CODER, set_versions=result.set_versions, coder_id=tx.actor)
    tx.audit("coding_task.completed", subject=done.id, patient=coded.patient_id)
    return Completed(done, coded)


def _problem(finding: Finding) -> Problem:
    return Problem(finding.location, finding.rule, finding.message, finding.remedy)
