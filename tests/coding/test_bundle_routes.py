"""POST /v1/fhir/Bundle on real PostgreSQL: many encounters at once, all or none."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from shared import ids
from shared.database import Database
from shared.events.coding import CodingTaskOpened, EncounterCoded, EncounterReceived
from shared.sealing import Cell
from tests.coding.samples import (
    PROVIDER,
    SAMPLES,
    bundle,
    claim_resource,
    concept,
    coverage_resource,
    patient_resource,
    pointer_to,
    reference,
    resources,
    sample,
    visit_resource,
)
from tests.support.builders import PRACTICE, TENANT
from tests.support.services import published

HERE = {
    "practice_id": ids.shown("practice", PRACTICE),
    "rendering_provider_id": ids.shown("provider", PROVIDER),
}


async def sent(
    client: httpx.AsyncClient, document: Any, params: dict[str, str] | None = None
) -> httpx.Response:
    headers = {"Idempotency-Key": str(ids.new()), "Content-Type": "application/fhir+json"}
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    return await client.post("/v1/fhir/Bundle", content=body, headers=headers, params=params)


async def test_a_coded_visit_is_coded_at_once(
    client: httpx.AsyncClient, database: Database
) -> None:
    answer = await sent(client, bundle())
    assert answer.status_code == 202, answer.text
    body = answer.json()
    assert body["ignored"] == {"Observation": 1}
    [one] = body["encounters"]
    assert (one["external_id"], one["status"], one["findings"]) == ("visit-1001", "coded", [])
    coded = (await published(database))[-1].data
    assert isinstance(coded, EncounterCoded)
    assert (coded.diagnoses, coded.lines[0].code) == (["E11.9"], "99213")
    assert (coded.lines[0].charge_cents, coded.lines[0].pointers) == (15_000, [1])
    assert (coded.practice_id, coded.rendering_provider_id) == (PRACTICE, PROVIDER)


async def test_the_bundle_is_kept_sealed_once(
    client: httpx.AsyncClient, database: Database
) -> None:
    await sent(client, bundle())
    await sent(client, bundle())
    async with database.pipeline([TENANT]) as tx:
        [row] = await tx.rows(text("select id, size_bytes, raw_sealed from documents"))
        kept = await tx.scalar(text("select document_id from encounters"))
    assert kept == row.id
    assert "Example" not in row.raw_sealed
    cell = Cell("coding", TENANT, "documents.raw_sealed", row.id)
    raw = database.keys.open_column(cell, row.raw_sealed, bytes)
    assert json.loads(raw) == bundle()
    assert row.size_bytes == len(raw)


async def test_many_encounters_in_order_and_the_same_again(
    client: httpx.AsyncClient, database: Database
) -> None:
    parts = resources()
    for number in range(60):
        name = f"visit{number}"
        parts[name] = visit_resource(f"more-{number}")
        parts[f"claim{number}"] = claim_resource(name)
    first, again = await sent(client, bundle(parts)), await sent(client, bundle(parts))
    assert [one["external_id"] for one in first.json()["encounters"]] == [
        "visit-1001", *(f"more-{number}" for number in range(60)),
    ]  # fmt: skip
    assert {one["status"] for one in first.json()["encounters"]} == {"coded"}
    assert again.json() == first.json()
    facts = [event.data for event in await published(database)]
    assert len([one for one in facts if isinstance(one, EncounterReceived)]) == 61
    assert len([one for one in facts if isinstance(one, EncounterCoded)]) == 61
    async with database.pipeline([TENANT]) as tx:
        assert await tx.scalar(text("select count(*) from patients")) == 1


async def test_the_same_encounter_twice_in_one_bundle(client: httpx.AsyncClient) -> None:
    parts = resources(
        again=visit_resource(), claim2=claim_resource("again"),
    )  # fmt: skip
    one, two = (await sent(client, bundle(parts))).json()["encounters"]
    assert one == two
    parts["again"] = visit_resource(period={"start": "2026-11-04"})
    answer = await sent(client, bundle(parts))
    assert answer.status_code == 409


async def test_what_is_not_coded_opens_a_task_with_the_sources_words(
    client: httpx.AsyncClient, database: Database
) -> None:
    condition = {
        "resourceType": "Condition",
        "code": concept("http://snomed.info/sct", "44054006", "sugar"),
        "encounter": reference("visit"),
    }
    parts = resources(condition=condition)
    [one] = (await sent(client, bundle(parts))).json()["encounters"]
    assert one["status"] == "awaiting_coding"
    opened = (await published(database))[-1].data
    assert isinstance(opened, CodingTaskOpened)
    assert opened.reason_codes[0] == "diagnosis_not_icd10cm"
    task = (await client.get(f"/v1/coding-tasks/{one['task_id']}")).json()
    assert task["encounter"]["facts"] == [
        {
            "kind": "condition",
            "system": "http://snomed.info/sct",
            "code": "44054006",
            "text": "sugar",
        }
    ]


async def test_a_part_in_another_code_system_waits_although_the_rest_passes(
    client: httpx.AsyncClient,
) -> None:
    condition = {"resourceType": "Condition", "code": concept("http://snomed.info/sct", "1")}
    [claimed] = claim_resource()["diagnosis"]
    told = [claimed, {"sequence": 2, "diagnosisReference": reference("other")}]
    parts = resources(other=condition, claim=claim_resource(diagnosis=told))
    [one] = (await sent(client, bundle(parts))).json()["encounters"]
    assert (one["status"], one["findings"]) == ("awaiting_coding", [])
    task = (await client.get(f"/v1/coding-tasks/{one['task_id']}")).json()
    assert task["reason_codes"] == ["diagnosis_not_icd10cm"]


async def test_problems_are_told_with_their_places_and_nothing_is_kept(
    client: httpx.AsyncClient, database: Database
) -> None:
    broken = patient_resource(birthDate="soon", address=[])
    document = bundle(resources(patient=broken, coverage=coverage_resource(subscriberId="")))
    answer = await sent(client, document)
    assert (answer.status_code, answer.json()["code"]) == (422, "bundle_refused")
    told = {one["pointer"] for one in answer.json()["errors"]}
    patient, coverage = pointer_to(document, "patient"), pointer_to(document, "coverage")
    assert {f"{patient}/birthDate", f"{patient}/address/0/city", f"{coverage}/subscriberId"} <= told
    assert all(one["remedy"] for one in answer.json()["errors"])
    assert await published(database) == []


@pytest.mark.parametrize(
    ("changes", "part", "code"),
    [
        ({"payer": {"resourceType": "Organization", "identifier": [{"value": "NOBODY"}]}},
         "coverage/payor/0", "payer_unknown"),
        ({"doctor": {"resourceType": "Practitioner", "identifier": [
            {"system": "http://hl7.org/fhir/sid/us-npi", "value": "1999999992"}]}},
         "visit/participant", "provider_unknown"),
        ({"visit": visit_resource(period={"start": "2999-01-01"})},
         "visit/period/start", "service_date_in_future"),
    ],
)  # fmt: skip
async def test_unknown_parties_are_refused_where_the_bundle_names_them(
    client: httpx.AsyncClient, changes: dict[str, Any], part: str, code: str
) -> None:
    document = bundle(resources(**changes))
    answer = await sent(client, document)
    name, _, rest = part.partition("/")
    told = [(one["pointer"], one["code"]) for one in answer.json()["errors"]]
    assert (f"{pointer_to(document, name)}/{rest}", code) in told


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, "malformed_json"),
        (b"\xff\xfe", 400, "malformed_json"),
        (b"[" * 100_000, 400, "malformed_json"),
        (b'{"resourceType": "Bundle", "type": "transaction", "x": NaN}', 400, "malformed_json"),
        (b'{"resourceType": "Patient"}', 422, "not_a_bundle"),
        (b"[]", 422, "not_a_bundle"),
        (b'{"resourceType": "Bundle", "type": "history"}', 422, "bundle_type"),
        (b'{"resourceType": "Bundle", "type": "batch"}', 422, "bundle_entry"),
        (b'{"resourceType": "Bundle", "type": "batch", "entry": [1]}', 422, "bundle_entry"),
        (b'{"resourceType": "Bundle", "type": "batch", "entry": []}', 422, "bundle_refused"),
    ],
)
async def test_bodies_that_are_no_bundle(
    client: httpx.AsyncClient, body: bytes, status: int, code: str
) -> None:
    answer = await sent(client, body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_another_media_type_is_refused(client: httpx.AsyncClient) -> None:
    headers = {"Idempotency-Key": "x", "Content-Type": "text/xml"}
    answer = await client.post("/v1/fhir/Bundle", content=b"<x/>", headers=headers)
    assert answer.status_code == 415


@pytest.mark.skipif(not SAMPLES.exists(), reason="the public FHIR samples are not here")
@pytest.mark.parametrize("number", [1, 2])
async def test_synthea_visits_wait_for_a_coder(
    client: httpx.AsyncClient, database: Database, number: int
) -> None:
    document = sample(f"synthea/synthea_patient_{number}.json.gz")
    for entry in document["entry"]:
        if entry["resource"]["resourceType"] == "Coverage":
            entry["resource"]["subscriberId"] = "TEST-ACTIVE"
            entry["resource"]["payor"] = [{"identifier": {"value": "ASTER"}}]
        if entry["resource"]["resourceType"] in {"Practitioner", "Organization"}:
            entry["resource"]["identifier"] = []
    answer = await sent(client, document, HERE)
    assert answer.status_code == 202, answer.text
    shown = answer.json()["encounters"]
    assert len(shown) == {1: 17, 2: 27}[number]
    assert {one["status"] for one in shown} == {"awaiting_coding"}
    facts = [event.data for event in await published(database)]
    opened = [one for one in facts if isinstance(one, CodingTaskOpened)]
    assert len(opened) == len(shown)
    assert all("procedure_not_coded" in one.reason_codes for one in opened)


@pytest.mark.skipif(not SAMPLES.exists(), reason="the public FHIR samples are not here")
async def test_carebundle_lacks_an_address_and_then_is_read(client: httpx.AsyncClient) -> None:
    document = sample("carebundle/type2_diabetes-42-0000.json.gz")
    refused = await sent(client, document, HERE)
    assert {one["pointer"] for one in refused.json()["errors"]} == {
        f"/entry/0/resource/address/0/{part}" for part in ("line", "city", "state", "postalCode")
    }
    document["entry"][0]["resource"]["address"] = patient_resource()["address"]
    [one] = (await sent(client, document, HERE)).json()["encounters"]
    assert one["status"] == "awaiting_coding"
    task = (await client.get(f"/v1/coding-tasks/{one['task_id']}")).json()
    assert task["encounter"]["diagnoses"] == ["E11.9", "E78.5", "E66.9", "I10"]
    assert task["reason_codes"] == ["line.none"]
