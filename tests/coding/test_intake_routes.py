"""POST /v1/encounters on real PostgreSQL: coded at once, or a task; once, however often sent."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from sqlalchemy import text

from shared import ids
from shared.database import Database
from shared.events.coding import CodingTaskOpened, EncounterCoded, EncounterReceived
from shared.events.people import MemberIdentity, PersonIdentity
from tests.coding.samples import ASTER, PROVIDER, encounter, line, person
from tests.support.builders import PRACTICE, TENANT
from tests.support.services import published
from tests.support.web import client_for, principal


async def sent(client: httpx.AsyncClient, body: dict[str, Any], key: str = "") -> httpx.Response:
    headers = {"Idempotency-Key": key or str(ids.new())}
    return await client.post("/v1/encounters", json=body, headers=headers)


async def test_a_coded_encounter_that_passes_is_coded_at_once(
    client: httpx.AsyncClient, database: Database
) -> None:
    answer = await sent(client, encounter())
    assert answer.status_code == 202, answer.text
    body = answer.json()
    assert (body["status"], body["findings"], body["task_id"]) == ("coded", [], None)
    assert answer.headers["location"] == f"/v1/encounters/{body['encounter_id']}"
    received, coded = [event.data for event in await published(database)]
    assert isinstance(received, EncounterReceived)
    assert isinstance(coded, EncounterCoded)
    assert (coded.coding_version, coded.method, coded.coder_id) == (1, "submitted", "")
    assert coded.diagnoses == ["E11.9"]
    assert coded.lines[0].charge_cents == 15_000
    assert coded.set_versions["icd10cm"] == "icd10cm-2026-10"
    assert coded.patient == received.patient
    assert (coded.practice_id, coded.rendering_provider_id) == (PRACTICE, PROVIDER)
    who = database.keys.open_event(TENANT, coded.patient.identity, PersonIdentity)
    assert (who.last_name, who.birth_date, who.sex) == ("Example", "1980-02-29", "F")
    [coverage] = coded.coverages
    member = database.keys.open_event(TENANT, coverage.member, MemberIdentity)
    assert (coverage.payer_id, coverage.rank, member.member_id) == (ASTER, 1, "TEST-ACTIVE")


async def test_events_carry_the_encounter_as_key_and_correlation(
    client: httpx.AsyncClient, database: Database
) -> None:
    shown = (await sent(client, encounter())).json()["encounter_id"]
    encounter_id = ids.read("encounter", shown)
    for event in await published(database):
        assert event.key == event.correlation_id == event.subject == encounter_id
        assert (event.tenant_id, event.practice_id) == (TENANT, PRACTICE)


@pytest.mark.parametrize(
    ("changes", "rule", "location"),
    [
        ({"diagnoses": ["E11"]}, "diagnosis.header", "/diagnoses/0"),
        ({"diagnoses": []}, "diagnosis.none", "/diagnoses"),
        ({"lines": []}, "line.none", "/lines"),
        ({"lines": [line(pointers=[2])]}, "pointer.unknown", "/lines/0/pointers/0"),
        ({"lines": [line(code="99201")]}, "procedure.ended", "/lines/0/code"),
        (
            {"lines": [line(code="97140", charge_cents=0)]},
            "charge.missing",
            "/lines/0/charge_cents",
        ),
    ],
)
async def test_codes_that_do_not_pass_open_a_task(
    client: httpx.AsyncClient,
    database: Database,
    changes: dict[str, Any],
    rule: str,
    location: str,
) -> None:
    body = (await sent(client, encounter(**changes))).json()
    assert body["status"] == "awaiting_coding"
    assert (rule, location) in [(one["rule"], one["location"]) for one in body["findings"]]
    assert all(one["message"] and one["remedy"] for one in body["findings"])
    received, opened = [event.data for event in await published(database)]
    assert isinstance(received, EncounterReceived)
    assert isinstance(opened, CodingTaskOpened)
    assert ids.shown("task", opened.task_id) == body["task_id"]
    assert rule in opened.reason_codes


async def test_a_line_without_charge_is_priced_by_the_fee_schedule(
    client: httpx.AsyncClient, database: Database
) -> None:
    lines = [line(charge_cents=None), line(code="97110", units=2, charge_cents=0)]
    assert (await sent(client, encounter(lines=lines))).json()["status"] == "coded"
    coded = (await published(database))[-1].data
    assert isinstance(coded, EncounterCoded)
    assert [one.charge_cents for one in coded.lines] == [15_000, 13_000]


async def test_the_same_encounter_again_gives_the_first_id_and_no_event(
    client: httpx.AsyncClient, database: Database
) -> None:
    first, again = await sent(client, encounter()), await sent(client, encounter())
    assert again.status_code == 202
    assert again.json() == first.json()
    assert len(await published(database)) == 2


async def test_a_repeat_of_the_request_is_replayed(
    client: httpx.AsyncClient, database: Database
) -> None:
    first = await sent(client, encounter(), key="a")
    again = await sent(client, encounter(), key="a")
    assert again.headers["idempotent-replayed"] == "true"
    assert again.content == first.content


async def test_changed_content_under_the_same_external_id_is_a_conflict(
    client: httpx.AsyncClient, database: Database
) -> None:
    await sent(client, encounter())
    answer = await sent(client, encounter(diagnoses=["I10"]))
    assert (answer.status_code, answer.json()["code"]) == (409, "encounter_changed")
    assert answer.json()["errors"][0]["pointer"] == "/external_id"
    assert len(await published(database)) == 2


async def test_a_patient_and_coverage_are_found_again(
    client: httpx.AsyncClient, database: Database
) -> None:
    await sent(client, encounter())
    await sent(client, encounter(external_id="visit-1002", patient=person(external_id="chart-77")))
    await sent(client, encounter(external_id="visit-1003", patient=person(external_id="chart-78")))
    facts = [event.data for event in await published(database)]
    one, two, other = [fact for fact in facts if isinstance(fact, EncounterReceived)]
    assert one.patient.patient_id == two.patient.patient_id != other.patient.patient_id
    assert one.coverages[0].coverage_id == two.coverages[0].coverage_id
    assert one.coverages[0].coverage_id != other.coverages[0].coverage_id


async def test_without_a_number_name_and_birth_date_tell(
    client: httpx.AsyncClient, database: Database
) -> None:
    await sent(client, encounter(patient=person()))
    await sent(client, encounter(external_id="2", patient=person(last_name="EXAMPLE")))
    await sent(client, encounter(external_id="3", patient=person(birth_date="1980-03-01")))
    facts = [event.data for event in await published(database)]
    one, two, other = [
        fact.patient.patient_id for fact in facts if isinstance(fact, EncounterReceived)
    ]
    assert one == two != other


@pytest.mark.parametrize(
    ("changes", "pointer", "code"),
    [
        ({"practice_id": ids.shown("practice", PROVIDER)}, "/practice_id", "practice_unknown"),
        (
            {"rendering_provider_id": ids.shown("provider", PRACTICE)},
            "/rendering_provider_id",
            "provider_unknown",
        ),
        (
            {"coverages": [{"payer_code": "NOBODY", "member_id": "1", "rank": 1}]},
            "/coverages/0/payer_code",
            "payer_unknown",
        ),
        ({"service_from": "2999-01-01", "service_to": "2999-01-01"}, "/service_from",
         "service_date_in_future"),
        ({"service_from": "1979-01-01", "service_to": "1979-01-01"}, "/service_from",
         "service_date_before_birth"),
        ({"service_to": "2026-11-01"}, "/service_to", "service_dates_reversed"),
        ({"place_of_service": "00"}, "/place_of_service", "place_of_service_unknown"),
        (
            {"coverages": [{"payer_code": "ASTER", "member_id": "1", "rank": 2}]},
            "/coverages",
            "coverage_ranks",
        ),
        (
            {"coverages": [{"payer_code": "ASTER", "member_id": "1", "relationship": "19"}]},
            "/coverages/0/subscriber",
            "subscriber_missing",
        ),
        (
            {"coverages": [{"payer_code": "ASTER", "member_id": "1", "relationship": "77"}]},
            "/coverages/0/relationship",
            "relationship_unknown",
        ),
    ],
)  # fmt: skip
async def test_what_no_coder_can_mend_is_refused_and_nothing_kept(
    client: httpx.AsyncClient,
    database: Database,
    changes: dict[str, Any],
    pointer: str,
    code: str,
) -> None:
    answer = await sent(client, encounter(**changes))
    assert answer.status_code == 422
    found = [(one["pointer"], one["code"]) for one in answer.json()["errors"]]
    assert (pointer, code) in found
    assert await published(database) == []
    async with database.pipeline([TENANT]) as tx:
        assert await tx.scalar(text("select count(*) from patients")) == 0


@pytest.mark.parametrize(
    ("changes", "pointer", "code"),
    [
        ({"nickname": "x"}, "/nickname", "field_unknown"),
        ({"diagnoses": ["E11.9\x00"]}, "/diagnoses/0", "field_format"),
        ({"external_id": ""}, "/external_id", "field_length"),
        ({"lines": [line(charge_cents=-1)]}, "/lines/0/charge_cents", "field_range"),
        ({"lines": [line(charge_cents=1.5)]}, "/lines/0/charge_cents", "field_type"),
        ({"patient": person(sex="X")}, "/patient/sex", "field_value"),
        ({"patient": person(first_name="A\x00")}, "/patient/first_name", "field_format"),
    ],
)
async def test_malformed_fields_are_refused(
    client: httpx.AsyncClient, changes: dict[str, Any], pointer: str, code: str
) -> None:
    answer = await sent(client, encounter(**changes))
    assert answer.status_code == 422
    assert (pointer, code) in [(one["pointer"], one["code"]) for one in answer.json()["errors"]]


async def test_the_patient_is_kept_sealed(client: httpx.AsyncClient, database: Database) -> None:
    await sent(client, encounter(diagnoses=["E11"]))
    async with database.pipeline([TENANT]) as tx:
        for table in ("encounters", "patients", "coverages", "tasks", "lines", "outbox"):
            whole = text(f"select coalesce(string_agg(cast(t as text), ' '), '') from {table} t")
            told = await tx.scalar(whole)
            for secret in (
                "Example",
                "1980-02-29",
                "TEST-ACTIVE",
                "Pine",
                "chart-77",
                "visit-1001",
            ):
                assert secret not in told, table


async def test_a_caller_of_another_practice_finds_no_practice(database: Database) -> None:
    from services.coding.__main__ import service

    caller = principal(practices=frozenset({PROVIDER}))
    async with client_for(service, database, caller) as client:
        answer = await sent(client, encounter())
    assert answer.json()["errors"][0]["code"] == "practice_unknown"


async def test_a_caller_without_the_scope_is_refused(database: Database) -> None:
    from services.coding.__main__ import service

    async with client_for(service, database, principal("encounters:read")) as client:
        answer = await sent(client, encounter())
    assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")
