"""Coding tasks: looked at, searched, finished; findings told, confirmed or mended."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from services.coding.__main__ import service
from shared import ids
from shared.database import Database
from shared.events.coding import CodingTaskCompleted, EncounterCoded
from tests.coding.samples import PROVIDER, encounter, line
from tests.coding.test_intake_routes import sent
from tests.support.builders import OTHER_TENANT, TENANT
from tests.support.services import published
from tests.support.web import client_for, principal


async def opened(client: httpx.AsyncClient, **changes: Any) -> str:
    """The id of a task that some encounter opened."""
    body = (await sent(client, encounter(**{"lines": [], **changes}))).json()
    assert body["status"] == "awaiting_coding"
    task_id: str = body["task_id"]
    return task_id


async def completed(client: httpx.AsyncClient, task_id: str, **body: Any) -> httpx.Response:
    told = {"diagnoses": ["e119"], "lines": [line(code="99213", charge_cents=None)], **body}
    headers = {"Idempotency-Key": str(ids.new())}
    return await client.post(f"/v1/coding-tasks/{task_id}/complete", json=told, headers=headers)


async def test_a_coder_finishes_a_task(client: httpx.AsyncClient, database: Database) -> None:
    task_id = await opened(client)
    answer = await completed(client, task_id)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert (body["status"], body["encounter_status"]) == ("done", "coded")
    done, coded = [event.data for event in (await published(database))[-2:]]
    assert isinstance(done, CodingTaskCompleted)
    assert isinstance(coded, EncounterCoded)
    assert (done.outcome, done.coder_id, done.kind) == ("coded", "key:test", "initial")
    assert (coded.method, coded.coder_id, coded.coding_version) == ("coder", "key:test", 1)
    assert (coded.diagnoses, coded.lines[0].charge_cents) == (["E11.9"], 15_000)
    shown = (await client.get(f"/v1/encounters/{body['encounter_id']}")).json()
    assert (shown["status"], shown["diagnoses"], shown["lines"][0]["code"]) == (
        "coded", ["E11.9"], "99213",
    )  # fmt: skip


async def test_open_findings_refuse_and_nothing_changes(
    client: httpx.AsyncClient, database: Database
) -> None:
    task_id = await opened(client)
    lines = [line(pointers=[3], charge_cents=100)]
    answer = await completed(client, task_id, diagnoses=["E11"], lines=lines)
    assert (answer.status_code, answer.json()["code"]) == (422, "coding_findings")
    told = {(one["code"], one["pointer"]) for one in answer.json()["errors"]}
    assert told == {
        ("diagnosis.header", "/diagnoses/0"),
        ("pointer.unknown", "/lines/0/pointers/0"),
    }
    assert all(one["message"] and one["remedy"] for one in answer.json()["errors"])
    assert len(await published(database)) == 2
    assert (await client.get(f"/v1/coding-tasks/{task_id}")).json()["status"] == "open"


async def test_a_warning_stands_with_a_reason(
    client: httpx.AsyncClient, database: Database
) -> None:
    task_id = await opened(client, diagnoses=["W19.XXXA", "S83.511A"])
    refused = await completed(client, task_id, diagnoses=["W19.XXXA", "S83.511A"])
    [problem] = refused.json()["errors"]
    assert problem["code"] == "diagnosis.external_cause_first"
    word = {"rule": problem["code"], "location": "/diagnoses/0", "reason": "payer asks for it"}
    answer = await completed(
        client, task_id, diagnoses=["W19.XXXA", "S83.511A"], confirmations=[word]
    )
    assert answer.status_code == 200
    async with database.pipeline([TENANT]) as tx:
        kept = await tx.scalar(text("select confirmations_sealed from tasks"))
    assert kept
    assert "payer asks" not in kept


async def test_an_error_cannot_be_confirmed_away(client: httpx.AsyncClient) -> None:
    task_id = await opened(client)
    word = {"rule": "diagnosis.header", "reason": "because I say so"}
    answer = await completed(client, task_id, diagnoses=["E11"], confirmations=[word])
    assert answer.json()["errors"][0]["code"] == "diagnosis.header"


async def test_unrelated_excludes1_codes_are_confirmed(client: httpx.AsyncClient) -> None:
    both = ["E10.9", "E11.9"]
    task_id = await opened(client, diagnoses=both, lines=[line()])
    refused = await completed(client, task_id, diagnoses=both)
    assert [one["code"] for one in refused.json()["errors"]] == ["diagnosis.excludes1"]
    word = {"rule": "diagnosis.excludes1", "reason": "two conditions, not related"}
    answer = await completed(client, task_id, diagnoses=both, confirmations=[word])
    assert answer.status_code == 200


async def test_a_task_is_finished_once(client: httpx.AsyncClient, database: Database) -> None:
    task_id = await opened(client)
    both = await asyncio.gather(completed(client, task_id), completed(client, task_id))
    assert sorted(answer.status_code for answer in both) == [200, 409]
    assert [one.json()["code"] for one in both if one.status_code == 409] == ["task_status"]
    facts = [event.data for event in await published(database)]
    assert len([one for one in facts if isinstance(one, EncounterCoded)]) == 1


async def test_a_task_shows_its_encounter_and_findings(client: httpx.AsyncClient) -> None:
    task_id = await opened(client)
    shown = (await client.get(f"/v1/coding-tasks/{task_id}")).json()
    assert shown["reason_codes"] == ["line.none"]
    assert shown["owner_of_next_action"] == "CODER"
    assert shown["due_at"] == "2026-11-24T18:00:00Z"
    assert shown["encounter"]["patient"]["last_name"] == "Example"
    assert shown["encounter"]["task_id"] == task_id
    assert [one["rule"] for one in shown["findings"]] == ["line.none"]


async def test_tasks_are_searched_in_pages(client: httpx.AsyncClient) -> None:
    made = [await opened(client, external_id=f"visit-{number}") for number in range(3)]
    await completed(client, made[0])
    wanted = {"statuses": ["open"], "reason": "line.none", "limit": 1}
    first = (await client.post("/v1/coding-tasks/search", json=wanted)).json()
    assert first["has_more"]
    cursor = {**wanted, "cursor": first["next_cursor"]}
    second = (await client.post("/v1/coding-tasks/search", json=cursor)).json()
    found = [one["task_id"] for page in (first, second) for one in page["data"]]
    assert found == made[1:]
    assert not second["has_more"]
    other = {"reason": "diagnosis.none"}
    assert (await client.post("/v1/coding-tasks/search", json=other)).json()["data"] == []


async def test_other_practices_and_tenants_see_no_task(
    client: httpx.AsyncClient, database: Database
) -> None:
    task_id = await opened(client)
    for caller in (principal(practices=frozenset({PROVIDER})), principal(tenant_id=OTHER_TENANT)):
        async with client_for(service, database, caller) as stranger:
            assert (await stranger.get(f"/v1/coding-tasks/{task_id}")).status_code == 404
            assert (await completed(stranger, task_id)).status_code == 404
            listed = await stranger.post("/v1/coding-tasks/search", json={})
            assert listed.json()["data"] == []


@pytest.mark.parametrize("task_id", ["tsk_x", "enc_agrajgj4nf4pvhjrihnqvda7oy"])
async def test_a_malformed_id_is_refused(client: httpx.AsyncClient, task_id: str) -> None:
    answer = await client.get(f"/v1/coding-tasks/{task_id}")
    assert (answer.status_code, answer.json()["code"]) == (422, "malformed_id")
