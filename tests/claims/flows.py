"""Short cuts through a claim's life, each through the service's own doors."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

from sqlalchemy import text

from services.claims import jobs
from services.claims.__main__ import service
from services.claims.settings import ClaimsSettings
from shared import ids
from shared.database import Database
from shared.events.coding import EncounterCoded
from shared.events.eligibility import EligibilityVerified
from shared.service import Workplace
from tests.claims.builders import encounter_coded, verified
from tests.claims.stand_in import StandIn
from tests.support.builders import TENANT
from tests.support.services import deliver

HANDLERS = service.handlers_for(ClaimsSettings(undo_window_seconds=0))
_CLAIM = text("select * from claims where id = :id")
_KINDS = text("select kind from claim_events where claim_id = :id order by position")


def claim_of(coded: EncounterCoded, generation: int = 0) -> UUID:
    """The claim an encounter gets."""
    return ids.claim_id(coded.encounter_id, 1, generation)


async def drafted(database: Database, **changes: Any) -> EncounterCoded:
    """An encounter whose coding and verdict have come."""
    coded = encounter_coded(database.keys, **changes)
    await deliver(database, HANDLERS[EligibilityVerified], [verified(coded)])
    await deliver(database, HANDLERS[EncounterCoded], [coded])
    return coded


def workplace(database: Database, outside: StandIn, **settings: Any) -> Workplace:
    """Where jobs run, with the stand-in as their outside world."""
    chosen = ClaimsSettings(undo_window_seconds=0, retry_seconds=30, **settings)
    place = Workplace("claims", chosen, database, asyncio.Event())
    place.outside("clearinghouse", lambda: outside.client(chosen))
    return place


async def sent(database: Database, outside: StandIn, **changes: Any) -> EncounterCoded:
    """An encounter whose claim has been handed over."""
    coded = await drafted(database, **changes)
    place = workplace(database, outside)
    await jobs.submit_ready_claims(place)
    await jobs.send_batches(place)
    return coded


async def row(database: Database, claim_id: UUID, tenant_id: UUID = TENANT) -> Any:
    """A claim's row as it stands."""
    async with database.pipeline([tenant_id]) as tx:
        return await tx.row(_CLAIM, {"id": claim_id})


async def status(database: Database, claim_id: UUID) -> str | None:
    """A claim's status; None: there is no such claim."""
    found = await row(database, claim_id)
    return None if found is None else str(found.status)


async def timeline(database: Database, claim_id: UUID) -> list[str]:
    """The kinds of a claim's steps."""
    async with database.pipeline([TENANT]) as tx:
        return [each.kind for each in await tx.rows(_KINDS, {"id": claim_id})]
