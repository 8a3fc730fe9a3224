"""Looking at encounters: one in full, many in pages, never those of others."""

from __future__ import annotations

import httpx
from sqlalchemy import text

from services.coding.__main__ import service
from shared import ids
from shared.database import Database
from tests.coding.samples import PROVIDER, encounter, person
from tests.coding.test_intake_routes import sent
from tests.support.builders import OTHER_TENANT, PRACTICE, TENANT
from tests.support.web import client_for, principal


async def test_an_encounter_is_shown_in_full(client: httpx.AsyncClient, database: Database) -> None:
    holder = person(first_name="Sam")
    coverage = {
        "payer_code": "ASTER", "member_id": "M-1", "relationship": "19", "rank": 1,
        "group_number": "G7", "subscriber": holder,
    }  # fmt: skip
    made = (await sent(client, encounter(coverages=[coverage]))).json()["encounter_id"]
    shown = (await client.get(f"/v1/encounters/{made}")).json()
    assert shown["external_id"] == "visit-1001"
    assert shown["owner_of_next_action"] == "BILLER"
    assert shown["patient"]["address"]["zip_code"] == "53703"
    assert shown["coverages"][0]["subscriber"]["first_name"] == "Sam"
    assert (shown["coverages"][0]["payer_code"], shown["coverages"][0]["group_number"]) == (
        "ASTER", "G7",
    )  # fmt: skip
    assert shown["lines"][0]["service_date"] == "2026-11-03"
    assert shown["coding_version"] == 1
    async with database.pipeline([TENANT]) as tx:
        actions = [row.action for row in await tx.rows(text("select action from audit_entries"))]
    assert sorted(actions) == ["encounter.read", "encounter.received"]


async def test_encounters_are_searched_in_pages(client: httpx.AsyncClient) -> None:
    made = [
        (await sent(client, encounter(external_id=f"visit-{number}"))).json()["encounter_id"]
        for number in range(3)
    ]
    wanted = {"statuses": ["coded"], "practice_id": ids.shown("practice", PRACTICE), "limit": 2}
    first = (await client.post("/v1/encounters/search", json=wanted)).json()
    cursor = {**wanted, "cursor": first["next_cursor"]}
    second = (await client.post("/v1/encounters/search", json=cursor)).json()
    found = [one["encounter_id"] for page in (first, second) for one in page["data"]]
    assert found == made[::-1]
    assert (first["has_more"], second["has_more"]) == (True, False)


async def test_an_encounter_is_found_by_the_senders_id(client: httpx.AsyncClient) -> None:
    for number in range(2):
        await sent(client, encounter(external_id=f"visit-{number}", lines=[]))
    body = {"external_id": "visit-1"}
    [row] = (await client.post("/v1/encounters/search", json=body)).json()["data"]
    shown = (await client.get(f"/v1/encounters/{row['encounter_id']}")).json()
    assert shown["external_id"] == "visit-1"
    assert row["task_id"] == shown["task_id"] is not None


async def test_others_see_nothing(client: httpx.AsyncClient, database: Database) -> None:
    made = (await sent(client, encounter())).json()["encounter_id"]
    for caller in (principal(practices=frozenset({PROVIDER})), principal(tenant_id=OTHER_TENANT)):
        async with client_for(service, database, caller) as stranger:
            assert (await stranger.get(f"/v1/encounters/{made}")).status_code == 404
            found = await stranger.post("/v1/encounters/search", json={})
            assert found.json()["data"] == []


async def test_a_search_refuses_what_it_does_not_know(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/encounters/search", json={"statuses": ["billed"], "x": 1})
    told = {one["pointer"] for one in answer.json()["errors"]}
    assert (answer.status_code, told) == (422, {"/statuses/0", "/x"})
