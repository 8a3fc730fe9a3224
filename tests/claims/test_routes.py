"""What billers and API clients see and do: one claim, its timeline, searches, release."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from services.claims import handlers, jobs
from services.claims.__main__ import service
from shared import ids
from shared.database import Database
from shared.events.claims import ClaimReleased
from shared.events.coding import EncounterCoded
from shared.events.eligibility import EligibilityFailed
from shared.events.payments import RemittanceClaimMatched
from tests.claims.builders import (
    NOW,
    SERVICE_DAY,
    denial,
    encounter_coded,
    failed,
    line,
    member,
    of_type,
    person,
    practice_changed,
)
from tests.claims.flows import HANDLERS, claim_of, drafted, sent, status, workplace
from tests.claims.stand_in import StandIn, claims_answer
from tests.support.builders import OTHER_TENANT, PRACTICE, TENANT
from tests.support.services import deliver, published
from tests.support.web import client_for, principal

_AUDITED = text("select action, subject, fields from audit_entries")


@asynccontextmanager
async def client(database: Database, **who: Any) -> AsyncIterator[httpx.AsyncClient]:
    """A caller of the service."""
    async with client_for(service, database, principal(**who)) as calling:
        yield calling


async def get(database: Database, path: str, **who: Any) -> httpx.Response:
    """One GET."""
    async with client(database, **who) as calling:
        return await calling.get(path)


async def post(
    database: Database, path: str, body: Any = None, *, key: str = "", **who: Any
) -> httpx.Response:
    """One POST under an idempotency key of its own."""
    headers = {"Idempotency-Key": key or str(ids.new())}
    async with client(database, **who) as calling:
        return await calling.post(path, json=body, headers=headers)


def address(coded: EncounterCoded, rest: str = "") -> str:
    """A claim's address."""
    return f"/v1/claims/{ids.shown('claim', claim_of(coded))}{rest}"


async def test_one_claim_with_its_people_and_an_audit_entry(database: Database) -> None:
    coded = await drafted(database)
    answer = await get(database, address(coded))
    assert answer.status_code == 200
    body = answer.json()
    assert body["status"] == "ready"
    assert body["charge_cents"] == 15_000
    assert body["lines"] == [
        {
            "line": 1,
            "code": "99213",
            "modifiers": [],
            "units": 1,
            "pointers": [1],
            "charge_cents": 15_000,
            "service_date": "2026-11-09",
        }
    ]
    assert body["patient"]["last_name"] == "Quill"
    assert body["patient"]["member_id"] == "TEST-J01"
    async with database.pipeline([TENANT]) as tx:
        [entry] = await tx.rows(_AUDITED)
    assert (entry.action, entry.subject) == ("claim.read", claim_of(coded))


async def test_the_timeline_names_who_said_so(database: Database) -> None:
    outside = StandIn()
    coded = await sent(database, outside)
    [content] = outside.sent.values()
    outside.put("277CA", claims_answer(content, source="PR"))
    await jobs.poll_mailboxes(workplace(database, outside))
    steps = (await get(database, address(coded, "/timeline"))).json()["steps"]
    assert [step["kind"] for step in steps] == [
        "created",
        "ready",
        "batched",
        "submitted",
        "accepted",
    ]
    assert [step["position"] for step in steps] == [1, 2, 3, 4, 5]
    assert (steps[-1]["reported_by"], steps[-1]["message_id"]) == ("PAYER", "file-1")
    assert steps[0]["actor"] == "event:EncounterCoded"


@pytest.mark.parametrize(
    ("who", "expected"),
    [
        ({"tenant_id": OTHER_TENANT}, 404),
        ({"practices": frozenset({ids.NIL})}, 404),
        ({"practices": frozenset({PRACTICE})}, 200),
    ],
)
async def test_what_is_foreign_does_not_exist(
    database: Database, who: dict[str, Any], expected: int
) -> None:
    coded = await drafted(database)
    for rest in ("", "/timeline"):
        answer = await get(database, address(coded, rest), **who)
        assert answer.status_code == expected
    found = await post(database, "/v1/claims/search", {}, **who)
    assert len(found.json()["data"]) == (1 if expected == 200 else 0)


async def test_a_caller_without_the_scope_is_refused(database: Database) -> None:
    coded = await drafted(database)
    async with client_for(service, database, principal("claims:read")) as calling:
        headers = {"Idempotency-Key": "k"}
        answer = await calling.post(address(coded, "/release"), headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")


@pytest.mark.parametrize(
    ("path", "code"),
    [("/v1/claims/clm_nonsense", "malformed_id"), ("/v1/denial-work/dwi_x", "malformed_id")],
)
async def test_an_id_of_another_shape_is_refused(database: Database, path: str, code: str) -> None:
    answer = await get(database, path)
    assert (answer.status_code, answer.json()["code"]) == (422, code)


async def test_an_unknown_claim_is_not_found(database: Database) -> None:
    answer = await get(database, f"/v1/claims/{ids.shown('claim', ids.new())}")
    assert (answer.status_code, answer.json()["code"]) == (404, "claim_unknown")


async def test_search_by_status_payer_dates_and_denial(database: Database) -> None:
    outside = StandIn()
    denied = await sent(database, outside)
    decision = denial(claim_of(denied), denied.encounter_id)
    await deliver(database, HANDLERS[RemittanceClaimMatched], [decision])
    earlier = SERVICE_DAY - timedelta(days=3)
    other = await drafted(
        database,
        service_from=earlier,
        service_to=earlier,
        lines=[line(service_date=earlier)],
    )

    async def found(**body: Any) -> list[str]:
        answer = await post(database, "/v1/claims/search", body)
        assert answer.status_code == 200, answer.text
        return [each["claim_id"] for each in answer.json()["data"]]

    first, second = (ids.shown("claim", claim_of(each)) for each in (denied, other))
    assert await found() == [first, second]
    assert await found(status=["denied", "paid"]) == [first]
    assert await found(denied=True) == [first]
    assert await found(denied=False) == [second]
    assert await found(service_to=earlier.isoformat()) == [second]
    assert await found(service_from=SERVICE_DAY.isoformat()) == [first]
    assert await found(encounter_id=ids.shown("encounter", other.encounter_id)) == [second]
    assert await found(owner_of_next_action=["DENIALS"]) == [first]
    assert await found(payer_id=[ids.shown("payer", ids.NIL)]) == []


async def test_pages_hold_every_claim_once(database: Database) -> None:
    coded = [await drafted(database) for _ in range(5)]
    seen: list[str] = []
    cursor = None
    while True:
        body = {"limit": 2, "cursor": cursor}
        page = (await post(database, "/v1/claims/search", body)).json()
        seen += [each["claim_id"] for each in page["data"]]
        cursor = page["next_cursor"]
        if not page["has_more"]:
            break
    assert sorted(seen) == sorted(ids.shown("claim", claim_of(each)) for each in coded)
    assert len(seen) == 5


@pytest.mark.parametrize(
    "body",
    [{"statuses": ["paid"]}, {"limit": 0}, {"limit": 201}, {"service_from": "yesterday"}],
)
async def test_a_search_that_means_nothing_is_refused(
    database: Database, body: dict[str, Any]
) -> None:
    answer = await post(database, "/v1/claims/search", body)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_held_claim_is_released_once(database: Database) -> None:
    coded = encounter_coded(database.keys)
    await deliver(database, HANDLERS[EncounterCoded], [coded])
    await deliver(database, HANDLERS[EligibilityFailed], [failed(coded)])
    answers = [await post(database, address(coded, "/release"), key="one") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].json() == answers[1].json()
    assert answers[0].json()["status"] == "ready"
    assert answers[1].headers["Idempotent-Replayed"] == "true"
    released = of_type(await published(database), ClaimReleased)
    assert [each.hold_reason for each in released] == ["eligibility_unknown"]
    again = await post(database, address(coded, "/release"))
    assert (again.status_code, again.json()["code"]) == (409, "claim_not_waiting")


@pytest.mark.parametrize("rest", ["/release", "/corrections"])
@pytest.mark.parametrize("who", [{"practices": frozenset({ids.NIL})}, {"tenant_id": OTHER_TENANT}])
async def test_what_is_foreign_is_not_released(
    database: Database, rest: str, who: dict[str, Any]
) -> None:
    coded = encounter_coded(database.keys)
    await deliver(database, HANDLERS[EncounterCoded], [coded])
    await deliver(database, HANDLERS[EligibilityFailed], [failed(coded)])
    body = {"member_id": "TEST-J02"} if rest == "/corrections" else None
    answer = await post(database, address(coded, rest), body, **who)
    assert answer.status_code == 404
    assert await status(database, claim_of(coded)) == "held"


async def test_a_claim_with_findings_is_not_released_until_they_are_mended(
    database: Database,
) -> None:
    bad = practice_changed(version=2, npi="1234567890")
    await deliver(database, handlers.on_practices_changed, [bad])
    coded = await drafted(database)
    refused = await post(database, address(coded, "/release"))
    assert (refused.status_code, refused.json()["code"]) == (422, "claim_findings")
    [error] = refused.json()["errors"]
    assert (error["pointer"], error["code"]) == ("/practice/npi", "npi.check_digit")
    await deliver(database, handlers.on_practices_changed, [practice_changed(version=3)])
    assert (await post(database, address(coded, "/release"))).json()["status"] == "ready"


async def test_j04_a_rejected_claim_goes_out_again_with_the_right_member_id(
    database: Database,
) -> None:
    outside = StandIn()
    coded = await sent(database, outside, member=member(member_id="TEST-J04X"))
    [content] = outside.sent.values()
    outside.put("277CA", claims_answer(content, "A7:164:IL"))
    place = workplace(database, outside)
    await jobs.poll_mailboxes(place)
    answer = await post(database, address(coded, "/corrections"), {"member_id": "TEST-J04"})
    assert (answer.status_code, answer.json()["status"]) == (200, "ready")
    await jobs.submit_ready_claims(place)
    await jobs.send_batches(place)
    members = [batch.claims[0].subscriber.name.id for batch in outside.batches()]
    assert members == ["TEST-J04X", "TEST-J04"]
    assert [batch.claims[0].frequency for batch in outside.batches()] == ["1", "1"]
    shown = (await get(database, address(coded))).json()
    assert (shown["version"], shown["patient"]["member_id"]) == (2, "TEST-J04")
    steps = (await get(database, address(coded, "/timeline"))).json()["steps"]
    [corrected] = [step for step in steps if step["kind"] == "corrected"]
    assert corrected["detail"] == {"fields": ["member_id"]}
    assert corrected["actor"] == "key:test"


@pytest.mark.parametrize(
    ("body", "code"),
    [({}, "nothing_corrected"), ({"member_id": ""}, ""), ({"name": "x"}, "")],
)
async def test_a_correction_that_corrects_nothing_is_refused(
    database: Database, body: dict[str, str], code: str
) -> None:
    coded = await drafted(database)
    answer = await post(database, address(coded, "/corrections"), body)
    assert answer.status_code == 422
    assert answer.json()["code"] == (code or answer.json()["code"])


async def test_a_claim_that_is_under_way_is_not_corrected(database: Database) -> None:
    coded = await sent(database, StandIn())
    answer = await post(database, address(coded, "/corrections"), {"member_id": "X"})
    assert (answer.status_code, answer.json()["code"]) == (409, "claim_not_waiting")
    assert await status(database, claim_of(coded)) == "submitted"


async def test_denial_work_is_listed_and_shown(database: Database) -> None:
    coded = await sent(database, StandIn())
    decision = denial(claim_of(coded), coded.encounter_id, "CO197 15000")
    await deliver(database, HANDLERS[RemittanceClaimMatched], [decision])
    found = (await post(database, "/v1/denial-work/search", {"status": ["new"]})).json()
    [item] = found["data"]
    assert (item["category"], item["carc"], item["denied_cents"]) == (
        "authorization",
        "197",
        15_000,
    )
    assert item["owner_of_next_action"] == "DENIALS"
    assert date.fromisoformat(item["appeal_due"]) > NOW.date()
    shown = await get(database, f"/v1/denial-work/{item['work_id']}")
    assert shown.json() == item
    empty = await post(database, "/v1/denial-work/search", {"category": ["necessity"]})
    assert empty.json()["data"] == []
    foreign = await get(
        database, f"/v1/denial-work/{item['work_id']}", practices=frozenset({ids.NIL})
    )
    assert foreign.status_code == 404


async def test_no_answer_of_a_list_names_a_person(database: Database) -> None:
    coded = await drafted(database, patient=person(last_name="Zanzibarquill"))
    answer = await post(database, "/v1/claims/search", {})
    assert ids.shown("claim", claim_of(coded)) in answer.text
    assert "zanzibar" not in answer.text.lower()
    assert "TEST-J01" not in answer.text
