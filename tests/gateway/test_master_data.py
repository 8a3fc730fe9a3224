"""Master data: whole snapshots, all problems at once, told to every service."""

from __future__ import annotations

from typing import Any

import pytest

from shared import ids
from shared.events.tenancy import (
    BusinessAddress,
    FeeScheduleChanged,
    PayerChanged,
    PracticeChanged,
    ProviderChanged,
)
from tests.gateway.conftest import PAYER, PRACTICE, Caller, Gateway
from tests.shared.web.test_problems import problem
from tests.support.services import published

PROVIDER = {
    "last_name": "Okafor",
    "first_name": "Ada",
    "npi": "1245319599",
    "taxonomy": "207Q00000X",
}
FEES = {
    "valid_from": "2026-01-01",
    "lines": [
        {"code": "99213", "charge_cents": 15000},
        {"code": "99213", "modifier": "25", "charge_cents": 17500},
    ],
}


@pytest.fixture
async def caller(gateway: Gateway) -> Caller:
    """A tenant's first key."""
    return await gateway.tenant()


async def practice_of(caller: Caller) -> str:
    """The id of a new practice."""
    answer = await caller.post("/v1/practices", PRACTICE)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def test_a_practice_becomes_a_fact(gateway: Gateway, caller: Caller) -> None:
    answer = await caller.post("/v1/practices", {**PRACTICE, "email": "office@riverbend.example"})
    made = answer.json()
    assert answer.status_code == 201
    assert answer.headers["etag"] == '"1"'
    practice_id = ids.read("practice", made["id"])
    event = (await published(gateway.database))[-1]
    assert event.data == PracticeChanged(
        practice_id=practice_id,
        name="Riverbend Family Medicine",
        npi="1234567893",
        tax_id="311234567",
        taxonomy="207Q00000X",
        address=BusinessAddress(
            line1="12 Mill Street", city="Columbus", state="OH", zip_code="432150001"
        ),
        phone="6145550100",
        email="office@riverbend.example",
        version=1,
    )
    assert (event.key, event.practice_id) == (practice_id, practice_id)
    assert (await caller.get(f"/v1/practices/{made['id']}")).json() == made


async def test_every_noun_becomes_a_fact(gateway: Gateway, caller: Caller) -> None:
    practice_id = await practice_of(caller)
    wanted: list[tuple[str, dict[str, Any]]] = [
        ("/v1/providers", {**PROVIDER, "practice_id": practice_id}),
        ("/v1/payers", PAYER),
        ("/v1/fee-schedules", FEES),
        ("/v1/fee-schedules", {**FEES, "practice_id": practice_id}),
    ]
    for path, body in wanted:
        answer = await caller.post(path, body)
        assert answer.status_code == 201, answer.text
        assert (await caller.get(f"{path}/{answer.json()['id']}")).json() == answer.json()
    events = (await published(gateway.database))[2:]
    kinds = [ProviderChanged, PayerChanged, FeeScheduleChanged, FeeScheduleChanged]
    assert [type(event.data) for event in events] == kinds
    practice = ids.read("practice", practice_id)
    assert [event.practice_id for event in events] == [practice, ids.NIL, ids.NIL, practice]
    whole = events[2].data
    assert isinstance(whole, FeeScheduleChanged)
    assert whole.practice_id == ids.NIL
    assert [(line.modifier, line.charge_cents) for line in whole.lines] == [
        ("", 15000),
        ("25", 17500),
    ]


async def test_all_problems_at_once(gateway: Gateway, caller: Caller) -> None:
    wrong = {
        **PRACTICE,
        "npi": "1234567890",
        "tax_id": "000000000",
        "taxonomy": "207Q000000",
        "address": {**PRACTICE["address"], "zip_code": "43215", "state": "XX"},  # type: ignore[dict-item]
    }
    body = problem(await caller.post("/v1/practices", wrong), 422, "master_data_invalid")
    assert {(error["pointer"], error["code"]) for error in body["errors"]} == {
        ("/npi", "npi_invalid"),
        ("/tax_id", "tax_id_invalid"),
        ("/taxonomy", "taxonomy_invalid"),
        ("/address/zip_code", "zip_incomplete"),
        ("/address/state", "state_unknown"),
    }
    assert len(await published(gateway.database)) == 1


@pytest.mark.parametrize(
    ("path", "body", "pointer", "code"),
    [
        (
            "/v1/payers",
            {**PAYER, "filing_indicator": "Q9"},
            "/filing_indicator",
            "filing_indicator_unknown",
        ),
        ("/v1/fee-schedules", {**FEES, "lines": FEES["lines"] * 2}, "/lines/2/code", "fee_twice"),  # type: ignore[operator]
        (
            "/v1/providers",
            {**PROVIDER, "practice_id": "prc_" + "a" * 26},
            "/practice_id",
            "practice_unknown",
        ),
    ],
)
async def test_problems_of_each_noun(
    caller: Caller, path: str, body: dict[str, Any], pointer: str, code: str
) -> None:
    errors = problem(await caller.post(path, body), 422, "master_data_invalid")["errors"]
    assert (errors[0]["pointer"], errors[0]["code"]) == (pointer, code)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/practices", {**PRACTICE, "owner": "x"}),
        ("/v1/practices", {**PRACTICE, "phone": "555"}),
        ("/v1/payers", {**PAYER, "filing_days": 0}),
        ("/v1/payers", {**PAYER, "code": "a b"}),
        ("/v1/fee-schedules", {**FEES, "lines": []}),
        ("/v1/fee-schedules", {**FEES, "valid_from": "soon"}),
        ("/v1/tenants", {}),
    ],
)
async def test_wrong_shapes(gateway: Gateway, path: str, body: dict[str, Any]) -> None:
    caller = await (gateway.operator() if path == "/v1/tenants" else gateway.tenant())
    problem(await caller.post(path, body), 422, "invalid_request")


async def test_the_next_snapshot(gateway: Gateway, caller: Caller) -> None:
    practice_id = await practice_of(caller)
    path = f"/v1/practices/{practice_id}"
    changed = await caller.post(path, {**PRACTICE, "active": False}, {"If-Match": '"1"'})
    assert changed.json()["version"] == 2
    assert changed.headers["etag"] == '"2"'
    late = await caller.post(path, PRACTICE, {"If-Match": '"1"'})
    problem(late, 412, "version_changed")
    problem(await caller.post(path, PRACTICE, {"If-Match": "W/x"}), 400, "etag_malformed")
    events = [event.data for event in await published(gateway.database)][1:]
    assert [(event.version, event.active) for event in events] == [(1, True), (2, False)]  # type: ignore[attr-defined]


async def test_two_with_one_number(caller: Caller) -> None:
    await practice_of(caller)
    problem(await caller.post("/v1/practices", PRACTICE), 409, "already_known")
    other = (await caller.post("/v1/practices", {**PRACTICE, "npi": "1245319599"})).json()["id"]
    answer = await caller.post(f"/v1/practices/{other}", PRACTICE)
    problem(answer, 409, "already_known")


async def test_another_tenants_data(gateway: Gateway, caller: Caller) -> None:
    practice_id = await practice_of(caller)
    other = await gateway.tenant(edi_id="OTHER")
    path = f"/v1/practices/{practice_id}"
    problem(await other.get(path), 404, "not_found")
    problem(await other.post(path, PRACTICE), 404, "not_found")
    assert (await other.get("/v1/practices")).json()["data"] == []
    body = {**PROVIDER, "practice_id": practice_id}
    problem(await other.post("/v1/providers", body), 422, "master_data_invalid")
    assert (await other.post("/v1/practices", PRACTICE)).status_code == 201


async def test_a_payer_is_no_practice(caller: Caller) -> None:
    payer_id = (await caller.post("/v1/payers", PAYER)).json()["id"]
    as_practice = ids.shown("practice", ids.read("payer", payer_id))
    problem(await caller.get(f"/v1/practices/{as_practice}"), 404, "not_found")
    problem(await caller.get(f"/v1/practices/{payer_id}"), 422, "malformed_id")


async def test_pages(caller: Caller) -> None:
    made = [
        (await caller.post("/v1/payers", {**PAYER, "code": f"P{number}"})).json()["id"]
        for number in range(5)
    ]
    seen: list[str] = []
    path = "/v1/payers?limit=2"
    while path:
        page = (await caller.get(path)).json()
        seen += [payer["id"] for payer in page["data"]]
        path = f"/v1/payers?limit=2&cursor={page['next_cursor']}" if page["has_more"] else ""
    assert seen == made
    problem(await caller.get("/v1/payers?limit=201"), 422, "invalid_request")
    cursor = (await caller.get("/v1/payers?limit=2")).json()["next_cursor"]
    problem(await caller.get(f"/v1/providers?cursor={cursor}"), 422, "cursor_mismatch")
