"""Looking at encounters."""

from __future__ import annotations

from datetime import datetime
from typing import cast
from uuid import UUID

from fastapi import APIRouter

from services.coding.actions.intake import external_index
from services.coding.repository import encounters, tasks
from services.coding.repository.encounters import Search
from services.coding.repository.rows import Listing
from services.coding.routes import showing
from services.coding.schemas import EncounterOut, EncounterRow, EncounterSearch
from shared import ids
from shared.database import Transaction
from shared.web import Call, Page, allowed

router = APIRouter(tags=["encounters"])


@router.get("/v1/encounters/{encounter_id}", operation_id="get_encounter")
async def get_encounter(encounter_id: str, call: Call = allowed("encounters:read")) -> EncounterOut:
    """One encounter with patient, coverages, codes and findings."""

    async def read(tx: Transaction) -> EncounterOut:
        wanted = ids.read("encounter", encounter_id)
        found = await encounters.one(tx, wanted, call.principal.practices)
        task = (await tasks.of_encounters(tx, [found.id])).get(found.id)
        tx.audit("encounter.read", subject=found.id, patient=found.patient_id)
        return showing.encounter(found, encounters.content(tx, found), task)

    return await call.read(read)


@router.post("/v1/encounters/search", operation_id="search_encounters")
async def search_encounters(
    body: EncounterSearch, call: Call = allowed("encounters:read", reads=True)
) -> Page[EncounterRow]:
    """Encounters by status, practice or external id, newest first."""
    position = cast("tuple[datetime, UUID] | None", call.cursor(body.cursor, filter=body))

    async def read(tx: Transaction) -> Page[EncounterRow]:
        search = Search(
            [status.value for status in body.statuses],
            ids.read("practice", body.practice_id) if body.practice_id else None,
            external_index(tx, body.external_id) if body.external_id else None,
        )
        listing = Listing(call.principal.practices, position, body.limit + 1)
        found = await encounters.page(tx, search, listing)
        shown, more = found[: body.limit], len(found) > body.limit
        latest = await tasks.of_encounters(tx, [one.id for one in shown])
        return Page(
            data=[showing.encounter_row(one, latest.get(one.id)) for one in shown],
            next_cursor=(
                call.next_cursor(filter=body, position=(shown[-1].created_at, shown[-1].id))
                if more
                else None
            ),
            has_more=more,
        )

    return await call.read(read)
