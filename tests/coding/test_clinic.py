"""The invented clinic of the demo speaks FHIR that coding reads, and its coder finishes."""

from __future__ import annotations

from datetime import date

import httpx
import pytest

from sandbox import clinic
from services.coding.__main__ import service
from shared import ids
from shared.database import Database
from shared.events.coding import EncounterCoded
from shared.events.marks import Fact
from shared.events.tenancy import FeeScheduleLine
from tests.coding import test_bundle_routes, test_intake_routes
from tests.coding.samples import HANDLERS, PROVIDER, payer, practice, provider, schedule
from tests.support.builders import PRACTICE
from tests.support.databases import DatabaseFactory
from tests.support.services import deliver, published
from tests.support.web import client_for

TODAY = date(2026, 11, 23)


def masters() -> list[Fact]:
    facts: list[Fact] = []
    for number, one in enumerate(clinic.PRACTICES):
        own = PRACTICE if number == 0 else ids.new()
        facts.append(practice(practice_id=own, npi=one.body["npi"]))
        for place, person in enumerate(one.providers):
            known = PROVIDER if number == place == 0 else ids.new()
            facts.append(provider(provider_id=known, npi=person["npi"]))
    facts += [payer(ids.new(), one["code"]) for one in clinic.PAYERS]
    lines = [FeeScheduleLine(**line) for line in clinic.fee_schedule(TODAY)["lines"]]
    return [*facts, schedule(lines=lines)]


@pytest.fixture
async def database(service_database: DatabaseFactory) -> Database:
    made = await service_database("coding")
    await deliver(made, HANDLERS, masters())
    return made


async def test_its_bundles_are_coded_or_finished_by_its_coder(database: Database) -> None:
    async with client_for(service, database) as client:
        [document] = clinic.bundles(TODAY, count=40)
        answer = await test_bundle_routes.sent(client, document)
        assert answer.status_code == 202, answer.text
        statuses = [one["status"] for one in answer.json()["encounters"]]
        assert (statuses.count("coded"), statuses.count("awaiting_coding")) == (36, 4)
        found = (await client.post("/v1/coding-tasks/search", json={"statuses": ["open"]})).json()
        for task in found["data"]:
            await finished(client, task["task_id"])
    facts = [event.data for event in await published(database)]
    assert len([one for one in facts if isinstance(one, EncounterCoded)]) == 40


async def finished(client: httpx.AsyncClient, task_id: str) -> None:
    whole = (await client.get(f"/v1/coding-tasks/{task_id}")).json()
    answer = await client.post(
        f"/v1/coding-tasks/{task_id}/complete",
        json=clinic.coded_by_hand(whole["encounter"]["diagnoses"]),
        headers={"Idempotency-Key": task_id},
    )
    assert answer.status_code == 200, answer.text


async def test_its_scenarios_are_coded_at_once(client: httpx.AsyncClient) -> None:
    named = {
        "practice_id": ids.shown("practice", PRACTICE),
        "provider_id": ids.shown("provider", PROVIDER),
    }
    for scenario in clinic.scenarios(TODAY, **named):
        answer = await test_intake_routes.sent(client, scenario.encounter)
        assert answer.status_code == 202, (scenario.name, answer.text)
        assert answer.json()["status"] == "coded", (scenario.name, answer.text)
