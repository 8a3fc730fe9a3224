"""Requests at the same time: one encounter, one patient, one coverage."""

from __future__ import annotations

import asyncio

import httpx
from sqlalchemy import text

from services.coding.repository import encounters
from shared import ids
from shared.database import Database
from shared.events.coding import EncounterReceived
from tests.coding.samples import encounter
from tests.coding.test_intake_routes import sent
from tests.coding.test_tasks import completed, opened
from tests.support.builders import TENANT
from tests.support.eventually import eventually
from tests.support.services import published


async def counts(database: Database) -> tuple[int, ...]:
    async with database.pipeline([TENANT]) as tx:
        return tuple([
            await tx.scalar(text(f"select count(*) from {table}"))
            for table in ("encounters", "patients", "coverages")
        ])  # fmt: skip


async def test_the_same_encounter_sent_five_times_at_once(
    client: httpx.AsyncClient, database: Database
) -> None:
    answers = await asyncio.gather(*(sent(client, encounter()) for _ in range(5)))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["encounter_id"] for answer in answers}) == 1
    assert await counts(database) == (1, 1, 1)
    facts = [event.data for event in await published(database)]
    assert len([one for one in facts if isinstance(one, EncounterReceived)]) == 1


async def test_visits_of_a_new_patient_at_once(
    client: httpx.AsyncClient, database: Database
) -> None:
    bodies = [encounter(external_id=f"visit-{number}") for number in range(5)]
    answers = await asyncio.gather(*(sent(client, body) for body in bodies))
    assert {answer.json()["status"] for answer in answers} == {"coded"}
    assert await counts(database) == (5, 1, 1)


WAITING = text("select count(*) from pg_locks where not granted")


async def test_a_coder_who_waited_for_another_finds_the_task_done(
    client: httpx.AsyncClient, database: Database
) -> None:
    task_id = await opened(client)
    about = (await client.get(f"/v1/coding-tasks/{task_id}")).json()["encounter_id"]
    async with database.pipeline([TENANT]) as tx:
        await encounters.one(tx, ids.read("encounter", about), None, for_update=True)
        late = asyncio.create_task(completed(client, task_id))

        async def is_waiting() -> bool:
            return bool(await tx.scalar(WAITING))

        await eventually(is_waiting, describe="the second coder waits for the lock")
        await tx.run(text("update tasks set status = 'done'"))
        await tx.run(text("update encounters set status = 'coded'"))
    answer = await late
    assert (answer.status_code, answer.json()["code"]) == (409, "task_status")
