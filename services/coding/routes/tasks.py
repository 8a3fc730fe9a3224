"""Coding tasks: the worklist, one task, and finishing it."""

from __future__ import annotations

from datetime import datetime
from typing import cast
from uuid import UUID

from fastapi import APIRouter, Response

from services.coding.actions.coding import complete
from services.coding.repository import encounters, tasks
from services.coding.repository.rows import Listing
from services.coding.routes import reading, showing
from services.coding.schemas import CompletedOut, CompletionIn, TaskOut, TaskRow, TaskSearch
from shared import ids
from shared.database import Transaction
from shared.web import Call, Page, allowed

router = APIRouter(tags=["coding"])


@router.get("/v1/coding-tasks/{task_id}", operation_id="get_coding_task")
async def get_coding_task(task_id: str, call: Call = allowed("coding:read")) -> TaskOut:
    """One coding task with its encounter, what the source says, and the findings."""

    async def read(tx: Transaction) -> TaskOut:
        found = await tasks.one(tx, ids.read("task", task_id), call.principal.practices)
        about = await encounters.one(tx, found.encounter_id, call.principal.practices)
        tx.audit("coding_task.read", subject=found.id, patient=about.patient_id)
        return showing.task(found, about, encounters.content(tx, about))

    return await call.read(read)


@router.post("/v1/coding-tasks/search", operation_id="search_coding_tasks")
async def search_coding_tasks(
    body: TaskSearch, call: Call = allowed("coding:read", reads=True)
) -> Page[TaskRow]:
    """Coding tasks by status and reason, oldest first."""
    position = cast("tuple[datetime, UUID] | None", call.cursor(body.cursor, filter=body))

    async def read(tx: Transaction) -> Page[TaskRow]:
        statuses = [status.value for status in body.statuses]
        listing = Listing(call.principal.practices, position, body.limit + 1)
        found = await tasks.page(tx, statuses, body.reason, listing=listing)
        shown, more = found[: body.limit], len(found) > body.limit
        return Page(
            data=[showing.task_row(one) for one in shown],
            next_cursor=(
                call.next_cursor(filter=body, position=(shown[-1].created_at, shown[-1].id))
                if more
                else None
            ),
            has_more=more,
        )

    return await call.read(read)


@router.post(
    "/v1/coding-tasks/{task_id}/complete",
    operation_id="complete_coding_task",
    response_model=CompletedOut,
)
async def complete_coding_task(
    task_id: str, body: CompletionIn, call: Call = allowed("coding:write")
) -> Response:
    """Finish a task with the coder's codes; each finding that still stands refuses it."""

    async def act(tx: Transaction) -> CompletedOut:
        done = await complete(
            tx,
            ids.read("task", task_id),
            call.principal.practices,
            codes=lambda first_day: reading.coding(body.diagnoses, body.lines, first_day=first_day),
            confirmed=reading.confirmations(body),
        )
        return showing.completed(done)

    return await call.once(act)
