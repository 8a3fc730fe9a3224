"""The HTTP door of eligibility."""

from __future__ import annotations

import pytest

from services.eligibility import routes
from services.eligibility.domain.lifecycle import State
from services.eligibility.domain.reading import Reading
from shared import ids
from shared.database import Database
from tests.eligibility.samples import HANDLERS, master_data
from tests.eligibility.test_actions import opened, told
from tests.support.builders import OTHER_TENANT
from tests.support.databases import DatabaseFactory
from tests.support.services import deliver
from tests.support.web import client_for, principal


@pytest.fixture
async def database(service_database: DatabaseFactory) -> Database:
    made = await service_database("eligibility")
    await deliver(made, HANDLERS, master_data())
    return made


async def test_a_check_says_whose_turn_it_is(database: Database) -> None:
    [check] = await opened(database)
    place = f"/v1/eligibility-checks/{ids.shown('check', check)}"
    async with client_for(routes.router, database) as client:
        before = (await client.get(place)).json()
        await told(database, check, Reading(State.NEEDS_CORRECTION, reason="72"))
        after = (await client.get(place)).json()
    assert (before["state"], before["owner_of_next_action"]) == ("requested", "SYSTEM")
    assert (after["state"], after["reason"]) == ("needs_correction", "72")
    assert (after["owner_of_next_action"], after["reported_by"]) == ("CLIENT", "PAYER")


async def test_unknown_is_never_shown_as_inactive(database: Database) -> None:
    [check] = await opened(database)
    for _ in range(5):
        await told(database, check, None)
    async with client_for(routes.router, database) as client:
        inactive = await client.post("/v1/eligibility-checks/search", json={"states": ["inactive"]})
        unknown = await client.post("/v1/eligibility-checks/search", json={"states": ["unknown"]})
    assert inactive.json()["data"] == []
    [found] = unknown.json()["data"]
    assert (found["state"], found["reason"]) == ("unknown", "TimeoutError")


async def test_search_pages_and_hides_other_tenants(database: Database) -> None:
    checks = await opened(database, 3)
    async with client_for(routes.router, database) as client:
        first = (await client.post("/v1/eligibility-checks/search", json={"limit": 2})).json()
        body = {"limit": 2, "cursor": first["next_cursor"]}
        second = (await client.post("/v1/eligibility-checks/search", json=body)).json()
    seen = {one["check_id"] for one in first["data"] + second["data"]}
    assert seen == {ids.shown("check", check) for check in checks}
    stranger = principal(tenant_id=OTHER_TENANT)
    async with client_for(routes.router, database, stranger) as client:
        assert (await client.post("/v1/eligibility-checks/search", json={})).json()["data"] == []
        place = f"/v1/eligibility-checks/{ids.shown('check', checks[0])}"
        assert (await client.get(place)).status_code == 404


async def test_the_wrong_id_is_a_clear_error(database: Database) -> None:
    async with client_for(routes.router, database) as client:
        answer = await client.get("/v1/eligibility-checks/clm_nonsense")
    assert (answer.status_code, answer.json()["code"]) == (422, "malformed_id")
    assert answer.headers["content-type"] == "application/problem+json"
