"""SQL of coding tasks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy import text

from services.coding.domain.findings import Confirmation
from services.coding.domain.lifecycle import TaskStatus
from services.coding.repository import SERVICE
from services.coding.repository.rows import SCOPED, Listing, as_rows, scope, texts
from shared.database import Transaction
from shared.errors import NotFound
from shared.sealing import Cell

CONFIRMATIONS_PLACE = "tasks.confirmations_sealed"


class Task(NamedTuple):
    """One piece of work for a coder."""

    tenant_id: UUID
    id: UUID
    practice_id: UUID
    encounter_id: UUID
    kind: str
    status: TaskStatus
    reason_codes: tuple[str, ...]
    coder_id: str
    due_at: datetime
    created_at: datetime
    done_at: datetime | None


class Confirmations(msgspec.Struct, frozen=True):
    """What a coder let stand, and why; kept sealed, for a reason may speak of the patient."""

    confirmed: tuple[Confirmation, ...]


COLUMNS = ", ".join(f"t.{name}" for name in Task._fields)

ADD = text(
    """
    insert into tasks
    select * from json_populate_recordset(cast(null as tasks), cast(:rows as json))
    """
)

DONE = text(
    """
    update tasks set status = :status, coder_id = :coder, done_at = :at,
        confirmations_sealed = :confirmations
    where tenant_id = :tenant and id = :id
    """
)

ONE = text(
    f"""
    select {COLUMNS} from tasks t
    where t.tenant_id = :tenant and t.id = :id and {SCOPED.format(table="t")}
    """  # noqa: S608 - the column list is a literal of this module
)

OF_ENCOUNTERS = text(
    f"""
    select distinct on (t.encounter_id) {COLUMNS} from tasks t
    where t.tenant_id = :tenant and t.encounter_id = any (cast(:ids as uuid[]))
    order by t.encounter_id, t.created_at desc, t.id desc
    """  # noqa: S608 - the column list is a literal of this module
)

PAGE = text(
    f"""
    select {COLUMNS} from tasks t
    where t.tenant_id = :tenant and {SCOPED.format(table="t")}
        and (cast(:statuses as text[]) is null or t.status = any (cast(:statuses as text[])))
        and (cast(:reason as text) is null or cast(:reason as text) = any (t.reason_codes))
        and (cast(:after_at as timestamptz) is null
            or (t.created_at, t.id) > (:after_at, cast(:after_id as uuid)))
    order by t.created_at, t.id limit :limit
    """  # noqa: S608 - the column list is a literal of this module
)


def _task(row: Sequence[Any]) -> Task:
    made = Task(*row)
    return made._replace(
        status=TaskStatus(made.status),
        reason_codes=tuple(made.reason_codes),
    )


async def add(tx: Transaction, tasks: Sequence[Task]) -> None:
    """Store new tasks."""
    await tx.run(ADD, as_rows(one._asdict() for one in tasks))


async def save_done(tx: Transaction, task: Task, confirmed: Sequence[Confirmation]) -> None:
    """Store who finished a task and when, and the reasons given, sealed."""
    reasons = Confirmations(tuple(confirmed))
    params = {
        "tenant": task.tenant_id,
        "id": task.id,
        "status": task.status.value,
        "coder": task.coder_id,
        "at": task.done_at,
        "confirmations": tx.keys.seal_column(
            Cell(SERVICE, task.tenant_id, CONFIRMATIONS_PLACE, task.id), reasons
        ),
    }
    await tx.run(DONE, params)


async def one(tx: Transaction, task_id: UUID, practices: Iterable[UUID] | None) -> Task:
    """A task inside the caller's practices; NotFound otherwise."""
    params = {"tenant": tx.tenant_id, "id": task_id, "practices": scope(practices)}
    row = await tx.row(ONE, params)
    if row is None:
        raise NotFound("task_not_found", "There is no such coding task.")
    return _task(row)


async def of_encounters(tx: Transaction, encounters: Iterable[UUID]) -> dict[UUID, Task]:
    """The latest task of each encounter that has one."""
    params = {"tenant": tx.tenant_id, "ids": texts(encounters)}
    return {row.encounter_id: _task(row) for row in await tx.rows(OF_ENCOUNTERS, params)}


async def page(
    tx: Transaction, statuses: Sequence[str] | None, reason: str | None, *, listing: Listing
) -> list[Task]:
    """Oldest first, after the position (created_at, id)."""
    wanted = {"tenant": tx.tenant_id, "statuses": statuses or None, "reason": reason}
    return [_task(row) for row in await tx.rows(PAGE, {**wanted, **listing.params()})]
