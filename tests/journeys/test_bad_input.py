"""Bad input, kind by kind: the answer says what is wrong, and neither it nor what came before or
comes after is lost. The table is docs/operations/bad-input.md.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from copy import deepcopy
from typing import Any, NamedTuple

import asyncpg
import httpx
import pytest

from cli.api import Api
from cli.api_pages import operations_of
from cli.demo.opening import Company
from cli.everything import SERVICES, Installed
from sandbox import clinic
from shared import ids
from shared.messaging import open_bus
from shared.messaging.bus import Outgoing
from tests.support.eventually import eventually
from tests.support.log import read_records
from tests.support.system import at_rest, claim_becomes, company_of, scenarios_of

pytestmark = [
    pytest.mark.slow,
    pytest.mark.parametrize("place", ["embedded"], indirect=True),
    pytest.mark.parametrize("system", ["one"], indirect=True),
]
Json = dict[str, Any]
MEGABYTE = 1024 * 1024
SUM = "select count(*) from dead_letters where status = 'open'"


class Desk(NamedTuple):
    """A company with one paid visit, and what its books say."""

    system: Installed
    company: Company
    visit: Json
    claim: Json

    @property
    def api(self) -> Api:
        return self.company.api

    async def send(self, path: str, content: Any, **headers: str) -> httpx.Response:
        """POST anything."""
        kind = {"Idempotency-Key": str(ids.new()), "Content-Type": "application/json"}
        body = content if isinstance(content, (str, bytes)) else json.dumps(content)
        client = self.api._client
        return await client.post(path, content=body, headers={**kind, **headers})

    async def books(self) -> Json:
        """What must not change, once all is paid: encounters, claims, the ledger."""
        await eventually(self._all_is_paid, timeout_seconds=30, describe="all money is in")
        encounters = [row async for row in self.api.every("/v1/encounters/search", {})]
        claims = [row async for row in self.api.every("/v1/claims/search", {})]
        return {
            "encounters": sorted(one["encounter_id"] for one in encounters),
            "claims": sorted((one["claim_id"], one["status"]) for one in claims),
            "ledger": await self.api.get("/v1/ledger/summary"),
        }

    async def _all_is_paid(self) -> bool:
        claims = [row async for row in self.api.every("/v1/claims/search", {})]
        accounts = (await self.api.get("/v1/ledger/summary"))["accounts"]
        clearing = [row["amount_cents"] for row in accounts if row["account"] == "era_clearing"]
        return all(one["status"] == "closed" for one in claims) and not any(clearing)

    def body(self, name: str = "J01", **changes: Any) -> Json:
        """A new patient's visit."""
        made = deepcopy(scenarios_of(self.company)[name].encounter)
        unique = ids.new().hex
        made["patient"]["external_id"] = made["external_id"] = unique
        return {**made, **changes}


@pytest.fixture(scope="module")
async def desk(system: Installed) -> AsyncIterator[Desk]:
    async with company_of(system, system.sink.folder.parent) as company:
        body = scenarios_of(company)["pays .02"].encounter
        visit = await company.api.post("/v1/encounters", body, key="first")
        claim = await claim_becomes(company, visit["encounter_id"], "closed")
        await at_rest(system)
        yield Desk(system, company, visit, claim)


def problem(answer: httpx.Response, status: int, code: str) -> Json:
    """The problem an answer must be; it says where, in words, and carries its request's id."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    found: Json = answer.json()
    assert (answer.status_code, found["code"]) == (status, code), answer.text
    assert found["detail"]
    assert found["request_id"] == answer.headers["request-id"]
    assert "Traceback" not in answer.text
    return found


async def test_malformed_json(desk: Desk) -> None:
    before = await desk.books()
    problem(await desk.send("/v1/encounters", '{"external_id": '), 400, "malformed_json")
    assert await desk.books() == before


async def test_the_mended_body_is_taken_under_the_key_of_the_malformed_one(desk: Desk) -> None:
    key, body = str(ids.new()), desk.body()
    broken = json.dumps(body)[:-1]
    answer = await desk.send("/v1/encounters", broken, **{"Idempotency-Key": key})
    problem(answer, 400, "malformed_json")
    answer = await desk.send("/v1/encounters", body, **{"Idempotency-Key": key})
    assert answer.status_code == 202, answer.text
    await claim_becomes(desk.company, answer.json()["encounter_id"], "closed")


async def test_unknown_fields_and_wrong_types_are_named(desk: Desk) -> None:
    before = await desk.books()
    body = desk.body(colour="blue", service_from="soon")
    found = problem(await desk.send("/v1/encounters", body), 422, "invalid_request")
    where = {(one["pointer"], one["code"]) for one in found["errors"]}
    assert where == {("/colour", "field_unknown"), ("/service_from", "field_format")}
    assert await desk.books() == before


async def test_an_unknown_payer_is_refused_where_it_stands(desk: Desk) -> None:
    before = await desk.books()
    body = desk.body(coverages=[{"payer_code": "NOBODY", "member_id": "A1"}])
    found = problem(await desk.send("/v1/encounters", body), 422, "encounter_refused")
    assert [one["pointer"] for one in found["errors"]] == ["/coverages/0/payer_code"]
    assert await desk.books() == before


async def test_an_unknown_code_is_kept_and_waits_for_a_coder(desk: Desk) -> None:
    body = desk.body(diagnoses=["Q00.ZZ"])
    answer = await desk.send("/v1/encounters", body)
    assert answer.status_code == 202, answer.text
    shown = answer.json()
    assert shown["status"] == "awaiting_coding"
    assert "/diagnoses/0" in {one["location"] for one in shown["findings"]}
    codes = {"diagnoses": ["E11.9"], "lines": body["lines"]}
    await desk.api.post(f"/v1/coding-tasks/{shown['task_id']}/complete", codes)
    await claim_becomes(desk.company, shown["encounter_id"], "closed")


async def test_another_tenant_finds_nothing_and_changes_nothing(desk: Desk) -> None:
    before = await desk.books()
    other = await another(desk)
    encounter, claim = desk.visit["encounter_id"], desk.claim["claim_id"]
    paths = [f"/v1/encounters/{encounter}", f"/v1/claims/{claim}", f"/v1/claims/{claim}/timeline"]
    for path in paths:
        answer = await other._client.get(path)
        assert (answer.status_code, answer.json()["status"]) == (404, 404), path
    for path in (f"/v1/claims/{claim}/release", f"/v1/claims/{claim}/corrections"):
        answer = await other._client.post(
            path, json={"member_id": "X"}, headers={"Idempotency-Key": str(ids.new())}
        )
        assert answer.status_code == 404, answer.text
    answer = await other._client.post(
        "/v1/encounters", json=desk.body(), headers={"Idempotency-Key": str(ids.new())}
    )
    problem(answer, 422, "encounter_refused")
    await other.aclose()
    assert await desk.books() == before


async def another(desk: Desk) -> Api:
    """Another billing company's key."""
    folder = desk.system.sink.folder.parent
    operator = Api(desk.system.gateway_url, (folder / "operator-key").read_text().strip())
    body = {**clinic.BILLING_COMPANY, "edi_id": f"OT{ids.new().hex[-10:].upper()}"}
    made = await operator.post("/v1/tenants", body)
    await operator.aclose()
    return Api(desk.system.gateway_url, made["api_key"]["secret"])


async def test_a_key_without_the_scope(desk: Desk) -> None:
    before = await desk.books()
    made = await desk.api.post("/v1/api-keys", {"name": "few", "scopes": ["claims:read"]})
    few = Api(desk.system.gateway_url, made["secret"])
    answer = await few._client.post(
        "/v1/encounters", json=desk.body(), headers={"Idempotency-Key": str(ids.new())}
    )
    problem(answer, 403, "scope_missing")
    await few.aclose()
    assert await desk.books() == before


async def test_a_body_that_is_too_large(desk: Desk) -> None:
    before = await desk.books()
    body = desk.body()
    body["patient"]["last_name"] = "x" * 2 * MEGABYTE
    problem(await desk.send("/v1/encounters", body), 413, "body_too_large")
    bundle = '{"resourceType": "Bundle", "x": "' + "x" * 17 * MEGABYTE + '"}'
    problem(await desk.send("/v1/fhir/Bundle", bundle), 413, "body_too_large")
    assert await desk.books() == before


async def test_a_broken_bundle_is_refused_whole_and_taken_when_mended(desk: Desk) -> None:
    before = await desk.books()
    [bundle] = clinic.bundles(desk.company.today, count=2)
    for one in bundle["entry"]:
        if one["resource"]["resourceType"] == "Coverage":  # of a member whose claims are paid
            one["resource"]["subscriberId"] = "TEST-J01"
            one["resource"]["payor"][0]["identifier"]["value"] = "ASTER"
    broken = deepcopy(bundle)
    patients = [
        number
        for number, one in enumerate(broken["entry"])
        if one["resource"]["resourceType"] == "Patient"
    ]
    del broken["entry"][patients[-1]]["resource"]["birthDate"]
    found = problem(await desk.send("/v1/fhir/Bundle", broken), 422, "bundle_refused")
    assert any(f"/entry/{patients[-1]}/" in one["pointer"] for one in found["errors"])
    assert await desk.books() == before
    answer = await desk.send("/v1/fhir/Bundle", bundle)
    assert answer.status_code == 202, answer.text
    assert len(answer.json()["encounters"]) == 2
    await at_rest(desk.system)


async def test_an_835_that_does_not_balance_waits_and_posts_nothing(desk: Desk) -> None:
    before = await desk.books()
    wrong = remittance_file(trace=ids.new().hex[:20], paid="67.5")
    answer = await desk.send("/v1/remittances", wrong, **{"Content-Type": "application/edi-x12"})
    assert answer.status_code == 202, answer.text
    [shown] = answer.json()["remittances"]
    assert (shown["status"], shown["rule"]) == ("quarantined", "payment_balance")
    assert shown["difference_cents"] == -10_00
    kept = await desk.api.get(f"/v1/remittances/{shown['remittance_id']}")
    assert kept["status"] == "quarantined"
    answer = await desk.send(f"/v1/remittances/{shown['remittance_id']}/release", "")
    problem(answer, 409, "does_not_balance")
    await at_rest(desk.system)
    assert await desk.books() == before


def remittance_file(*, trace: str, paid: str) -> str:
    """An 835 of the description's example, with another trace and another total."""
    described = operations_of(next(one for one in SERVICES if one.name == "payments"))
    text = str(described["upload_remittances"].examples[0].body)
    return text.replace("TRACE1", trace).replace("BPR*I*77.5*", f"BPR*I*{paid}*")


async def test_a_poison_event_steps_aside_and_the_next_visit_goes_through(desk: Desk) -> None:
    [template, *_] = [
        one
        for one in await read_records(desk.system)
        if dict(one.headers)["ce_type"].endswith(b"EncounterReceived")
    ]
    headers = [
        (name, str(ids.new()).encode() if name == "ce_id" else value)
        for name, value in template.headers
    ]
    key = str(ids.new()).encode()
    poison = Outgoing(template.topic, key, b"{", headers, template.timestamp)
    before = await letters(desk)
    bus = open_bus(desk.system.settings["gateway"], role="checker")
    await bus.start()
    try:
        assert await bus.publish([poison]) == [None]
    finally:
        await bus.stop()
    visit = await desk.api.post("/v1/encounters", desk.body(), key=str(ids.new()))
    await claim_becomes(desk.company, visit["encounter_id"], "closed")
    await eventually(lambda: more_letters(desk, before), describe="the dead letter")
    await at_rest(desk.system)


async def letters(desk: Desk) -> int:
    connection = await asyncpg.connect(desk.system.urls["eligibility"].checker)
    try:
        return int(await connection.fetchval(SUM))
    finally:
        await connection.close()


async def more_letters(desk: Desk, before: int) -> bool:
    return await letters(desk) == before + 1


async def test_the_same_file_twice_is_one_file(desk: Desk) -> None:
    """The last one: its claim is nobody's, and waits for ever for an encounter of ours."""
    text = remittance_file(trace=ids.new().hex[:20], paid="77.5")
    kind = {"Content-Type": "application/edi-x12"}
    first = await desk.send("/v1/remittances", text, **kind)
    assert first.status_code == 202, first.text
    before = await desk.books()
    again = await desk.send("/v1/remittances", text, **kind)
    [one], [two] = first.json()["remittances"], again.json()["remittances"]
    assert one["remittance_id"] == two["remittance_id"]
    anew = text.replace("*000000001*", "*000000002*").replace("IEA*1*000000001", "IEA*1*000000002")
    [repeat] = (await desk.send("/v1/remittances", anew, **kind)).json()["remittances"]
    assert (repeat["status"], repeat["duplicate_of"]) == ("duplicate", one["remittance_id"])
    assert await desk.books() == before
