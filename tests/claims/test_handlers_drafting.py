"""Coding and eligibility meet: which claims begin, and how."""

from __future__ import annotations

from services.claims import handlers
from shared import ids
from shared.database import Database
from shared.events.claims import ClaimCreated
from tests.claims.builders import encounter_coded, names, of_type, verified
from tests.support.services import deliver, published


async def test_a_verdict_and_a_coding_make_a_claim(database: Database) -> None:
    coded = encounter_coded(database.keys)
    await deliver(database, handlers.on_encounters_coded, [coded])
    assert await published(database) == []
    await deliver(database, handlers.on_eligibility_verified, [verified(coded)])
    events = await published(database)
    assert names(events) == ["ClaimCreated"]
    created = of_type(events, ClaimCreated)[0]
    assert created.claim_id == ids.claim_id(coded.encounter_id, 1, 0)
    assert created.charge_cents == 15_000
