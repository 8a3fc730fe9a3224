"""Every request of the API's description is sent to the running system, and its answer checked.

RCM_RECORD_EXAMPLES=1 writes the answers into the descriptions, ids and secrets replaced.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import AsyncIterator, Mapping
from copy import deepcopy
from typing import Any, NamedTuple

import httpx
import pytest

from cli.api_pages import ROOT, operations, whole
from cli.demo.opening import Company
from cli.demo.people import account_of
from cli.everything import SERVICES, Installed
from shared import ids
from tests.support.eventually import eventually
from tests.support.schema import faults
from tests.support.system import at_rest, claim_becomes, company_of, scenarios_of

pytestmark = [
    pytest.mark.slow,
    pytest.mark.parametrize("place", ["embedded"], indirect=True),
    pytest.mark.parametrize("system", ["one"], indirect=True),
]
DOCUMENT = whole()
OPERATIONS = {one["operationId"]: (method, path, one) for method, path, one in operations(DOCUMENT)}
EXAMPLE_ID = "agrajgj4nf4pvhjrihnqvda7oy"
PLACEHOLDER = re.compile(rf"\b([a-z]{{3}})_{EXAMPLE_ID}\b")
SHOWN_ID = re.compile(r"\b([a-z]{3})_[a-z2-7]{26}\b")
SECRET = re.compile(r"\b(sk_[a-z]+)_[A-Za-z0-9_-]{43}")
UNKNOWN_PAYEE = "1999100096"
Json = dict[str, Any]


class World(NamedTuple):
    """What the examples are about: prefix -> id, and other ids for single operations."""

    ids: dict[str, str]
    own: Mapping[str, dict[str, str]]
    keys: Mapping[str, str]


@pytest.fixture(scope="module")
async def world(system: Installed) -> AsyncIterator[World]:
    """A company with a paid visit, a denied and two rejected ones, one on paper, one uncoded."""
    async with company_of(system, system.sink.folder.parent) as company:
        yield await made_world(system, company)


async def made_world(system: Installed, company: Company) -> World:
    api = company.api
    sent = {name: await visit(company, name) for name in ("J01", "J08", "J04")}
    sent["again"] = await visit(company, "J04", external_id="again")
    sent["paper"] = await visit(company, "J01", external_id="paper", email="")
    uncoded = await visit(company, "J01", external_id="uncoded", diagnoses=[], lines=[])
    quarantined = await api_send(system, company, "upload_remittances", quarantine_file())
    claims = {
        name: await claim_becomes(company, sent[name]["encounter_id"], status)
        for name, status in (
            ("J01", "closed"), ("J08", "denied"), ("J04", "rejected"), ("again", "rejected"),
            ("paper", "closed"),
        )
    }  # fmt: skip
    practice = next(one for one in example("add_practice")["examples"].values())["body"]
    await api.post("/v1/practices", {**practice, "npi": UNKNOWN_PAYEE})
    await at_rest(system)
    account_id = account_of(claims["J01"]["patient_id"])
    statement = (await api.get(f"/v1/accounts/{account_id}"))["statements"][0]
    mailed = await notification(company, account_id)
    paper = await notification(company, account_of(claims["paper"]["patient_id"]))
    found = await api.post("/v1/denial-work/search", {"claim_id": claims["J08"]["claim_id"]})
    searched = {"encounter_id": sent["J01"]["encounter_id"]}
    checks = (await api.post("/v1/eligibility-checks/search", searched))["data"]
    scenario = scenarios_of(company)["J01"].encounter
    return World(
        {
            "acc": account_id,
            "clm": claims["J01"]["claim_id"],
            "dwi": found["data"][0]["work_id"],
            "elg": checks[0]["check_id"],
            "enc": sent["J01"]["encounter_id"],
            "ntf": mailed,
            "prc": scenario["practice_id"],
            "prv": scenario["rendering_provider_id"],
            "rmt": quarantined["remittances"][0]["remittance_id"],
            "stm": statement["statement_id"],
            "tsk": uncoded["task_id"],
        },
        {
            "correctClaim": {"clm": claims["J04"]["claim_id"]},
            "releaseClaim": {"clm": claims["again"]["claim_id"]},
            "mark_mailed": {"ntf": paper},
        },
        {
            "operator": (system.sink.folder.parent / "operator-key").read_text().strip(),
            "company": api.secret,
            "other scopes": (
                await api.post("/v1/api-keys", {"name": "few", "scopes": ["claims:read"]})
            )["secret"],
            "no claims": (
                await api.post("/v1/api-keys", {"name": "few", "scopes": ["payments:read"]})
            )["secret"],
        },
    )


async def visit(company: Company, scenario: str, **changes: Any) -> Json:
    """Send a scenario's encounter, as another patient's where an external id is given."""
    body = deepcopy(scenarios_of(company)[scenario].encounter)
    if "external_id" in changes:
        body["patient"]["external_id"] = changes["external_id"]
        body["patient"]["first_name"] = changes["external_id"].capitalize()
    if "email" in changes:
        body["patient"]["email"] = changes.pop("email")
    answer: Json = await company.api.post("/v1/encounters", {**body, **changes})
    return answer


async def notification(company: Company, account_id: str) -> str:
    async def there() -> str:
        search = {"account_id": account_id}
        found = (await company.api.post("/v1/notifications/search", search))["data"]
        return str(found[0]["notification_id"]) if found else ""

    return await eventually(there, timeout_seconds=60, describe="a notification")


def example(operation: str) -> Json:
    """An operation of an api.json."""
    for service in SERVICES:
        found: Json = json.loads(file_of(service.name).read_text())
        if operation in found:
            return dict(found[operation])
    raise KeyError(operation)


def file_of(service: str) -> Any:
    folder = ROOT if service == "gateway" else ROOT / "services"
    return folder / service / "api.json"


def quarantine_file() -> Json:
    """The uploaded example, for a payee nobody knows yet."""
    one = next(iter(example("upload_remittances")["examples"].values()))
    payee = re.search(r"N1\*PE\*[^*]*\*XX\*([0-9]{10})~", one["body"])
    assert payee is not None
    text = one["body"].replace(payee[1], UNKNOWN_PAYEE).replace("TRACE1", "TRACE2")
    return {**one, "body": text}


async def api_send(system: Installed, company: Company, name: str, one: Json) -> Json:
    answer = await send(system, company.api.secret, name, one)
    assert answer.status_code == one.get("status", 200), answer.text
    return dict(answer.json())


async def send(system: Installed, secret: str, name: str, one: Json) -> httpx.Response:
    method, path, operation = OPERATIONS[name]
    headers = {"Authorization": f"Bearer {secret}", "Idempotency-Key": str(ids.new())}
    for parameter, value in one.get("path", {}).items():
        path = path.replace(f"{{{parameter}}}", value)
    body = one.get("body")
    content = None
    if body is not None:
        headers["Content-Type"] = next(iter(operation["requestBody"]["content"]))
        content = body if isinstance(body, str) else json.dumps(body)
    async with httpx.AsyncClient(
        base_url=system.gateway_url, headers=headers, trust_env=False, timeout=60
    ) as client:
        return await client.request(method, path, params=one.get("query"), content=content)


@pytest.mark.parametrize("service", [one.name for one in SERVICES])
async def test_every_example_is_answered_as_described(
    system: Installed, world: World, service: str
) -> None:
    described: Json = json.loads(file_of(service).read_text())
    known = dict(world.ids)
    for name, operation in described.items():
        own = {**known, **world.own.get(name, {})}
        for title, one in operation["examples"].items():
            secret = world.keys["operator" if name == "open_tenant" else "company"]
            answer = await send(system, secret, name, real(one, own))
            where = f"{name}, {title}"
            assert answer.status_code == one.get("status", 200), f"{where}: {answer.text}"
            assert problems_with(name, answer) == [], where
            if service == "gateway" and answer.status_code == 201:
                known |= {answer.json()["id"][:3]: answer.json()["id"]}
            if "json" in answer.headers["content-type"] and answer.is_success:
                one["answer"] = masked(answer.json())
    if os.environ.get("RCM_RECORD_EXAMPLES"):
        file_of(service).write_text(json.dumps(described, indent=1) + "\n")


@pytest.mark.parametrize("name", sorted(set(OPERATIONS) - {"explain_problem"}))
async def test_every_operation_refuses_strangers_as_described(
    system: Installed, world: World, name: str
) -> None:
    scope = OPERATIONS[name][2].get("x-scope", "")
    one = real({"path": next(iter(example(name)["examples"].values())).get("path", {})}, world.ids)
    answer = await send(system, "sk_test_" + "x" * 43, name, one)
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
    assert problems_with(name, answer) == []
    if scope:
        key = "no claims" if scope.startswith("claims") else "other scopes"
        answer = await send(system, world.keys[key], name, one)
        assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")
        assert problems_with(name, answer) == []


def real(one: Json, known: Mapping[str, str]) -> Json:
    """The example with ids of this run in it."""
    text = PLACEHOLDER.sub(lambda found: known.get(found[1], found[0]), json.dumps(one))
    return dict(json.loads(text))


def problems_with(name: str, answer: httpx.Response) -> list[str]:
    """What the answer has that the description does not."""
    declared = OPERATIONS[name][2]["responses"].get(str(answer.status_code))
    if declared is None:
        return [f"{answer.status_code} is not described"]
    kind = answer.headers["content-type"].split(";")[0]
    media = declared["content"].get(kind)
    if media is None:
        return [f"{kind} is not described"]
    found = faults(answer.json(), media["schema"], DOCUMENT) if kind.endswith("json") else []
    if answer.is_error and answer.json()["code"] not in media["examples"]:
        found.append(f"{answer.json()['code']} is not described")
    return found


def masked(value: Any) -> Any:
    """An answer that shows no id, secret or cursor of the run it was recorded in."""
    text = SHOWN_ID.sub(rf"\1_{EXAMPLE_ID}", json.dumps(value))
    text = re.sub(r'("next_cursor": )"[^"]*"', r'\1"opaque"', text)
    return json.loads(SECRET.sub(r"\1_" + "x" * 43, text))
